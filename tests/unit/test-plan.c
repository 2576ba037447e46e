/* SPDX-License-Identifier: MIT */
/*
 * test-plan.c - which mechanism is planned for each limit, on hosts made by hand
 *
 * Two tables: hosts, and for each limit what is expected on each of them. A
 * limit of the table of limits that stands in none of ours fails the test.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "group/apply.h"
#include "host/host.h"
#include "plan/choice.h"
#include "plan/mech/table.h"
#include "plan/plan.h"
#include "plan/mech/mech.h"
#include "ration.h"
#include "util/cleanup.h"

#define MIB (UINT64_C(1) << 20)
#define PAGE 4096u
#define ALL_CONTROLLERS                                                                               \
	(RATION_CONTROLLER_CPU | RATION_CONTROLLER_CPUSET | RATION_CONTROLLER_IO | RATION_CONTROLLER_MEMORY | \
			RATION_CONTROLLER_PIDS | RATION_CONTROLLER_HUGETLB)
#define ALL_V1                                                                     \
	(RATION_CONTROLLER_CPU | RATION_CONTROLLER_MEMORY | RATION_CONTROLLER_PIDS | \
			RATION_CONTROLLER_CPUACCT | RATION_CONTROLLER_FREEZER)
#define ALL_FEATURES ((1u << 11) - 1)

enum world { V2, V2_NO_MEMORY, HYBRID, NOTHING_ROOT, NOTHING_USER, NO_PSI, NO_SWAP, MACOS, V1, HYBRID_V1, WORLDS };

static const struct {
	const char *name;
	enum ration_base_kind base;
	uint32_t controllers, without_features;
	bool root;
	const char *reason, *fix;
	enum ration_hierarchy hierarchy;
	uint32_t v1;
} worlds[] = {
	[V2] = { "v2", RATION_BASE_ROOT, ALL_CONTROLLERS, 0, true, "", "", 0, 0 },
	[V2_NO_MEMORY] = { "v2 without memory", RATION_BASE_ROOT, ALL_CONTROLLERS & ~RATION_CONTROLLER_MEMORY, 0,
		true, "", "", 0, 0 },
	[HYBRID] = { "hybrid", RATION_BASE_ROOT, 0, 0, true, "v1 holds all controllers", "boot otherwise", 0, 0 },
	[NOTHING_ROOT] = { "nothing, root", RATION_BASE_NONE, 0, 0, true, "nothing is mounted", "mount it", 0, 0 },
	[NOTHING_USER] = { "nothing, user", RATION_BASE_NONE, 0, 0, false, "nothing is mounted", "mount it", 0, 0 },
	[NO_PSI] = { "no PSI", RATION_BASE_NESTED, ALL_CONTROLLERS, RATION_FEATURE_PSI, true, "", "", 0, 0 },
	[NO_SWAP] = { "no swap accounting", RATION_BASE_NESTED, ALL_CONTROLLERS, RATION_FEATURE_SWAP_MAX, true, "",
		"", 0, 0 },
	[MACOS] = { "macOS", RATION_BASE_NONE, 0, ALL_FEATURES, false, "cgroups are Linux's", "", 0, 0 },
	[V1] = { "v1", RATION_BASE_NONE, 0, 0, true, "only v1 is mounted", "boot otherwise", RATION_HIERARCHY_V1,
		ALL_V1 },
	/* As Debian's 6.12, whose v1 has no memory controller. */
	[HYBRID_V1] = { "hybrid, v1 without memory", RATION_BASE_ROOT, RATION_CONTROLLER_MEMORY, 0, true, "", "",
		RATION_HIERARCHY_HYBRID, ALL_V1 & ~RATION_CONTROLLER_MEMORY },
};

static struct host_facts make_facts(enum world world)
{
	struct host_facts facts = {
		.hierarchy = worlds[world].base == RATION_BASE_NONE ? RATION_HIERARCHY_NONE : RATION_HIERARCHY_V2,
		.base_kind = worlds[world].base,
		.controllers = worlds[world].controllers,
		.v1_controllers = worlds[world].v1,
		.v1_swap = true,
		.features = ALL_FEATURES & ~worlds[world].without_features,
		.root = worlds[world].root,
		.cpus = 2,
		.memory_bytes = 1000 * MIB + PAGE / 2,
		.swap_bytes = 200 * MIB,
		.page_bytes = PAGE,
		.user_tasks = 40,
	};

