/* SPDX-License-Identifier: MIT */
/*
 * test-check.c - limits that can't hold together
 */
#include "planned.h"

static void test_contradictions(void **state)
{
	static const struct {
		enum ration_limit a;
		const char *text_a;
		enum ration_limit b;
		const char *text_b;
		int expected;
		const char *word;
	} rows[] = {
		{ RATION_LIMIT_MEMORY, "64M", RATION_LIMIT_MEMORY_HIGH, "64M", 0, "" },
		{ RATION_LIMIT_MEMORY, "64M", RATION_LIMIT_MEMORY_HIGH, "65M", -EINVAL, "--memory-high 65 MiB" },
		{ RATION_LIMIT_MEMORY, "64M", RATION_LIMIT_MEMORY_HIGH, "max", 0, "" },
		{ RATION_LIMIT_MEMORY, "max", RATION_LIMIT_MEMORY_HIGH, "65M", 0, "" },
		{ RATION_LIMIT_MEMORY, "50%", RATION_LIMIT_MEMORY_HIGH, "60%", -EINVAL, "above" },
		{ RATION_LIMIT_MEMORY, "60%", RATION_LIMIT_MEMORY_HIGH, "50%", 0, "" },
		{ RATION_LIMIT_MEMORY, "50%", RATION_LIMIT_MEMORY_HIGH, "501M", -EINVAL, "above" },
		{ RATION_LIMIT_CPU_BURST, "20ms", RATION_LIMIT_PIDS, "5", -EINVAL, "requires --cpus" },
		{ RATION_LIMIT_CPU_BURST, "50ms", RATION_LIMIT_CPUS, "0.5", 0, "" },
		{ RATION_LIMIT_CPU_BURST, "51ms", RATION_LIMIT_CPUS, "0.5", -EINVAL, "above the quota" },
		{ RATION_LIMIT_MEMORY, "64M", RATION_LIMIT_MEMORY_LOW, "64M", 0, "" },
		{ RATION_LIMIT_MEMORY, "64M", RATION_LIMIT_MEMORY_LOW, "max", 0, "" },
		{ RATION_LIMIT_MEMORY, "64M", RATION_LIMIT_MEMORY_LOW, "65M", -EINVAL, "--memory-low 65 MiB is above" },
		{ RATION_LIMIT_MEMORY, "50%", RATION_LIMIT_MEMORY_MIN, "51%", -EINVAL, "--memory-min" },
		{ RATION_LIMIT_MEMORY_LOW, "1M", RATION_LIMIT_MEMORY_MIN, "2M", 0, "" },
		{ RATION_LIMIT_CPU_IDLE, "1", RATION_LIMIT_CPU_WEIGHT, "100", -EINVAL, "exclude each other" },
		{ RATION_LIMIT_CPU_IDLE, "0", RATION_LIMIT_CPU_WEIGHT, "100", 0, "" },
		{ RATION_LIMIT_CPU_IDLE, "1", RATION_LIMIT_CPUS, "1", 0, "" },
		{ RATION_LIMIT_CPUSET_MEMS, "0-1", RATION_LIMIT_PIDS, "5", 0, "" },
		{ RATION_LIMIT_CPUSET_MEMS, "0,2", RATION_LIMIT_PIDS, "5", -EINVAL,
			"--cpuset-mems 0,2: node 2 isn't available, only 0-1 "
			"(cpuset.mems.effective of /sys/fs/cgroup)" },
		{ RATION_LIMIT_HUGETLB, "2MB:4M", RATION_LIMIT_HUGETLB, "1G:1G", 0, "" },
		{ RATION_LIMIT_HUGETLB, "64K:4M", RATION_LIMIT_PIDS, "5", -EINVAL, "no huge pages of 64KB" },
		{ RATION_LIMIT_IO_READ_BPS, "/data:1M", RATION_LIMIT_IO_READ_BPS, "/data/x:2M", -EINVAL,
			"/data:1M and /data/x:2M are the same disk, 8:0" },
		{ RATION_LIMIT_IO_READ_BPS, "/data:1M", RATION_LIMIT_IO_READ_BPS, "/srv:2M", 0, "" },
		{ RATION_LIMIT_IO_READ_BPS, "/data:1M", RATION_LIMIT_IO_WRITE_BPS, "/data:2M", 0, "" },
		{ RATION_LIMIT_CPUSET_CPUS, "0", RATION_LIMIT_PIDS, "5", 0, "" },
		{ RATION_LIMIT_CPUSET_CPUS, "3", RATION_LIMIT_PIDS, "5", -EINVAL, "CPU 3 isn't available, only 2 CPUs" },
		{ RATION_LIMIT_CPUSET_CPUS, "0,4", RATION_LIMIT_PIDS, "5", -EINVAL,
			"CPU 4 isn't available, only 0,2-3 (cpuset.cpus.effective of" },
		{ RATION_LIMIT_CPUSET_CPUS, "0-2", RATION_LIMIT_PIDS, "5", -EINVAL, "CPU 1" },
		{ RATION_LIMIT_CPUSET_CPUS, "8191", RATION_LIMIT_PIDS, "5", -EINVAL, "CPU 8191" },
	};
	const struct host_facts facts = make_facts(V2);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_limits limits = { .value = { { .set = false } } };
		struct ration_error error = { .message = "" };
		struct ration_plan *plan = NULL;
		int r;

		ask(&limits, rows[i].a, rows[i].text_a);
		ask(&limits, rows[i].b, rows[i].text_b);
		r = plan_make(&facts, &limits, RATION_ENFORCE_FALLBACK, RATION_PURPOSE_RUN, &plan, &error);
		assert_row(r == rows[i].expected, "row %zu: %d %s", i, r, error.message);
		assert_row(strstr(error.message, rows[i].word) != NULL, "row %zu: %s", i, error.message);
		assert_row((plan != NULL) == (r == 0), "row %zu", i);
		assert_true(r == 0 || (error.code == r && error.hint[0]));
		assert_null(ration_plan_free(plan));
	}
}

/* 0.01 % of a small machine was 0 pages, and nothing could run. */
static void test_shares_below_the_least(void **state)
{
	static const struct {
		enum ration_limit limit;
		const char *text, *message; /* NULL: accepted */
	} rows[] = {
		{ RATION_LIMIT_MEMORY, "0.01%", "--memory 0.01% is 102.4 KiB here, below the minimum 1 MiB" },
		{ RATION_LIMIT_MEMORY_HIGH, "0.09%", "--memory-high 0.09% is 921.6 KiB here, below the minimum 1 MiB" },
		{ RATION_LIMIT_MEMORY, "0.1%", NULL },
		{ RATION_LIMIT_MEMORY_LOW, "0.01%", NULL },
		{ RATION_LIMIT_SWAP, "0.01%", NULL },
	};
	struct host_facts facts = make_facts(V2);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_limits limits = { .value = { { .set = false } } };
		struct ration_error error = { .message = "" };
		struct ration_plan *plan = NULL;
		int r;

		ask(&limits, rows[i].limit, rows[i].text);
		r = plan_make(&facts, &limits, RATION_ENFORCE_FALLBACK, RATION_PURPOSE_RUN, &plan, &error);
		assert_row(r == (rows[i].message ? -ERANGE : 0), "row %zu: %d", i, r);
		if (rows[i].message) {
			assert_string_equal(error.message, rows[i].message);
			assert_non_null(strstr(error.hint, "1 MiB or more"));
		}
		assert_null(ration_plan_free(plan));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_shares_below_the_least),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
