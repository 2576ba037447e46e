/* SPDX-License-Identifier: MIT */
/*
 * test-host.c - the handle of a host
 */
#include "made.h"

/* A caller of an older header has a smaller struct; nothing behind it is touched. */
static void test_smaller_info(void **state)
{
	struct ration_host *host = open_tree(TREES "/6.1-v2");
	struct ration_host_info info;

	(void)state;
	(void)memset(&info, 0x55, sizeof(info));
	info.size = offsetof(struct ration_host_info, memory_bytes);
	ration_host_info(host, &info);
	assert_int_equal(info.size, offsetof(struct ration_host_info, memory_bytes));
	assert_int_equal(info.hierarchy, RATION_HIERARCHY_V2);
	assert_true(info.memory_bytes == UINT64_C(0x5555555555555555));
	assert_null(ration_host_free(host));
}

/* What a caller hands in wrongly is refused, with its name and the range, and nothing is made. */
static void test_values_that_are_none(void **state)
{
	static const int values[] = { -1, 3, 99, 1 << 30 };
	struct ration_host *host = open_tree(TREES "/6.1-v2");
	char program[] = "true", *argv[] = { program, NULL };
	struct ration_run_options how = { .size = sizeof(how), .argv = argv };
	struct ration_limits *limits;
	struct ration_plan *plan = NULL;
	struct ration_run *run = NULL;
	struct ration_error error;

	(void)state;
	assert_int_equal(ration_limits_new(&limits), 0);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct ration_plan_options for_purpose = { .size = sizeof(for_purpose),
			.purpose = (enum ration_purpose)values[i] };
		struct ration_plan_options by_policy = { .size = sizeof(by_policy), .policy = (enum ration_policy)values[i] };

		assert_int_equal(ration_plan_new(host, limits, &for_purpose, &plan, &error), -EINVAL);
		assert_non_null(strstr(error.message, "purpose is "));
		assert_non_null(strstr(error.message, ": range 0 to 2"));
		assert_int_equal(ration_plan_new(host, limits, &by_policy, &plan, &error), -EINVAL);
		assert_non_null(strstr(error.message, "policy is "));
		assert_int_equal(ration_host_prepare(host, (enum ration_purpose)values[i], &error), -EINVAL);
		assert_non_null(strstr(error.message, "purpose is "));
	}
	assert_null(plan);
	assert_int_equal(ration_plan_new(host, limits, NULL, &plan, &error), 0);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		how.output_mode = (enum ration_output_mode)values[i];
		assert_int_equal(ration_run_start(host, plan, &how, &run, &error), -EINVAL);
		assert_non_null(strstr(error.message, "output_mode is "));
	}
	assert_null(run);
	assert_null(ration_plan_free(plan));
	assert_null(ration_limits_free(limits));
	assert_null(ration_host_free(host));
}

static void test_nothing_where_something_must_be(void **state)
{
	struct ration_host *host = open_tree(TREES "/6.1-v2");
	char program[] = "true", *argv[] = { program, NULL };
	struct ration_run_options how = { .size = sizeof(how), .argv = argv };
	struct ration_group *group = NULL;
	struct ration_limits *limits;
	struct ration_plan *plan = NULL;
	struct ration_run *run = NULL;
	struct ration_receipt *receipt;
	struct ration_error error;

	(void)state;
	assert_int_equal(ration_limits_new(&limits), 0);
	assert_int_equal(ration_plan_new(NULL, limits, NULL, &plan, &error), -EINVAL);
	assert_string_equal(error.message, "host is NULL");
	assert_int_equal(ration_plan_new(host, NULL, NULL, &plan, &error), -EINVAL);
	assert_string_equal(error.message, "limits is NULL");
	assert_int_equal(ration_host_prepare(NULL, RATION_PURPOSE_RUN, &error), -EINVAL);
	assert_int_equal(ration_run_start(host, NULL, &how, &run, &error), -EINVAL);
	assert_string_equal(error.message, "plan is NULL");
	assert_int_equal(ration_run_start(NULL, NULL, &how, &run, &error), -EINVAL);
	assert_string_equal(error.message, "host is NULL");
	how.argv = NULL;
	assert_int_equal(ration_run_start(host, NULL, &how, &run, &error), -EINVAL);
	assert_int_equal(ration_run_start(host, NULL, NULL, &run, &error), -EINVAL);
	assert_int_equal(ration_group_open(host, NULL, &group, &error), -EINVAL);
	assert_string_equal(error.message, "address is NULL");
	assert_int_equal(ration_group_open(NULL, "a", &group, &error), -EINVAL);
	assert_int_equal(ration_group_create(host, NULL, NULL, NULL, &group, &error), -EINVAL);
	assert_int_equal(ration_group_create(NULL, "a", NULL, NULL, &group, &error), -EINVAL);
	assert_int_equal(ration_receipt_new_failed(NULL, NULL, &receipt), -EINVAL);
	assert_null(ration_limits_free(limits));
	assert_null(ration_host_free(host));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smaller_info),
		cmocka_unit_test(test_values_that_are_none),
		cmocka_unit_test(test_nothing_where_something_must_be),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