	facts.os = world == MACOS ? RATION_OS_MACOS : RATION_OS_LINUX;
	if (worlds[world].hierarchy != RATION_HIERARCHY_NONE)
		facts.hierarchy = worlds[world].hierarchy;
	facts.cpu_mask.bits[0] = 0x5; /* CPUs 0 and 2 */
	facts.cpuset_cpus = (struct host_set) { .known = true, .mask.bits = { 0xd }, .list = "0,2-3",
		.source = "cpuset.cpus.effective of /sys/fs/cgroup" };
	facts.cpuset_mems = (struct host_set) { .known = true, .mask.bits = { 0x3 }, .list = "0-1",
		.source = "cpuset.mems.effective of /sys/fs/cgroup" };
	facts.n_huge = 2;
	facts.huge_bytes[0] = 2 * MIB;
	facts.huge_bytes[1] = 1024 * MIB;
	(void)snprintf(facts.base_reason, sizeof(facts.base_reason), "%s", worlds[world].reason);
	(void)snprintf(facts.base_fix, sizeof(facts.base_fix), "%s", worlds[world].fix);
	return facts;
}

/* What holds, in the order of enum world: N none, G cgroup2, 1 cgroup1, W watch, R rlimit, A affinity, n nice. */
struct expectation {
	enum ration_limit limit;
	const char *text;          /* asked for */
	const char *mechanisms;
	const char *weaker;        /* in the same order: '!' is weaker, '.' is not */
	uint64_t cgroup_in_force, other_in_force;
};

static const struct expectation expectations[] = {
	/* 4095 bytes more than a page boundary: the kernel rounds down. */
	{ RATION_LIMIT_MEMORY, "67112959", "GWWWWGGW1G", ".!!!!..!..", 64 * MIB, 64 * MIB + 4095 },
	{ RATION_LIMIT_SWAP, "10M", "GNNNNGNNNG", ".!!!!.!!!.", 10 * MIB, 0 },
	{ RATION_LIMIT_MEMORY_HIGH, "2097153", "GNNNNGGNNG", ".!!!!..!!.", 2 * MIB, 0 },
	{ RATION_LIMIT_MEMORY_LOW, "2097153", "GNNNNGGNNG", ".!!!!..!!.", 2 * MIB, 0 },
	{ RATION_LIMIT_MEMORY_MIN, "1M", "GNNNNGGNNG", ".!!!!..!!.", MIB, 0 },
	/* Whole pages of 2 MiB. */
	{ RATION_LIMIT_HUGETLB, "2M:5M", "GGNNNGGNNN", "..!!!..!!!", 4 * MIB, 0 },
	{ RATION_LIMIT_CPUS, "0.5", "GGAAAGGN11", "..!!!..!..", 50000, 100000 },
	{ RATION_LIMIT_CPU_BURST, "20ms", "GGNNNGGN11", "..!!!..!..", 20000, 0 },
	{ RATION_LIMIT_CPU_IDLE, "1", "GGnnnGGn11", "..!!!..!..", 1, 1 },
	{ RATION_LIMIT_CPU_WEIGHT, "50", "GGnnnGGn11", "..!!!..!..", 50, 50 },
	{ RATION_LIMIT_CPU_TIME, "1:2", "GGGWWGGW1G", "...!!..!..", 2000000, 2000000 },
	{ RATION_LIMIT_TIMEOUT, "1.5s", "WWWWWWWWWW", "..........", 0, 1500000 },
	{ RATION_LIMIT_PIDS, "10", "GGWWWGGW11", "..!!!..!..", 10, 10 },
	{ RATION_LIMIT_CPUSET_CPUS, "0,2", "GGAAAGGNAA", "..!!!..!!!", RATION_UNLIMITED, RATION_UNLIMITED },
	{ RATION_LIMIT_CPUSET_MEMS, "0-1", "GGNNNGGNNN", "..!!!..!!!", RATION_UNLIMITED, 0 },
	{ RATION_LIMIT_IO_READ_BPS, "/data:10M", "GGNNNGGNNN", "..!!!..!!!", 10 * MIB, 0 },
	{ RATION_LIMIT_IO_WRITE_BPS, "/data:1K", "GGNNNGGNNN", "..!!!..!!!", 1024, 0 },
	{ RATION_LIMIT_IO_READ_IOPS, "/data:100", "GGNNNGGNNN", "..!!!..!!!", 100, 0 },
	{ RATION_LIMIT_IO_WRITE_IOPS, "/data:200", "GGNNNGGNNN", "..!!!..!!!", 200, 0 },
	{ RATION_LIMIT_STALL_TIMEOUT, "1s", "GGGNNNGNNG", "...!!!.!!.", 1000000, 0 },
	{ RATION_LIMIT_OUTPUT, "1M", "WWWWWWWWWW", "..........", 0, MIB },
	{ RATION_LIMIT_RLIMIT_AS, "4G", "RRRRRRRNRR", ".......!..", 0, 4096 * MIB },
	{ RATION_LIMIT_RLIMIT_CORE, "1M", "RRRRRRRRRR", "..........", 0, MIB },
	{ RATION_LIMIT_RLIMIT_CPU, "60:70", "RRRRRRRNRR", ".......!..", 0, 70 },
	{ RATION_LIMIT_RLIMIT_DATA, "1M", "RRRRRRRNRR", ".......!..", 0, MIB },
	{ RATION_LIMIT_RLIMIT_FSIZE, "1M", "RRRRRRRRRR", "..........", 0, MIB },
	{ RATION_LIMIT_RLIMIT_LOCKS, "1", "RRRRRRRNRR", ".......!..", 0, 1 },
	{ RATION_LIMIT_RLIMIT_MEMLOCK, "64K", "RRRRRRRRRR", "..........", 0, 65536 },
	{ RATION_LIMIT_RLIMIT_MSGQUEUE, "800K", "RRRRRRRNRR", ".......!..", 0, 819200 },
	{ RATION_LIMIT_RLIMIT_NICE, "20", "RRRRRRRNRR", ".......!..", 0, 20 },
	{ RATION_LIMIT_RLIMIT_NOFILE, "10:20", "RRRRRRRRRR", "..........", 0, 20 },
	/* The kernel exempts root. */
	{ RATION_LIMIT_RLIMIT_NPROC, "200", "RRRRRRRRRR", "!!!!.!!.!!", 0, 200 },
	{ RATION_LIMIT_RLIMIT_RSS, "1M", "RRRRRRRNRR", ".......!..", 0, MIB },
	{ RATION_LIMIT_RLIMIT_RTPRIO, "10", "RRRRRRRNRR", ".......!..", 0, 10 },
	{ RATION_LIMIT_RLIMIT_RTTIME, "200ms", "RRRRRRRNRR", ".......!..", 0, 200000 },
	{ RATION_LIMIT_RLIMIT_SIGPENDING, "1000", "RRRRRRRNRR", ".......!..", 0, 1000 },
	{ RATION_LIMIT_RLIMIT_STACK, "8M", "RRRRRRRRRR", "..........", 0, 8 * MIB },
};

