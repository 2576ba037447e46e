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

#include "lib/apply.h"
#include "lib/plan.h"
#include "mech/mech.h"
#include "ration.h"
#include "util/cleanup.h"

#define MIB (UINT64_C(1) << 20)
#define PAGE 4096u
#define ALL_CONTROLLERS                                                                               \
	(RATION_CONTROLLER_CPU | RATION_CONTROLLER_CPUSET | RATION_CONTROLLER_IO | RATION_CONTROLLER_MEMORY | \
			RATION_CONTROLLER_PIDS)
#define ALL_FEATURES ((1u << 10) - 1)

enum world { V2, V2_NO_MEMORY, HYBRID, NOTHING_ROOT, NOTHING_USER, NO_PSI, NO_SWAP, WORLDS };

static const struct {
	const char *name;
	enum ration_base_kind base;
	uint32_t controllers, without_features;
	bool root;
	const char *reason, *fix;
} worlds[] = {
	[V2] = { "v2", RATION_BASE_ROOT, ALL_CONTROLLERS, 0, true, "", "" },
	[V2_NO_MEMORY] = { "v2 without memory", RATION_BASE_ROOT, ALL_CONTROLLERS & ~RATION_CONTROLLER_MEMORY, 0,
		true, "", "" },
	[HYBRID] = { "hybrid", RATION_BASE_ROOT, 0, 0, true, "v1 holds all controllers", "boot otherwise" },
	[NOTHING_ROOT] = { "nothing, root", RATION_BASE_NONE, 0, 0, true, "nothing is mounted", "mount it" },
	[NOTHING_USER] = { "nothing, user", RATION_BASE_NONE, 0, 0, false, "nothing is mounted", "mount it" },
	[NO_PSI] = { "no PSI", RATION_BASE_NESTED, ALL_CONTROLLERS, RATION_FEATURE_PSI, true, "", "" },
	[NO_SWAP] = { "no swap accounting", RATION_BASE_NESTED, ALL_CONTROLLERS, RATION_FEATURE_SWAP_MAX, true, "",
		"" },
};

static struct host_facts make_facts(enum world world)
{
	struct host_facts facts = {
		.hierarchy = worlds[world].base == RATION_BASE_NONE ? RATION_HIERARCHY_NONE : RATION_HIERARCHY_V2,
		.base_kind = worlds[world].base,
		.controllers = worlds[world].controllers,
		.features = ALL_FEATURES & ~worlds[world].without_features,
		.root = worlds[world].root,
		.cpus = 2,
		.memory_bytes = 1000 * MIB + PAGE / 2,
		.swap_bytes = 200 * MIB,
		.page_bytes = PAGE,
		.user_tasks = 40,
	};

	facts.cpu_mask.bits[0] = 0x5; /* CPUs 0 and 2 */
	(void)snprintf(facts.base_reason, sizeof(facts.base_reason), "%s", worlds[world].reason);
	(void)snprintf(facts.base_fix, sizeof(facts.base_fix), "%s", worlds[world].fix);
	return facts;
}

/* What holds, in the order of enum world: N none, G cgroup2, W watch, R rlimit, A affinity, n nice. */
struct expectation {
	enum ration_limit limit;
	const char *text;          /* asked for */
	const char *mechanisms;
	const char *weaker;        /* in the same order: '!' is weaker, '.' is not */
	uint64_t cgroup_in_force, other_in_force;
};

