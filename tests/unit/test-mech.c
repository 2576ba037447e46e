/* SPDX-License-Identifier: MIT */
/*
 * test-mech.c - what mechanisms answer, write, and have a child do
 */
#include "planned.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "group/limits/apply.h"
#include "plan/mech/table.h"

static void test_backstops(void **state)
{
	static const struct {
		enum world world;
		enum ration_limit limit;
		const char *text;
		enum ration_mechanism backstop;
		enum ration_scope scope;
	} rows[] = {
		{ V2, RATION_LIMIT_PIDS, "10", RATION_MECHANISM_NONE, RATION_SCOPE_NONE },
		{ V2, RATION_LIMIT_CPU_TIME, "10", RATION_MECHANISM_NONE, RATION_SCOPE_NONE },
		{ NOTHING_ROOT, RATION_LIMIT_PIDS, "10", RATION_MECHANISM_NONE, RATION_SCOPE_NONE },
		{ NOTHING_USER, RATION_LIMIT_PIDS, "10", RATION_MECHANISM_RLIMIT, RATION_SCOPE_USER },
		{ NOTHING_USER, RATION_LIMIT_CPU_TIME, "10", RATION_MECHANISM_RLIMIT, RATION_SCOPE_PROCESS },
		{ NOTHING_ROOT, RATION_LIMIT_CPU_TIME, "10", RATION_MECHANISM_RLIMIT, RATION_SCOPE_PROCESS },
		{ NOTHING_USER, RATION_LIMIT_MEMORY, "64M", RATION_MECHANISM_NONE, RATION_SCOPE_NONE },
		/* RLIMIT_CPU does harm there. */
		{ MACOS, RATION_LIMIT_CPU_TIME, "10", RATION_MECHANISM_NONE, RATION_SCOPE_NONE },
		{ MACOS, RATION_LIMIT_PIDS, "10", RATION_MECHANISM_RLIMIT, RATION_SCOPE_USER },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct host_facts facts = make_facts(rows[i].world);
		struct ration_plan *plan = plan_of(&facts, rows[i].limit, rows[i].text, RATION_ENFORCE_ANY);
		const struct ration_plan_item *item = item_of(plan, rows[i].limit);

		assert_row(item->backstop == rows[i].backstop && item->backstop_scope == rows[i].scope, "row %zu: %s",
				i, ration_mechanism_name(item->backstop));
		assert_null(ration_plan_free(plan));
	}
}

/* A lifted --pids had RLIMIT_NPROC at one less than the user has: no fork went through. */
static void test_lifted_limits_have_no_backstop(void **state)
{
	const struct host_facts facts = make_facts(NOTHING_USER);
	struct ration_plan *plan = plan_of(&facts, RATION_LIMIT_PIDS, "max", RATION_ENFORCE_FALLBACK);
	struct spawn *spawn = calloc(1, sizeof(*spawn));

	(void)state;
	assert_int_equal(item_of(plan, RATION_LIMIT_PIDS)->backstop, RATION_MECHANISM_NONE);
	assert_int_equal(apply_child(plan, &facts, spawn, NULL), 0);
	for (size_t i = 0; i < spawn->n_rlimits; i++)
		assert_int_not_equal(spawn->rlimits[i].resource, RLIMIT_NPROC);
	free(spawn);
	assert_null(ration_plan_free(plan));
}

static void test_cpus_round_up_to_what_is_there(void **state)
{
	static const struct {
		const char *text;
		uint64_t in_force;
		unsigned char mask;
	} rows[] = {
		{ "0.01", 100000, 0x1 }, { "1", 100000, 0x1 }, { "1.01", 200000, 0x5 }, { "2", 200000, 0x5 },
		{ "64", 200000, 0x5 },
	};
	const struct host_facts facts = make_facts(NOTHING_USER);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_plan *plan = plan_of(&facts, RATION_LIMIT_CPUS, rows[i].text, RATION_ENFORCE_FALLBACK);
		struct spawn *spawn = calloc(1, sizeof(*spawn));

		assert_row(item_of(plan, RATION_LIMIT_CPUS)->in_force == rows[i].in_force, "%s", rows[i].text);
		assert_int_equal(apply_child(plan, &facts, spawn, NULL), 0);
		assert_row(spawn->pinned && spawn->cpu_mask.bits[0] == rows[i].mask, "%s: mask %x", rows[i].text,
				spawn->cpu_mask.bits[0]);
		free(spawn);
		assert_null(ration_plan_free(plan));
	}
}