static enum ration_mechanism mechanism_of(char letter)
{
	static const char letters[] = "NG1RAnW";

	static const enum ration_mechanism mechanisms[] = { RATION_MECHANISM_NONE, RATION_MECHANISM_CGROUP2,
		RATION_MECHANISM_CGROUP1, RATION_MECHANISM_RLIMIT, RATION_MECHANISM_AFFINITY, RATION_MECHANISM_NICE,
		RATION_MECHANISM_WATCH };

	return mechanisms[strchr(letters, letter) - letters];
}

static enum ration_scope scope_of(enum ration_mechanism mechanism, enum ration_limit limit)
{
	switch (mechanism) {
	case RATION_MECHANISM_NONE:
		return RATION_SCOPE_NONE;
	case RATION_MECHANISM_CGROUP1:
	case RATION_MECHANISM_CGROUP2:
	case RATION_MECHANISM_WATCH:
		return RATION_SCOPE_GROUP;
	case RATION_MECHANISM_RLIMIT:
	case RATION_MECHANISM_AFFINITY:
	case RATION_MECHANISM_NICE:
		break;
	}
	return limit == RATION_LIMIT_RLIMIT_NPROC ? RATION_SCOPE_USER : RATION_SCOPE_PROCESS;
}

/* Asks, and finds the disks as by these paths: /data is on 8:0, all else on 8:16. */
static void ask(struct ration_limits *limits, enum ration_limit limit, const char *text)
{
	struct ration_error error = { .message = "" };

	assert_row(ration_limits_parse(limits, limit, text, &error) == 0, "%s: %s", text, error.message);
	for (size_t i = 0; i < limits->n_pairs; i++) {
		limits->pair[i].major = 8;
		limits->pair[i].minor = strncmp(limits->pair[i].text, "/data", 5) == 0 ? 0 : 16;
	}
}

