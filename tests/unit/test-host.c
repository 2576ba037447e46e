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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smaller_info),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