static void test_weights_as_nice_values(void **state)
{
	static const struct {
		const char *text;
		int nice;
	} rows[] = { { "1", 19 }, { "50", 3 }, { "80", 1 }, { "100", 0 }, { "125", -1 }, { "200", -3 },
		{ "10000", -20 } };
	const struct host_facts facts = make_facts(NOTHING_ROOT);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_plan *plan = plan_of(&facts, RATION_LIMIT_CPU_WEIGHT, rows[i].text,
				RATION_ENFORCE_FALLBACK);
		struct spawn *spawn = calloc(1, sizeof(*spawn));

		assert_int_equal(apply_child(plan, &facts, spawn, NULL), 0);
		assert_row(spawn->nice == rows[i].nice, "%s: nice %d", rows[i].text, spawn->nice);
		free(spawn);
		assert_null(ration_plan_free(plan));
	}
}

/* Each limit that a group holds comes with writes; together they fit the list. */
static void test_group_writes(void **state)
{
	static const struct {
		enum ration_limit limit;
		const char *text, *file, *value;
	} rows[] = {
		{ RATION_LIMIT_MEMORY, "64M", "memory.max", "67108864" },
		{ RATION_LIMIT_MEMORY, "max", "memory.max", "max" },
		{ RATION_LIMIT_SWAP, "0", "memory.swap.max", "0" },
		{ RATION_LIMIT_MEMORY_HIGH, "32M", "memory.high", "33554432" },
		{ RATION_LIMIT_CPUS, "1.5", "cpu.max", "150000 100000" },
		{ RATION_LIMIT_CPUS, "150%", "cpu.max", "150000 100000" },
		{ RATION_LIMIT_CPU_BURST, "20ms", "cpu.max.burst", "20000" },
		{ RATION_LIMIT_CPU_WEIGHT, "50", "cpu.weight", "50" },
		{ RATION_LIMIT_PIDS, "16", "pids.max", "16" },
		{ RATION_LIMIT_PIDS, "max", "pids.max", "max" },
		{ RATION_LIMIT_CPUSET_CPUS, "0,2", "cpuset.cpus", "0,2" },
		{ RATION_LIMIT_CPUSET_MEMS, "0-1", "cpuset.mems", "0-1" },
		{ RATION_LIMIT_MEMORY_LOW, "32M", "memory.low", "33554432" },
		{ RATION_LIMIT_MEMORY_LOW, "max", "memory.low", "max" },
		{ RATION_LIMIT_MEMORY_MIN, "0", "memory.min", "0" },
		{ RATION_LIMIT_CPU_IDLE, "1", "cpu.idle", "1" },
		{ RATION_LIMIT_HUGETLB, "2M:4M", "hugetlb.2MB.max", "4194304" },
		{ RATION_LIMIT_HUGETLB, "1G:max", "hugetlb.1GB.max", "max" },
		{ RATION_LIMIT_IO_READ_BPS, "/data:1M", "io.max", "8:0 rbps=1048576" },
		{ RATION_LIMIT_IO_WRITE_BPS, "/data:1M", "io.max", "8:0 wbps=1048576" },
		{ RATION_LIMIT_IO_READ_IOPS, "/srv:100", "io.max", "8:16 riops=100" },
		{ RATION_LIMIT_IO_WRITE_IOPS, "/srv:max", "io.max", "8:16 wiops=max" },
	};
	const struct host_facts facts = make_facts(V2);
	struct group_writes all = { .n = 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_plan *plan = plan_of(&facts, rows[i].limit, rows[i].text, RATION_ENFORCE_STRICT);
		const struct ration_plan_item *item = item_of(plan, rows[i].limit);
		struct group_writes writes = { .n = 0 };

		assert_int_equal(mech_ops(item->mechanism)->apply_group(item, &writes), 0);
		assert_int_equal(writes.n, 1);
		assert_row(strcmp(writes.write[0].file, rows[i].file) == 0 &&
						strcmp(writes.write[0].value, rows[i].value) == 0,
				"row %zu: %s to %s", i, writes.write[0].value, writes.write[0].file);
		assert_int_equal(mech_ops(item->mechanism)->apply_group(item, &all), 0);
		assert_null(ration_plan_free(plan));
	}
	while (mech_write(&all, RATION_LIMIT_PIDS, "pids.max", "1") == 0)
		assert_true(all.n <= ARRAY_SIZE(all.write));
	assert_int_equal(all.n, ARRAY_SIZE(all.write));
}