/* A plan of one limit, and of what that one needs beside it. */
static struct ration_plan *plan_of(const struct host_facts *facts, enum ration_limit limit, const char *text,
		enum ration_policy policy)
{
	struct ration_limits limits = { .value = { { .set = false } } };
	struct ration_error error = { .message = "" };
	struct ration_plan *plan = NULL;

	ask(&limits, limit, text);
	if (limit == RATION_LIMIT_CPU_BURST)
		ask(&limits, RATION_LIMIT_CPUS, "1");
	assert_row(plan_make(facts, &limits, policy, RATION_PURPOSE_RUN, &plan, &error) == 0, "%s: %s", text, error.message);
	return plan;
}

static const struct ration_plan_item *item_of(const struct ration_plan *plan, enum ration_limit limit)
{
	for (size_t i = 0; i < ration_plan_count(plan); i++) {
		if (ration_plan_item(plan, i)->limit == limit)
			return ration_plan_item(plan, i);
	}
	return NULL;
}

static const struct expectation *expectation_of(enum ration_limit limit)
{
	for (size_t i = 0; i < ARRAY_SIZE(expectations); i++) {
		if (expectations[i].limit == limit)
			return &expectations[i];
	}
	return NULL;
}

static void check_item(const struct expectation *e, enum world world, const struct ration_plan_item *item)
{
	const char *name = ration_limit_info(e->limit)->name, *where = worlds[world].name;
	enum ration_mechanism mechanism = mechanism_of(e->mechanisms[world]);
	bool weaker = e->weaker[world] == '!';

	assert_non_null(item);
	assert_int_equal(item->size, sizeof(*item));
	assert_row(item->mechanism == mechanism, "%s on %s: %s", name, where, ration_mechanism_name(item->mechanism));
	assert_row(item->scope == scope_of(mechanism, e->limit), "%s on %s: scope %s", name, where,
			ration_scope_name(item->scope));
	assert_row(item->weaker == weaker, "%s on %s: weaker is %d", name, where, item->weaker);
	assert_row(!item->implied, "%s on %s: implied", name, where);
	assert_row((item->reason[0] != '\0') == weaker, "%s on %s: reason \"%s\"", name, where, item->reason);
	if (mechanism != RATION_MECHANISM_NONE)
		assert_row(item->in_force == (mechanism == RATION_MECHANISM_CGROUP2 ||
								     mechanism == RATION_MECHANISM_CGROUP1 ?
							     e->cgroup_in_force : e->other_in_force),
				"%s on %s: %llu in force", name, where, (unsigned long long)item->in_force);
}

/* What each policy makes of it, and that it says why not. */
static void check_policies(const struct expectation *e, enum world world)
{
	const struct host_facts facts = make_facts(world);
	const char *name = ration_limit_info(e->limit)->name, *where = worlds[world].name;
	const bool none = e->mechanisms[world] == 'N', weaker = e->weaker[world] == '!';
	const struct {
		enum ration_policy policy;
		bool runs;
	} policies[] = {
		{ RATION_ENFORCE_STRICT, !weaker },
		/* A burst needs a rate, which a fallback holds here. */
		{ RATION_ENFORCE_FALLBACK, !none },
		{ RATION_ENFORCE_ANY, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		struct ration_plan *plan = plan_of(&facts, e->limit, e->text, policies[i].policy);
		struct ration_error error = { .message = "" };
		int r = ration_plan_check(plan, &error);

		assert_row(r == (policies[i].runs ? 0 : -EOPNOTSUPP), "%s on %s, policy %u: %d", name, where,
				policies[i].policy, r);
		if (r < 0) {
			assert_int_equal(error.code, r);
			assert_int_equal(error.cause, RATION_CAUSE_NOT_ENFORCEABLE);
			assert_non_null(strstr(error.hint, none ? "any" : "fallback"));
			if (e->limit != RATION_LIMIT_CPU_BURST)
				assert_row(strstr(error.message, ration_limit_info(e->limit)->flag) != NULL,
						"%s on %s: %s", name, where, error.message);
		}
		check_item(e, world, item_of(plan, e->limit));
		assert_null(ration_plan_free(plan));
	}
}

static void test_every_limit_on_every_host(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(expectations), LIMIT_INDEX_COUNT);
	for (unsigned i = 0; i < LIMIT_INDEX_COUNT; i++) {
		const struct expectation *e = expectation_of(limit_at(i));

		assert_row(e != NULL, "nothing is expected of %s", ration_limit_at(i)->name);
		assert_int_equal(strlen(e->mechanisms), WORLDS);
		assert_int_equal(strlen(e->weaker), WORLDS);
		for (enum world world = V2; world < WORLDS; world++)
			check_policies(e, world);
	}
}