static const struct expectation expectations[] = {
	/* 4095 bytes more than a page boundary: the kernel rounds down. */
	{ RATION_LIMIT_MEMORY, "67112959", "GWWWWGG", ".!!!!..", 64 * MIB, 64 * MIB + 4095 },
	{ RATION_LIMIT_SWAP, "10M", "GNNNNGN", ".!!!!.!", 10 * MIB, 0 },
	{ RATION_LIMIT_MEMORY_HIGH, "2097153", "GNNNNGG", ".!!!!..", 2 * MIB, 0 },
	{ RATION_LIMIT_CPUS, "0.5", "GGAAAGG", "..!!!..", 50000, 100000 },
	{ RATION_LIMIT_CPU_BURST, "20ms", "GGNNNGG", "..!!!..", 20000, 0 },
	{ RATION_LIMIT_CPU_WEIGHT, "50", "GGnnnGG", "..!!!..", 50, 50 },
	{ RATION_LIMIT_CPU_TIME, "1:2", "GGGWWGG", "...!!..", 2000000, 2000000 },
	{ RATION_LIMIT_TIMEOUT, "1.5s", "WWWWWWW", ".......", 0, 1500000 },
	{ RATION_LIMIT_PIDS, "10", "GGWWWGG", "..!!!..", 10, 10 },
	{ RATION_LIMIT_CPUSET_CPUS, "0,2", "GGAAAGG", "..!!!..", RATION_UNLIMITED, RATION_UNLIMITED },
	{ RATION_LIMIT_STALL_TIMEOUT, "1s", "GGGNNNG", "...!!!.", 1000000, 0 },
	{ RATION_LIMIT_OUTPUT, "1M", "WWWWWWW", ".......", 0, MIB },
	{ RATION_LIMIT_RLIMIT_AS, "4G", "RRRRRRR", ".......", 0, 4096 * MIB },
	{ RATION_LIMIT_RLIMIT_CORE, "1M", "RRRRRRR", ".......", 0, MIB },
	{ RATION_LIMIT_RLIMIT_CPU, "60:70", "RRRRRRR", ".......", 0, 70 },
	{ RATION_LIMIT_RLIMIT_DATA, "1M", "RRRRRRR", ".......", 0, MIB },
	{ RATION_LIMIT_RLIMIT_FSIZE, "1M", "RRRRRRR", ".......", 0, MIB },
	{ RATION_LIMIT_RLIMIT_LOCKS, "1", "RRRRRRR", ".......", 0, 1 },
	{ RATION_LIMIT_RLIMIT_MEMLOCK, "64K", "RRRRRRR", ".......", 0, 65536 },
	{ RATION_LIMIT_RLIMIT_MSGQUEUE, "800K", "RRRRRRR", ".......", 0, 819200 },
	{ RATION_LIMIT_RLIMIT_NICE, "20", "RRRRRRR", ".......", 0, 20 },
	{ RATION_LIMIT_RLIMIT_NOFILE, "10:20", "RRRRRRR", ".......", 0, 20 },
	/* The kernel exempts root. */
	{ RATION_LIMIT_RLIMIT_NPROC, "200", "RRRRRRR", "!!!!.!!", 0, 200 },
	{ RATION_LIMIT_RLIMIT_RSS, "1M", "RRRRRRR", ".......", 0, MIB },
	{ RATION_LIMIT_RLIMIT_RTPRIO, "10", "RRRRRRR", ".......", 0, 10 },
	{ RATION_LIMIT_RLIMIT_RTTIME, "200ms", "RRRRRRR", ".......", 0, 200000 },
	{ RATION_LIMIT_RLIMIT_SIGPENDING, "1000", "RRRRRRR", ".......", 0, 1000 },
	{ RATION_LIMIT_RLIMIT_STACK, "8M", "RRRRRRR", ".......", 0, 8 * MIB },
};

static enum ration_mechanism mechanism_of(char letter)
{
	static const char letters[] = "NG_RAnW";

	return (enum ration_mechanism)(strchr(letters, letter) - letters);
}

static enum ration_scope scope_of(enum ration_mechanism mechanism, enum ration_limit limit)
{
	switch (mechanism) {
	case RATION_MECHANISM_NONE:
	case RATION_MECHANISM_CGROUP1:
		return RATION_SCOPE_NONE;
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

static void ask(struct ration_limits *limits, enum ration_limit limit, const char *text)
{
	struct ration_error error = { .message = "" };

	assert_row(ration_limits_parse(limits, limit, text, &error) == 0, "%s: %s", text, error.message);
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
	assert_row(plan_make(facts, &limits, policy, &plan, &error) == 0, "%s: %s", text, error.message);
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
		assert_row(item->in_force == (mechanism == RATION_MECHANISM_CGROUP2 ? e->cgroup_in_force :
										      e->other_in_force),
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
	assert_int_equal(ARRAY_SIZE(expectations), RATION_LIMIT_COUNT);
	for (unsigned i = 0; i < RATION_LIMIT_COUNT; i++) {
		const struct expectation *e = expectation_of((enum ration_limit)i);

		assert_row(e != NULL, "nothing is expected of %s", ration_limit_info((enum ration_limit)i)->name);
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

static void test_max_lifts_whatever_the_policy(void **state)
{
	(void)state;
	for (enum world world = V2; world < WORLDS; world++) {
		for (size_t i = 0; i < ARRAY_SIZE(expectations); i++) {
			const struct host_facts facts = make_facts(world);
			enum ration_limit limit = expectations[i].limit;
			struct ration_plan *plan;

			if (!ration_limit_info(limit)->lifts)
				continue;
			plan = plan_of(&facts, limit, "max", RATION_ENFORCE_STRICT);
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
			assert_int_equal(plan_make(&facts, &limits, RATION_ENFORCE_ANY, &plan, NULL), 0);
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
		{ RATION_LIMIT_CPUSET_CPUS, "0", RATION_LIMIT_PIDS, "5", 0, "" },
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
		r = plan_make(&facts, &limits, RATION_ENFORCE_FALLBACK, &plan, &error);
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
	if (plan_make(&facts, &limits, RATION_ENFORCE_FALLBACK, &plan, NULL) < 0 ||
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
	int status;
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
		cmocka_unit_test(test_lifted_limits_have_no_backstop),
		cmocka_unit_test(test_max_lifts_whatever_the_policy),
		cmocka_unit_test(test_implied),
		cmocka_unit_test(test_implied_is_never_refused),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_percent_is_of_what_a_group_may_use),
		cmocka_unit_test(test_cpus_round_up_to_what_is_there),
		cmocka_unit_test(test_weights_as_nice_values),
		cmocka_unit_test(test_group_writes),
		cmocka_unit_test(test_backstops_stay_below_our_own_limits),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