/* A backstop was to be above the caller's own hard limit, and the command didn't start. */
static int lowered_backstops(void)
{
	const struct host_facts facts = make_facts(NOTHING_USER);
	const struct rlimit low = { .rlim_cur = 30, .rlim_max = 30 };
	struct ration_limits limits = { .value = { { .set = false } } };
	struct ration_plan *plan;
	struct spawn *spawn = calloc(1, sizeof(*spawn));

	if (!spawn || setrlimit(RLIMIT_CPU, &low) < 0 || setrlimit(RLIMIT_NPROC, &low) < 0)
		return 1;
	ask(&limits, RATION_LIMIT_PIDS, "100");
	ask(&limits, RATION_LIMIT_CPU_TIME, "1000");
	if (plan_make(&facts, &limits, RATION_ENFORCE_FALLBACK, RATION_PURPOSE_RUN, &plan, NULL) < 0 ||
			apply_child(plan, &facts, spawn, NULL) < 0)
		return 2;
	for (size_t i = 0; i < spawn->n_rlimits; i++) {
		if (spawn->rlimits[i].hard > 30 || spawn->rlimits[i].soft > 30)
			return 3;
	}
	return spawn->n_rlimits == 3 ? 0 : 4; /* core, too */
}

static void test_backstops_stay_below_our_own_limits(void **state)
{
	int status = -1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(lowered_backstops());
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	assert_int_equal(status, 0);
}

/* Controllers that cost something come when they are asked for. */
static void test_controllers(void **state)
{
	static const struct {
		enum ration_limit limit;
		const char *text;
		uint32_t controller;
	} rows[] = {
		{ RATION_LIMIT_CPUSET_CPUS, "0", RATION_CONTROLLER_CPUSET },
		{ RATION_LIMIT_CPUSET_MEMS, "0", RATION_CONTROLLER_CPUSET },
		{ RATION_LIMIT_HUGETLB, "2M:0", RATION_CONTROLLER_HUGETLB },
		{ RATION_LIMIT_IO_READ_BPS, "/data:1M", 0 },
	};
	const struct host_facts facts = make_facts(V2);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_plan *plan = plan_of(&facts, rows[i].limit, rows[i].text, RATION_ENFORCE_STRICT);

		assert_int_equal(apply_controllers(plan, &facts), RATION_CONTROLLER_CPU | RATION_CONTROLLER_MEMORY |
				RATION_CONTROLLER_PIDS | RATION_CONTROLLER_IO | rows[i].controller);
		assert_null(ration_plan_free(plan));
	}
}