static void test_reasons_name_what_is_missing(void **state)
{
	static const struct {
		enum world world;
		enum ration_limit limit;
		const char *text, *reason, *fix;
	} rows[] = {
		{ V2_NO_MEMORY, RATION_LIMIT_MEMORY, "64M", "memory controller isn't available", "" },
		{ V2_NO_MEMORY, RATION_LIMIT_MEMORY, "64M", "may overshoot", "" },
		{ HYBRID, RATION_LIMIT_PIDS, "5", "v1 holds all controllers", "boot otherwise" },
		{ NOTHING_ROOT, RATION_LIMIT_MEMORY, "64M", "nothing is mounted", "mount it" },
		{ NO_PSI, RATION_LIMIT_STALL_TIMEOUT, "1s", "PSI", "psi=1" },
		{ NO_SWAP, RATION_LIMIT_SWAP, "1M", "memory.swap.max", "CONFIG_SWAP" },
		{ NOTHING_USER, RATION_LIMIT_CPU_WEIGHT, "200", "takes root", "mount it" },
		{ MACOS, RATION_LIMIT_MEMORY, "64M", "cgroups are Linux's", "" },
		{ MACOS, RATION_LIMIT_CPUS, "1", "macOS doesn't pin", "" },
		{ MACOS, RATION_LIMIT_RLIMIT_AS, "4G", "macOS ignores RLIMIT_AS", "" },
		{ MACOS, RATION_LIMIT_RLIMIT_CPU, "60", "loses what the command has written", "" },
		{ MACOS, RATION_LIMIT_RLIMIT_LOCKS, "1", "macOS has no RLIMIT_LOCKS", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct host_facts facts = make_facts(rows[i].world);
		struct ration_plan *plan = plan_of(&facts, rows[i].limit, rows[i].text, RATION_ENFORCE_ANY);
		const struct ration_plan_item *item = item_of(plan, rows[i].limit);

		assert_row(strstr(item->reason, rows[i].reason) != NULL, "row %zu: reason \"%s\"", i, item->reason);
		assert_row(strstr(item->fix, rows[i].fix) != NULL, "row %zu: fix \"%s\"", i, item->fix);
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
		{ V1, RATION_LIMIT_PIDS, "9", "only for ration run", RATION_MECHANISM_NONE },
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

static const char *lifting(enum ration_limit limit)
{
	static const char *const texts[] = { [RATION_KEY_NONE] = "max", [RATION_KEY_DISK] = "/data:max",
		[RATION_KEY_PAGE_SIZE] = "2M:max" };

	return texts[ration_limit_info(limit)->key];
}

/* "All of it is protected" lifts nothing: where nobody does it, it is to be refused. */
static void test_max_protection_is_no_lifting(void **state)
{
	const struct host_facts facts = make_facts(HYBRID);
	struct ration_plan *plan = plan_of(&facts, RATION_LIMIT_MEMORY_LOW, "max", RATION_ENFORCE_FALLBACK);

	(void)state;
	assert_int_equal(ration_plan_check(plan, NULL), -EOPNOTSUPP);
	assert_null(ration_plan_free(plan));
}

/* A place that was named and can't be had is refused to the strict, whatever they ask for. */
static void test_a_base_that_is_refused(void **state)
{
	static const struct {
		enum ration_policy policy;
		int result;
	} rows[] = { { RATION_ENFORCE_STRICT, -EOPNOTSUPP }, { RATION_ENFORCE_FALLBACK, 0 }, { RATION_ENFORCE_ANY, 0 } };
	struct host_facts facts = make_facts(NOTHING_ROOT);
	struct ration_plan *memory;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_error error = { .code = 0 };
		struct ration_plan *plan;

		facts.base_kind = RATION_BASE_REFUSED;
		plan = plan_of(&facts, RATION_LIMIT_TIMEOUT, "5s", rows[i].policy);
		assert_int_equal(ration_plan_check(plan, &error), rows[i].result);
		assert_true(rows[i].result == 0 || strstr(error.message, "--base can't be used: nothing is mounted"));
		assert_true(rows[i].result == 0 || strstr(error.hint, "mount it"));
		assert_null(ration_plan_free(plan));
		facts.base_kind = RATION_BASE_NONE;
		plan = plan_of(&facts, RATION_LIMIT_TIMEOUT, "5s", rows[i].policy);
		assert_int_equal(ration_plan_check(plan, &error), 0);
		assert_null(ration_plan_free(plan));
	}
	/* And no limit is thought to be held by its groups. */
	facts.base_kind = RATION_BASE_REFUSED;
	facts.controllers = ALL_CONTROLLERS;
	memory = plan_of(&facts, RATION_LIMIT_MEMORY, "64M", RATION_ENFORCE_FALLBACK);
	assert_int_equal(ration_plan_item(memory, 0)->mechanism, RATION_MECHANISM_WATCH);
	assert_null(ration_plan_free(memory));
}

static void test_max_lifts_whatever_the_policy(void **state)
{
	(void)state;
	for (enum world world = V2; world < WORLDS; world++) {
		for (size_t i = 0; i < ARRAY_SIZE(expectations); i++) {
			const struct host_facts facts = make_facts(world);
			enum ration_limit limit = expectations[i].limit;
			struct ration_plan *plan;

			if (!ration_limit_info(limit)->lifts || ration_limit_info(limit)->protects)
				continue;
			plan = plan_of(&facts, limit, lifting(limit), RATION_ENFORCE_STRICT);
			assert_true(item_of(plan, limit)->asked == RATION_UNLIMITED);
			assert_true(item_of(plan, limit)->mechanism == RATION_MECHANISM_NONE ||
					item_of(plan, limit)->in_force == RATION_UNLIMITED);
			assert_row(ration_plan_check(plan, NULL) == 0, "%s=max on %s is refused",
					ration_limit_info(limit)->name, worlds[world].name);
			assert_null(ration_plan_free(plan));
		}
	}
}

static void test_implied(void **state)
{
	static const struct {
		const char *memory, *swap; /* asked for, or NULL */
		bool implied, there;
	} rows[] = {
		{ NULL, NULL, false, false },
		{ "64M", NULL, true, true },
		{ "max", NULL, false, false },
		{ "64M", "1M", false, true },
		{ "50%", NULL, true, true },
	};

	(void)state;
	for (enum world world = V2; world < WORLDS; world++) {
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			const struct host_facts facts = make_facts(world);
			struct ration_limits limits = { .value = { { .set = false } } };
			const struct ration_plan_item *swap, *core;
			struct ration_plan *plan;

			if (rows[i].memory)
				ask(&limits, RATION_LIMIT_MEMORY, rows[i].memory);
			if (rows[i].swap)
				ask(&limits, RATION_LIMIT_SWAP, rows[i].swap);
			assert_int_equal(plan_make(&facts, &limits, RATION_ENFORCE_ANY, RATION_PURPOSE_RUN, &plan, NULL), 0);
			swap = item_of(plan, RATION_LIMIT_SWAP);
			assert_row((swap != NULL) == rows[i].there, "row %zu", i);
			if (swap)
				assert_row(swap->implied == rows[i].implied && (!swap->implied || swap->asked == 0),
						"row %zu", i);
			core = item_of(plan, RATION_LIMIT_RLIMIT_CORE);
			assert_true(core && core->implied && core->asked == 0 && core->in_force == 0);
			assert_int_equal(core->mechanism, RATION_MECHANISM_RLIMIT);
			assert_null(ration_plan_free(plan));
		}
	}
}

/* What nobody asked for is no reason to refuse: strict, and swap can't be held. */
static void test_implied_is_never_refused(void **state)
{
	const struct host_facts facts = make_facts(NO_SWAP);
	struct ration_plan *plan = plan_of(&facts, RATION_LIMIT_MEMORY, "64M", RATION_ENFORCE_STRICT);

	(void)state;
	assert_int_equal(item_of(plan, RATION_LIMIT_SWAP)->mechanism, RATION_MECHANISM_NONE);
	assert_int_equal(ration_plan_check(plan, NULL), 0);
	assert_null(ration_plan_free(plan));
}

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
		{ RATION_LIMIT_CPU_BURST, "20ms", RATION_LIMIT_PIDS, "5", -EINVAL, "needs --cpus" },
		{ RATION_LIMIT_CPU_BURST, "50ms", RATION_LIMIT_CPUS, "0.5", 0, "" },
		{ RATION_LIMIT_CPU_BURST, "51ms", RATION_LIMIT_CPUS, "0.5", -EINVAL, "above the quota" },
		{ RATION_LIMIT_MEMORY, "64M", RATION_LIMIT_MEMORY_LOW, "64M", 0, "" },
		{ RATION_LIMIT_MEMORY, "64M", RATION_LIMIT_MEMORY_LOW, "max", 0, "" },
		{ RATION_LIMIT_MEMORY, "64M", RATION_LIMIT_MEMORY_LOW, "65M", -EINVAL, "--memory-low 65 MiB is above" },
		{ RATION_LIMIT_MEMORY, "50%", RATION_LIMIT_MEMORY_MIN, "51%", -EINVAL, "--memory-min" },
		{ RATION_LIMIT_MEMORY_LOW, "1M", RATION_LIMIT_MEMORY_MIN, "2M", 0, "" },
		{ RATION_LIMIT_CPU_IDLE, "1", RATION_LIMIT_CPU_WEIGHT, "100", -EINVAL, "has no weight" },
		{ RATION_LIMIT_CPU_IDLE, "0", RATION_LIMIT_CPU_WEIGHT, "100", 0, "" },
		{ RATION_LIMIT_CPU_IDLE, "1", RATION_LIMIT_CPUS, "1", 0, "" },
		{ RATION_LIMIT_CPUSET_MEMS, "0-1", RATION_LIMIT_PIDS, "5", 0, "" },
		{ RATION_LIMIT_CPUSET_MEMS, "0,2", RATION_LIMIT_PIDS, "5", -EINVAL,
			"--cpuset-mems 0,2: node 2 isn't among those that a group may have here, 0-1 "
			"(cpuset.mems.effective of /sys/fs/cgroup)" },
		{ RATION_LIMIT_HUGETLB, "2MB:4M", RATION_LIMIT_HUGETLB, "1G:1G", 0, "" },
		{ RATION_LIMIT_HUGETLB, "64K:4M", RATION_LIMIT_PIDS, "5", -EINVAL, "no huge pages of 64KB" },
		{ RATION_LIMIT_IO_READ_BPS, "/data:1M", RATION_LIMIT_IO_READ_BPS, "/data/x:2M", -EINVAL,
			"/data:1M and /data/x:2M are for one disk, 8:0" },
		{ RATION_LIMIT_IO_READ_BPS, "/data:1M", RATION_LIMIT_IO_READ_BPS, "/srv:2M", 0, "" },
		{ RATION_LIMIT_IO_READ_BPS, "/data:1M", RATION_LIMIT_IO_WRITE_BPS, "/data:2M", 0, "" },
		{ RATION_LIMIT_CPUSET_CPUS, "0", RATION_LIMIT_PIDS, "5", 0, "" },
		{ RATION_LIMIT_CPUSET_CPUS, "3", RATION_LIMIT_PIDS, "5", -EINVAL, "CPU 3 isn't one of the 2" },
		{ RATION_LIMIT_CPUSET_CPUS, "0,4", RATION_LIMIT_PIDS, "5", -EINVAL,
			"CPU 4 isn't among those that a group may have here, 0,2-3 (cpuset.cpus.effective of" },
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

static void test_percent_is_of_what_a_group_may_use(void **state)
{
	const struct host_facts facts = make_facts(V2);
	static const struct {
		enum ration_limit limit;
		const char *text;
		uint64_t asked, in_force;
	} rows[] = {
		{ RATION_LIMIT_MEMORY, "50%", 500 * MIB + PAGE / 4, 500 * MIB },
		{ RATION_LIMIT_MEMORY, "100%", 1000 * MIB + PAGE / 2, 1000 * MIB },
		{ RATION_LIMIT_MEMORY, "12.5%", 125 * MIB + PAGE / 16, 125 * MIB },
		{ RATION_LIMIT_MEMORY_HIGH, "10%", 100 * MIB + 204, 100 * MIB },
		{ RATION_LIMIT_SWAP, "50%", 100 * MIB, 100 * MIB },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_plan *plan = plan_of(&facts, rows[i].limit, rows[i].text, RATION_ENFORCE_STRICT);
		const struct ration_plan_item *item = item_of(plan, rows[i].limit);

		assert_row(item->asked == rows[i].asked && item->in_force == rows[i].in_force,
				"row %zu: %llu, %llu in force", i, (unsigned long long)item->asked,
				(unsigned long long)item->in_force);
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
		{ RATION_LIMIT_MEMORY, "0.01%", "--memory 0.01% comes to 102.4 KiB here, which is below 1 MiB" },
		{ RATION_LIMIT_MEMORY_HIGH, "0.09%", "--memory-high 0.09% comes to 921.6 KiB here, which is below 1 MiB" },
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

/* A limit with a key has an item for each, with what the kernel calls the key. */
static void test_items_of_keys(void **state)
{
	static const struct {
		enum ration_limit limit;
		const char *text, *held_key;
		uint64_t asked, in_force;
	} rows[] = {
		{ RATION_LIMIT_HUGETLB, "2M:5M", "2MB", 5 * MIB, 4 * MIB },
		{ RATION_LIMIT_HUGETLB, "1GiB:max", "1GB", RATION_UNLIMITED, RATION_UNLIMITED },
		{ RATION_LIMIT_IO_READ_BPS, "/a:b:1M", "8:16", MIB, MIB },
		{ RATION_LIMIT_IO_READ_BPS, "/data:2M", "8:0", 2 * MIB, 2 * MIB },
		{ RATION_LIMIT_IO_WRITE_IOPS, "/data:max", "8:0", RATION_UNLIMITED, RATION_UNLIMITED },
	};
	const struct host_facts facts = make_facts(V2);
	struct ration_limits limits = { .value = { { .set = false } } };
	struct ration_plan *plan;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ask(&limits, rows[i].limit, rows[i].text);
	assert_int_equal(plan_make(&facts, &limits, RATION_ENFORCE_STRICT, RATION_PURPOSE_RUN, &plan, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct ration_plan_item *item = ration_plan_item(plan, i);

		assert_int_equal(item->limit, rows[i].limit);
		assert_string_equal(item->text, rows[i].text);
		assert_string_equal(item->held_key, rows[i].held_key);
		assert_true(item->asked == rows[i].asked && item->in_force == rows[i].in_force);
	}
	assert_int_equal(ration_plan_item(plan, ARRAY_SIZE(rows))->limit, RATION_LIMIT_RLIMIT_CORE);
	assert_null(ration_plan_free(plan));
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

/* Every limit at once, whatever the machine is: without a disk it says so. */
static void test_survey(void **state)
{
	struct host_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct ration_host host = { .newest = snapshot };
	struct ration_plan *plan;
	const struct ration_plan_item *item;

	(void)state;
	for (enum world world = V2; world < WORLDS; world++) {
		snapshot->facts = make_facts(world);
		(void)strcpy(snapshot->root, "/nowhere");
		assert_int_equal(ration_plan_survey(&host, &plan, NULL), 0);
		assert_int_equal(ration_plan_count(plan), LIMIT_INDEX_COUNT);
		for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
			assert_int_equal(item->limit, ration_limit_at(i)->limit);
			if (ration_limit_info(item->limit)->key == RATION_KEY_DISK) {
				assert_int_equal(item->mechanism, RATION_MECHANISM_NONE);
				assert_non_null(strstr(item->reason, world == MACOS ? "no limit of I/O" : "no disk"));
			}
		}
		if (world == V2)
			assert_string_equal(item_of(plan, RATION_LIMIT_HUGETLB)->held_key, "2MB");
		assert_null(ration_plan_free(plan));
	}
	free(snapshot);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_limit_on_every_host),
		cmocka_unit_test(test_reasons_name_what_is_missing),
		cmocka_unit_test(test_backstops),
		cmocka_unit_test(test_v1_swap),
		cmocka_unit_test(test_v1_controllers),
		cmocka_unit_test(test_v1_by_hand),
		cmocka_unit_test(test_lifted_limits_have_no_backstop),
		cmocka_unit_test(test_max_protection_is_no_lifting),
		cmocka_unit_test(test_a_base_that_is_refused),
		cmocka_unit_test(test_max_lifts_whatever_the_policy),
		cmocka_unit_test(test_implied),
		cmocka_unit_test(test_implied_is_never_refused),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_percent_is_of_what_a_group_may_use),
		cmocka_unit_test(test_shares_below_the_least),
		cmocka_unit_test(test_items_of_keys),
		cmocka_unit_test(test_controllers),
		cmocka_unit_test(test_survey),
		cmocka_unit_test(test_cpus_round_up_to_what_is_there),
		cmocka_unit_test(test_weights_as_nice_values),
		cmocka_unit_test(test_group_writes),
		cmocka_unit_test(test_backstops_stay_below_our_own_limits),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
