/* SPDX-License-Identifier: MIT */
/*
 * test-choice.c - which mechanism is planned for each limit, on hosts made by hand
 *
 * Two tables: hosts (planned.h), and for each limit what is expected on each of them. A
 * limit of the table of limits that stands in none of ours fails the test.
 */
#include "planned.h"

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
		{ V2_NO_MEMORY, RATION_LIMIT_MEMORY, "64M", "can overshoot", "" },
		{ HYBRID, RATION_LIMIT_PIDS, "5", "v1 holds all controllers", "boot otherwise" },
		{ NOTHING_ROOT, RATION_LIMIT_MEMORY, "64M", "nothing is mounted", "mount it" },
		{ NO_PSI, RATION_LIMIT_STALL_TIMEOUT, "1s", "PSI", "psi=1" },
		{ NO_SWAP, RATION_LIMIT_SWAP, "1M", "memory.swap.max", "CONFIG_SWAP" },
		{ NOTHING_USER, RATION_LIMIT_CPU_WEIGHT, "200", "needs root", "mount it" },
		{ MACOS, RATION_LIMIT_MEMORY, "64M", "has no cgroups", "" },
		{ MACOS, RATION_LIMIT_CPUS, "1", "macOS can't pin", "" },
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

/* A limit with a key has an item for each, with what the kernel calls the key. */
static void test_items_of_keys(void **state)
{
	static const struct {
		enum ration_limit limit;
		const char *text, *in_force_key;
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
		assert_string_equal(item->in_force_key, rows[i].in_force_key);
		assert_true(item->asked == rows[i].asked && item->in_force == rows[i].in_force);
	}
	assert_int_equal(ration_plan_item(plan, ARRAY_SIZE(rows))->limit, RATION_LIMIT_RLIMIT_CORE);
	assert_null(ration_plan_free(plan));
}

/* In the library as on the command line; of an implied limit, too, and of nothing that isn't there. */
static void test_FC22_a_policy_for_each_limit(void **state)
{
	static const struct {
		enum ration_limit limit;
		enum ration_policy policy;
		int code;
	} rows[] = {
		{ RATION_LIMIT_MEMORY, RATION_ENFORCE_ANY, -EOPNOTSUPP },
		{ RATION_LIMIT_MEMORY_HIGH, RATION_ENFORCE_ANY, 0 },
		{ RATION_LIMIT_MEMORY_HIGH, RATION_ENFORCE_FALLBACK, -EOPNOTSUPP },
		{ RATION_LIMIT_MEMORY, RATION_ENFORCE_STRICT, -EOPNOTSUPP },
		{ RATION_LIMIT_SWAP, RATION_ENFORCE_STRICT, -EOPNOTSUPP },
		{ RATION_LIMIT_PIDS, RATION_ENFORCE_STRICT, 0 },
	};
	struct host_facts facts = make_facts(NOTHING_ROOT);
	struct ration_limits limits = { .n_pairs = 0 };
	struct ration_plan *plan = NULL;

	(void)state;
	assert_int_equal(ration_limits_parse(&limits, RATION_LIMIT_MEMORY, "64M", NULL), 0);
	assert_int_equal(ration_limits_parse(&limits, RATION_LIMIT_MEMORY_HIGH, "50M", NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		/* The others stay as they are: of memory_high that is `any` from the second row on. */
		if (rows[i].limit != RATION_LIMIT_MEMORY)
			assert_int_equal(ration_limits_set_policy(&limits, RATION_LIMIT_MEMORY, RATION_ENFORCE_FALLBACK, NULL), 0);
		assert_int_equal(ration_limits_set_policy(&limits, rows[i].limit, rows[i].policy, NULL), 0);
		assert_int_equal(plan_make(&facts, &limits, RATION_ENFORCE_FALLBACK, RATION_PURPOSE_RUN, &plan, NULL), 0);
		assert_row(ration_plan_check(plan, NULL) == rows[i].code, "row %zu\n", i);
		plan = ration_plan_free(plan);
		if (rows[i].limit != RATION_LIMIT_MEMORY)
			assert_int_equal(ration_limits_set_policy(&limits, rows[i].limit, RATION_ENFORCE_ANY, NULL), 0);
	}
	assert_int_equal(ration_limits_set_policy(&limits, (enum ration_limit)12345, RATION_ENFORCE_ANY, NULL), -EINVAL);
	assert_int_equal(ration_limits_set_policy(&limits, RATION_LIMIT_MEMORY, (enum ration_policy)3, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_limit_on_every_host),
		cmocka_unit_test(test_FC22_a_policy_for_each_limit),
		cmocka_unit_test(test_reasons_name_what_is_missing),
		cmocka_unit_test(test_max_protection_is_no_lifting),
		cmocka_unit_test(test_a_base_that_is_refused),
		cmocka_unit_test(test_max_lifts_whatever_the_policy),
		cmocka_unit_test(test_implied),
		cmocka_unit_test(test_implied_is_never_refused),
		cmocka_unit_test(test_percent_is_of_what_a_group_may_use),
		cmocka_unit_test(test_items_of_keys),
	};

	return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}