/* cgroup v1 has a limit of memory, and one of memory with swap. */
static void test_v1_swap(void **state)
{
	static const struct {
		const char *memory, *swap;
		bool counted;
		enum ration_mechanism mechanism;
		const char *reason, *file; /* what is written */
	} rows[] = {
		{ "64M", "10M", true, RATION_MECHANISM_CGROUP1, "", "77594624" },
		{ "64M", NULL, true, RATION_MECHANISM_CGROUP1, "", "67108864" },
		{ "64M", "max", true, RATION_MECHANISM_CGROUP1, "", "-1" },
		{ "64M", "10M", false, RATION_MECHANISM_NONE, "doesn't count swap", NULL },
		{ NULL, "10M", true, RATION_MECHANISM_NONE, "together with memory", NULL },
		{ "max", "10M", true, RATION_MECHANISM_NONE, "together with memory", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_limits limits = { .value = { { .set = false } } };
		struct host_facts facts = make_facts(V1);
		struct group_writes writes = { .n = 0 };
		const struct ration_plan_item *swap;
		struct ration_plan *plan = NULL;

		facts.v1_swap = rows[i].counted;
		if (rows[i].memory)
			ask(&limits, RATION_LIMIT_MEMORY, rows[i].memory);
		if (rows[i].swap)
			ask(&limits, RATION_LIMIT_SWAP, rows[i].swap);
		assert_int_equal(plan_make(&facts, &limits, RATION_ENFORCE_ANY, RATION_PURPOSE_RUN, &plan, NULL), 0);
		swap = item_of(plan, RATION_LIMIT_SWAP);
		assert_row(swap->mechanism == rows[i].mechanism && strstr(swap->reason, rows[i].reason), "row %zu: %s, %s",
				i, ration_mechanism_name(swap->mechanism), swap->reason);
		assert_int_equal(apply_collect(plan, &writes, NULL), 0);
		if (rows[i].file) {
			/* Memory first: the other may not be below it. */
			assert_string_equal(writes.write[0].file, "memory.limit_in_bytes");
			assert_string_equal(writes.write[1].file, "memory.memsw.limit_in_bytes");
			assert_string_equal(writes.write[1].value, rows[i].file);
			assert_int_equal(writes.write[1].v1, RATION_CONTROLLER_MEMORY);
		}
		assert_null(ration_plan_free(plan));
	}
}

/* Which hierarchies a run joins: those of its limits, and without a cgroup2 the freezer's. */
static void test_v1_controllers(void **state)
{
	static const struct {
		enum world world;
		enum ration_limit limit;
		const char *text;
		uint32_t joined;
	} rows[] = {
		{ V1, RATION_LIMIT_TIMEOUT, "1", RATION_CONTROLLER_FREEZER },
		{ V1, RATION_LIMIT_MEMORY, "64M", RATION_CONTROLLER_MEMORY | RATION_CONTROLLER_FREEZER },
		{ V1, RATION_LIMIT_CPU_TIME, "1", RATION_CONTROLLER_CPUACCT | RATION_CONTROLLER_FREEZER },
		{ HYBRID_V1, RATION_LIMIT_TIMEOUT, "1", 0 },
		{ HYBRID_V1, RATION_LIMIT_MEMORY, "64M", 0 },
		{ HYBRID_V1, RATION_LIMIT_CPUS, "1", RATION_CONTROLLER_CPU },
		{ HYBRID_V1, RATION_LIMIT_CPU_TIME, "1", 0 },
		{ HYBRID_V1, RATION_LIMIT_PIDS, "9", RATION_CONTROLLER_PIDS },
		{ V2, RATION_LIMIT_PIDS, "9", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct host_facts facts = make_facts(rows[i].world);
		struct ration_plan *plan = plan_of(&facts, rows[i].limit, rows[i].text, RATION_ENFORCE_ANY);

		assert_row(apply_v1_controllers(plan, &facts) == rows[i].joined, "row %zu: %x", i,
				apply_v1_controllers(plan, &facts));
		assert_null(ration_plan_free(plan));
	}
}

/* A group by hand has limits in cgroup v1 where a cgroup2 is beside it. */
static void test_v1_by_hand(void **state)
{
	static const struct {
		enum world world;
		enum ration_limit limit;
		const char *text, *reason;
		enum ration_mechanism mechanism;
	} rows[] = {
		{ HYBRID_V1, RATION_LIMIT_CPUS, "1", "", RATION_MECHANISM_CGROUP1 },
		{ HYBRID_V1, RATION_LIMIT_PIDS, "9", "", RATION_MECHANISM_CGROUP1 },
		{ HYBRID_V1, RATION_LIMIT_MEMORY, "64M", "", RATION_MECHANISM_CGROUP2 },
		{ V1, RATION_LIMIT_PIDS, "9", "which only ration run has", RATION_MECHANISM_NONE },
		{ HYBRID, RATION_LIMIT_PIDS, "9", "v1 holds all controllers", RATION_MECHANISM_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_limits limits = { .value = { { .set = false } } };
		const struct host_facts facts = make_facts(rows[i].world);
		const struct ration_plan_item *item;
		struct ration_plan *plan = NULL;

		ask(&limits, rows[i].limit, rows[i].text);
		assert_int_equal(plan_make(&facts, &limits, RATION_ENFORCE_ANY, RATION_PURPOSE_GROUP, &plan, NULL),
				0);
		item = item_of(plan, rows[i].limit);
		assert_row(item->mechanism == rows[i].mechanism && strstr(item->reason, rows[i].reason),
				"row %zu: %s, %s", i, ration_mechanism_name(item->mechanism), item->reason);
		assert_null(ration_plan_free(plan));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backstops),
		cmocka_unit_test(test_lifted_limits_have_no_backstop),
		cmocka_unit_test(test_cpus_round_up_to_what_is_there),
		cmocka_unit_test(test_weights_as_nice_values),
		cmocka_unit_test(test_group_writes),
		cmocka_unit_test(test_backstops_stay_below_our_own_limits),
		cmocka_unit_test(test_controllers),
		cmocka_unit_test(test_v1_swap),
		cmocka_unit_test(test_v1_controllers),
		cmocka_unit_test(test_v1_by_hand),
	};

	return cmocka_run_group_tests_name("mech", tests, NULL, NULL);
}
