/* SPDX-License-Identifier: MIT */
/*
 * test-receipt.c - verdicts from counters and causes made by hand
 *
 * Each row of the table is a run as the judge sees it: what we did, how the
 * command ended, what the kernel counted. What isn't said in a row is 0, and
 * counters of the group are there and at 0, unless it has none.
 */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ration.h"
#include "run/run.h"
#include "util/cleanup.h"

#define NONE USAGE_ABSENT

struct row {
	const char *name;
	/* What we did. */
	enum run_cause cause;
	int cause_signal;
	uint64_t observed;
	bool preserve;
	/* How the command ended. */
	int exit_code, signal;
	bool lost;
	/* The group's counters at the end. */
	uint64_t oom, oom_kill, oom_group_kill, below;
	/* By how much those above moved. */
	uint64_t tenant, ancestor, machine;
	/* Expected. `evidence` lists its counters, shortened: see shown(). */
	enum ration_verdict verdict;
	int expected_exit;
	const char *evidence;
};

#define KILLED .exit_code = -1, .signal = SIGKILL
#define LOST .exit_code = -1, .lost = true
#define TERMINATED .exit_code = -1, .signal = SIGTERM
#define OURS(cause_, observed_) .cause = RUN_CAUSE_##cause_, .observed = (observed_)
#define NO_COUNTERS .oom = NONE, .oom_kill = NONE, .oom_group_kill = NONE, .below = NONE
#define EXPECT(verdict_, exit_, evidence_) \
	.verdict = RATION_VERDICT_##verdict_, .expected_exit = (exit_), .evidence = (evidence_)

static const struct row rows[] = {
	/* The command's own end. */
	{ "success", EXPECT(OK, 0, "") },
	{ "failure", .exit_code = 77, EXPECT(EXIT, 77, "") },
	{ "exit 137 is no signal", .exit_code = 137, EXPECT(EXIT, 137, "") },
	{ "a signal of its own", .exit_code = -1, .signal = SIGSEGV, EXPECT(SIGNAL, 139, "") },
	{ "SIGKILL from a stranger", KILLED, EXPECT(SIGNAL, 137, "") },

	/* Memory, by the kernel. */
	{ "own limit", KILLED, .oom = 1, .oom_kill = 1, .below = 1, EXPECT(MEMORY, 137, "oom:G1 oom_kill:G1") },
	{ "own limit, killed whole", KILLED, .oom = 1, .oom_kill = 3, .oom_group_kill = 1, .below = 3,
		.machine = 3, EXPECT(MEMORY, 137, "oom:G1 oom_kill:G3 oom_group_kill:G1") },
	{ "own limit, victim in a sub-group", KILLED, .oom = 2, .below = 1, EXPECT(MEMORY, 137, "oom:G2") },
	{ "limit of its own sub-group", KILLED, .below = 1, EXPECT(SIGNAL, 137, "") },
	{ "limit of its own sub-group, machine counted", KILLED, .below = 1, .machine = 1, EXPECT(SIGNAL, 137, "") },
	{ "tenant's limit", KILLED, .oom_kill = 1, .below = 1, .tenant = 1, .machine = 1,
		EXPECT(MEMORY_EXTERNAL, 137, "oom:T1 oom_kill:G1") },
	{ "tenant's limit, the lowest that moved", KILLED, .oom_kill = 1, .below = 1, .tenant = 1, .ancestor = 1,
		EXPECT(MEMORY_EXTERNAL, 137, "oom:T1 oom_kill:G1") },
	{ "ancestor's limit", KILLED, .oom_kill = 2, .below = 2, .ancestor = 1, .machine = 2,
		EXPECT(MEMORY_EXTERNAL, 137, "oom:A1 oom_kill:G2") },
	{ "machine out of memory", KILLED, .oom_kill = 1, .below = 1, .machine = 1,
		EXPECT(MEMORY_EXTERNAL, 137, "vmstat:M1 oom_kill:G1") },
	{ "own limit hit, killed by a stranger", KILLED, .oom = 1, EXPECT(SIGNAL, 137, "oom:G1") },
	{ "a child was killed, leader survives", .exit_code = 0, .oom = 1, .oom_kill = 1, .below = 1,
		EXPECT(OK, 0, "oom:G1 oom_kill:G1") },
	{ "a child was killed, leader fails", .exit_code = 5, .oom = 1, .oom_kill = 1, .below = 1,
		EXPECT(EXIT, 5, "oom:G1 oom_kill:G1") },
	{ "a child was killed, leader aborts", .exit_code = -1, .signal = SIGABRT, .oom = 1, .oom_kill = 1, .below = 1,
		EXPECT(SIGNAL, 134, "oom:G1 oom_kill:G1") },
	{ "tenant killed a child, leader survives", .exit_code = 0, .oom_kill = 1, .below = 1, .tenant = 1,
		EXPECT(OK, 0, "oom:T1 oom_kill:G1") },
	{ "somebody else's kill meanwhile", KILLED, .machine = 1, .tenant = 1, EXPECT(SIGNAL, 137, "") },

	/* No memory controller: nothing is known of the group. */
	{ "no counters, success", NO_COUNTERS, EXPECT(OK, 0, "") },
	{ "no counters, SIGKILL", KILLED, NO_COUNTERS, EXPECT(SIGNAL, 137, "") },
	{ "no counters, a kill on the machine", KILLED, NO_COUNTERS, .machine = 1, EXPECT(SIGNAL, 137, "vmstat:M1") },
	{ "no counters, a limit above", KILLED, NO_COUNTERS, .ancestor = 1, .machine = 1, EXPECT(SIGNAL, 137, "oom:A1") },

	/* Limits of ours. */
	{ "wall time", OURS(WALL_TIME, 1000123), TERMINATED, EXPECT(WALL_TIME, 124, "clock:G1000123") },
	{ "wall time, it took SIGKILL", OURS(WALL_TIME, 1), KILLED, EXPECT(WALL_TIME, 124, "clock:G1") },
	{ "wall time, it exited then", OURS(WALL_TIME, 1), .exit_code = 3, EXPECT(WALL_TIME, 124, "clock:G1") },
	{ "wall time, status preserved", OURS(WALL_TIME, 1), TERMINATED, .preserve = true,
		EXPECT(WALL_TIME, 143, "clock:G1") },
	{ "wall time, SIGKILL preserved", OURS(WALL_TIME, 1), KILLED, .preserve = true,
		EXPECT(WALL_TIME, 137, "clock:G1") },
	{ "wall time, exit code preserved", OURS(WALL_TIME, 1), .exit_code = 3, .preserve = true,
		EXPECT(WALL_TIME, 3, "clock:G1") },
	{ "wall time first, memory in the grace", OURS(WALL_TIME, 1), KILLED, .oom = 1, .oom_kill = 1, .below = 1,
		EXPECT(WALL_TIME, 124, "clock:G1 oom:G1 oom_kill:G1") },
	{ "CPU time", OURS(CPU_TIME, 9), KILLED, EXPECT(CPU_TIME, 124, "cpu.stat:G9") },
	{ "CPU time, status preserved", OURS(CPU_TIME, 9), KILLED, .preserve = true,
		EXPECT(CPU_TIME, 137, "cpu.stat:G9") },
	{ "soft CPU time", OURS(CPU_TIME_SOFT, 5), TERMINATED, EXPECT(CPU_TIME_SOFT, 124, "cpu.stat:G5") },
	{ "soft CPU time, handled", OURS(CPU_TIME_SOFT, 5), .exit_code = 0, EXPECT(CPU_TIME_SOFT, 124, "cpu.stat:G5") },
	{ "soft CPU time, handled, preserved", OURS(CPU_TIME_SOFT, 5), .exit_code = 0, .preserve = true,
		EXPECT(CPU_TIME_SOFT, 0, "cpu.stat:G5") },
	{ "soft CPU time, memory after", OURS(CPU_TIME_SOFT, 5), KILLED, .oom = 1, .oom_kill = 1, .below = 1,
		EXPECT(MEMORY, 137, "cpu.stat:G5 oom:G1 oom_kill:G1") },
	{ "stall", OURS(STALL, 7), KILLED, EXPECT(MEMORY_STALL, 137, "memory.pressure:G7") },
	{ "output", OURS(OUTPUT, 11), KILLED, EXPECT(OUTPUT, 137, "output:G11") },
	{ "output, it exited in that moment", OURS(OUTPUT, 11), .exit_code = 0, EXPECT(OUTPUT, 137, "output:G11") },
	{ "watch, memory", OURS(WATCH_MEMORY, 99), KILLED, NO_COUNTERS, EXPECT(MEMORY, 137, "watch:G99") },
	/* It was an exit status of 0 with the verdict `memory`. */
	{ "watch, memory, it exited in that moment", OURS(WATCH_MEMORY, 99), .exit_code = 0, NO_COUNTERS,
		EXPECT(MEMORY, 137, "watch:G99") },
	{ "watch, tasks", OURS(WATCH_PIDS, 17), KILLED, NO_COUNTERS, EXPECT(PIDS, 137, "watch:G17") },

	/* Interruptions. */
	{ "interrupted", OURS(INTERRUPT, 0), .cause_signal = SIGTERM, TERMINATED, EXPECT(INTERRUPTED, 143, "signal:G15") },
	{ "interrupted, it took SIGKILL", OURS(INTERRUPT, 0), .cause_signal = SIGTERM, KILLED,
		EXPECT(INTERRUPTED, 143, "signal:G15") },
	{ "interrupted, it exited cleanly", OURS(INTERRUPT, 0), .cause_signal = SIGINT, .exit_code = 0,
		EXPECT(INTERRUPTED, 130, "signal:G2") },
	{ "terminal's SIGINT ended it", OURS(TERMINAL, 0), .cause_signal = SIGINT, .exit_code = -1, .signal = SIGINT,
		EXPECT(INTERRUPTED, 130, "signal:G2") },
	{ "terminal's SIGINT was handled", OURS(TERMINAL, 0), .cause_signal = SIGINT, .exit_code = 0,
		EXPECT(OK, 0, "") },
	{ "terminal's SIGINT, then another end", OURS(TERMINAL, 0), .cause_signal = SIGINT, .exit_code = -1,
		.signal = SIGSEGV, EXPECT(SIGNAL, 139, "") },
	{ "terminal's SIGINT, then memory", OURS(TERMINAL, 0), .cause_signal = SIGINT, KILLED, .oom = 1, .oom_kill = 1,
		.below = 1, EXPECT(MEMORY, 137, "oom:G1 oom_kill:G1") },

	/* Its status is somebody else's. */
	{ "SIGCHLD ignored: its end is unknown", LOST, EXPECT(INTERNAL, 125, "") },
	{ "unknown, after the wall time", OURS(WALL_TIME, 1), LOST, EXPECT(WALL_TIME, 124, "clock:G1") },
	{ "unknown, and to be preserved", OURS(WALL_TIME, 1), LOST, .preserve = true,
		EXPECT(WALL_TIME, 125, "clock:G1") },
	{ "unknown, interrupted", OURS(INTERRUPT, 0), .cause_signal = SIGTERM, LOST,
		EXPECT(INTERRUPTED, 143, "signal:G15") },
	{ "unknown, after a terminal's SIGINT", OURS(TERMINAL, 0), .cause_signal = SIGINT, LOST,
		EXPECT(INTERNAL, 125, "") },
	{ "unknown, memory was short", LOST, .oom = 1, .oom_kill = 1, .below = 1,
		EXPECT(INTERNAL, 125, "oom:G1 oom_kill:G1") },
	{ "the watch failed", OURS(INTERNAL, 0), KILLED, EXPECT(INTERNAL, 125, "") },
};

/* "memory.events.local oom" at the group, from 0 to 1: "oom:G1". Else its first word. */
static void shown(const struct ration_receipt *receipt, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < receipt->n_evidence; i++) {
		const struct evidence *e = &receipt->evidence[i];
		static const char prefix[] = "memory.events.local ";
		bool events = strncmp(e->counter, prefix, strlen(prefix)) == 0;
		const char *word = events ? e->counter + strlen(prefix) : e->counter;

		n += (size_t)snprintf(buf + n, size - n, "%s%.*s:%c%llu", i ? " " : "", (int)strcspn(word, " "), word,
				ration_level_name(e->level)[0] - 'a' + 'A', (unsigned long long)(e->after - e->before));
	}
}

static void counters_of(const struct row *row, struct counters *before, struct counters *after)
{
	*before = (struct counters) {
		.machine_oom_kill = 100,
		.n_levels = 2,
		.path = "/r/t",
		.level = { { .level = RATION_LEVEL_TENANT, .inode = 2, .where = 4, .oom = 7 },
			{ .level = RATION_LEVEL_ANCESTOR, .inode = 1, .where = 2, .oom = 8 } },
	};
	*after = *before;
	after->oom = row->oom;
	after->oom_kill = row->oom_kill;
	after->oom_group_kill = row->oom_group_kill;
	after->oom_kill_below = row->below;
	after->level[0].oom += row->tenant;
	after->level[1].oom += row->ancestor;
	after->machine_oom_kill += row->machine;
}

static struct ration_receipt judged(const struct row *row)
{
	struct ration_receipt receipt = { .group = "t/g" };
	struct run_end end = {
		.cause = row->cause,
		.signal = row->cause_signal,
		.observed = row->observed,
		.preserve_status = row->preserve,
		.wait = { .exit_code = row->exit_code, .signal = row->signal },
		.lost = row->lost,
	};
	struct counters before, after;

	counters_of(row, &before, &after);
	receipt_judge(&receipt, &end, &before, &after);
	return receipt;
}

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct ration_receipt receipt = judged(row);
		char evidence[512];

		shown(&receipt, evidence, sizeof(evidence));
		assert_row(receipt.verdict == row->verdict, "%s: %s", row->name, ration_verdict_name(receipt.verdict));
		assert_row(receipt.exit_code == row->expected_exit, "%s: exit %d", row->name, receipt.exit_code);
		assert_row(strcmp(evidence, row->evidence) == 0, "%s: evidence \"%s\"", row->name, evidence);
		assert_row(receipt.child_status == row->exit_code && receipt.child_signal == row->signal,
				"%s: status %d, signal %d", row->name, receipt.child_status, receipt.child_signal);
		assert_row(receipt.status_lost == row->lost, "%s: lost %d", row->name, receipt.status_lost);
	}
}

/* A limit that ended the run is marked as such, and no other. */
static void test_outcomes(void **state)
{
	static const struct {
		enum run_cause cause;
		enum ration_limit limit;
	} causes[] = {
		{ RUN_CAUSE_WALL_TIME, RATION_LIMIT_TIMEOUT },
		{ RUN_CAUSE_CPU_TIME_SOFT, RATION_LIMIT_CPU_TIME },
		{ RUN_CAUSE_CPU_TIME, RATION_LIMIT_CPU_TIME },
		{ RUN_CAUSE_STALL, RATION_LIMIT_STALL_TIMEOUT },
		{ RUN_CAUSE_OUTPUT, RATION_LIMIT_OUTPUT },
		{ RUN_CAUSE_WATCH_MEMORY, RATION_LIMIT_MEMORY },
		{ RUN_CAUSE_WATCH_PIDS, RATION_LIMIT_PIDS },
		{ RUN_CAUSE_NONE, (enum ration_limit)0 },
		{ RUN_CAUSE_INTERRUPT, (enum ration_limit)0 },
		{ RUN_CAUSE_INTERNAL, (enum ration_limit)0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		const struct row row = { "", .cause = causes[i].cause, .observed = 123, KILLED };
		struct ration_receipt receipt = judged(&row);

		for (unsigned k = 0; k < LIMIT_INDEX_COUNT; k++) {
			assert_row(receipt.outcome[k].acted == (limit_at(k) == causes[i].limit), "cause %u, limit %u",
					causes[i].cause, k);
			assert_true(!receipt.outcome[k].acted || receipt.outcome[k].observed == 123);
		}
	}
}

static void test_the_kernel_observes_the_peak(void **state)
{
	struct ration_receipt receipt = { .group = "t/g" };
	struct run_end end = { .wait = { .exit_code = -1, .signal = SIGKILL } };
	const struct row row = { .name = "", .oom = 1, .oom_kill = 1, .below = 1 };
	struct counters before, after;

	(void)state;
	receipt_set(&receipt, RATION_METRIC_MEMORY_PEAK_BYTES, 12345, RATION_SOURCE_CGROUP2);
	counters_of(&row, &before, &after);
	receipt_judge(&receipt, &end, &before, &after);
	assert_true(receipt.outcome[LIMIT_INDEX_MEMORY].acted);
	assert_int_equal(receipt.outcome[LIMIT_INDEX_MEMORY].observed, 12345);
}

/* Of two deep groups a path that is cut looks the same: it was the upper one whose limit had been hit before. */
static void test_FC8_levels_that_look_alike(void **state)
{
	const struct row row = { .name = "", KILLED, .oom_kill = 1, .below = 1 };
	struct ration_receipt receipt = { .group = "t/g" };
	const struct run_end end = { .wait = { .exit_code = -1, .signal = SIGKILL } };
	struct counters before, after;

	(void)state;
	counters_of(&row, &before, &after);
	before.level[1].where = after.level[1].where = before.level[0].where;
	before.level[1].oom = after.level[1].oom = 0;
	receipt_judge(&receipt, &end, &before, &after);
	for (size_t i = 0; i < receipt.n_evidence; i++)
		assert_int_equal(receipt.evidence[i].level, RATION_LEVEL_GROUP);
}

/* A path is shown whole, and once for all evidence. */
static void test_FC8_long_paths(void **state)
{
	const struct row row = { .name = "", KILLED, .oom_kill = 1, .below = 1 };
	struct ration_receipt receipt = { .group = "t/g" };
	const struct run_end end = { .wait = { .exit_code = -1, .signal = SIGKILL } };
	struct ration_evidence evidence = { .size = sizeof(evidence) };
	struct counters before, after;

	(void)state;
	counters_of(&row, &before, &after);
	memset(after.path, 'x', sizeof(after.path) - 1);
	after.path[0] = '/';
	after.level[0].where = sizeof(after.path) - 1;
	after.level[0].oom++;
	receipt_judge(&receipt, &end, &before, &after);
	receipt_tell(&receipt, "more", 1);
	assert_true(ration_receipt_evidence(&receipt, 0, &evidence));
	assert_string_equal(evidence.where, after.path);
	assert_true(ration_receipt_evidence(&receipt, 2, &evidence));
	assert_string_equal(evidence.where, "t/g");
	assert_int_equal(receipt.n_paths, sizeof(after.path) + sizeof("t/g"));
}

static void test_FC7_a_peak_that_nobody_counts(void **state)
{
	const struct row row = { .name = "", KILLED, .oom = 1, .oom_kill = 1, .below = 1 };
	struct ration_receipt receipt = judged(&row);

	(void)state;
	assert_true(receipt.outcome[LIMIT_INDEX_MEMORY].acted);
	assert_true(receipt.outcome[LIMIT_INDEX_MEMORY].observed == RATION_UNKNOWN);
}

static void test_watched_cpu_time_says_so(void **state)
{
	struct ration_receipt receipt = { .group = "t/g" };
	struct run_end end = {
		.cause = RUN_CAUSE_CPU_TIME,
		.observed = 5,
		.cpu_by_watch = true,
		.wait = { .exit_code = -1, .signal = SIGKILL },
	};
	const struct row row = { .name = "", NO_COUNTERS };
	struct counters before, after;

	(void)state;
	counters_of(&row, &before, &after);
	receipt_judge(&receipt, &end, &before, &after);
	assert_int_equal(receipt.n_evidence, 1);
	assert_string_equal(receipt.evidence[0].counter, "watch cpu_usec");
	assert_string_equal(receipt.paths + receipt.evidence[0].where, "t/g");
	assert_int_equal(receipt.evidence[0].before, 0);
	assert_int_equal(receipt.evidence[0].after, 5);
}

/* cgroup v1 kills one process: a shell that saw it may have exited before the supervisor kills the rest. */
static void test_a_shell_outruns_the_end_in_v1(void **state)
{
	const struct row row = { .name = "", .oom = 1, .oom_kill = 1, .below = 1 };

	(void)state;
	for (int all = 0; all < 2; all++) {
		struct ration_receipt receipt = { .group = "t/g" };
		const struct run_end end = { .oom_takes_all = all, .wait = { .exit_code = 3 } };
		struct counters before, after;

		counters_of(&row, &before, &after);
		receipt_judge(&receipt, &end, &before, &after);
		assert_int_equal(receipt.verdict, all ? RATION_VERDICT_MEMORY : RATION_VERDICT_EXIT);
		assert_int_equal(receipt.exit_code, all ? 137 : 3);
		assert_int_equal(receipt.child_status, 3);
	}
}

static void test_core(void **state)
{
	(void)state;
	for (int core = 0; core < 2; core++) {
		struct ration_receipt receipt = { .group = "t/g" };
		const struct run_end end = { .wait = { .exit_code = -1, .signal = SIGQUIT, .core = core } };
		const struct row row = { .name = "" };
		struct counters before, after;

		counters_of(&row, &before, &after);
		receipt_judge(&receipt, &end, &before, &after);
		assert_int_equal(receipt.core, core);
	}
}

/* What a limit of a level above did: the group's own count isn't 0 then, but absent, unless it counts its own limit's. */
static void test_FC25_limits_of_the_levels_above(void **state)
{
	static const struct {
		uint64_t pids, high, throttled; /* by how much the tenant's moved */
		uint64_t own;                   /* each of the group's own */
		bool known[3];
		const char *evidence;
	} rows25[] = {
		{ 0, 0, 0, 0, { true, true, true }, "" },
		{ 2, 0, 0, 0, { false, true, true }, "pids.events.local:T2" },
		{ 0, 3, 0, 0, { true, false, true }, "high:T3" },
		{ 0, 0, 4, 0, { true, true, false }, "cpu.stat:T4" },
		{ 2, 3, 4, 1, { true, true, true }, "pids.events:G1 pids.events.local:T2 high:T3 cpu.stat:T4" },
	};
	static const enum ration_metric metrics[] = { RATION_METRIC_PIDS_REFUSED, RATION_METRIC_MEMORY_HIGH_COUNT,
		RATION_METRIC_THROTTLED_COUNT };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows25); i++) {
		const struct row row = { .name = "" };
		struct ration_receipt receipt = { .group = "t/g" };
		const struct run_end end = { .wait = { .exit_code = 0 } };
		struct counters before, after;
		char evidence[512];

		counters_of(&row, &before, &after);
		/* It had no such controller before. */
		before.level[0].pids = USAGE_ABSENT;
		after.level[1].high = USAGE_ABSENT;
		/* It had no limit at the start, but an earlier one, of which it still has the count. */
		before.level[1].throttled = USAGE_ABSENT;
		after.level[1].throttled = 7;
		after.level[0].pids += rows25[i].pids;
		after.level[0].high += rows25[i].high;
		after.level[0].throttled += rows25[i].throttled;
		for (size_t k = 0; k < ARRAY_SIZE(metrics); k++)
			receipt_set(&receipt, metrics[k], rows25[i].own, RATION_SOURCE_CGROUP2);
		receipt_judge(&receipt, &end, &before, &after);
		shown(&receipt, evidence, sizeof(evidence));
		assert_string_equal(evidence, rows25[i].evidence);
		for (size_t k = 0; k < ARRAY_SIZE(metrics); k++)
			assert_row((usage_get(&receipt.usage, metrics[k], NULL) != RATION_SOURCE_ABSENT) == rows25[i].known[k],
					"row %zu, metric %zu", i, k);
	}
}

/* Before 6.11 the group counts what others refuse: whose limit it was is seen by who had as many as that. */
static void test_FC25_forks_counted_by_the_group(void **state)
{
	static const struct {
		uint64_t before, after, peak; /* the group's own limit and tasks */
		bool tenant, ancestor, v1;    /* who had as many as its limit */
		const char *evidence;
	} forks[] = {
		{ NONE, NONE, 5, true, false, false, "pids.events:T3" },
		{ 10, 10, 5, true, false, false, "pids.events:T3" },
		{ 10, 10, 5, true, true, false, "pids.events:A3" },
		{ 10, 10, 5, false, false, false, "pids.events:O3" },
		{ 10, 10, 5, true, false, true, "pids.events:A3" },
		{ 10, 10, 10, true, false, false, "pids.events:G3" },
		{ 10, 10, NONE, true, false, false, "pids.events:G3" },
		/* Lowered, or raised, by the command. */
		{ NONE, 5, 5, true, false, false, "pids.events:G3" },
		{ 5, NONE, 5, true, false, false, "pids.events:G3" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forks); i++) {
		const struct row row = { .name = "" };
		struct ration_receipt receipt = { .group = "t/g" };
		const struct run_end end = { .wait = { .exit_code = 0 } };
		struct counters before, after;
		char evidence[512];

		counters_of(&row, &before, &after);
		before.pids_max = forks[i].before;
		after.pids_max = forks[i].after;
		after.pids_peak = forks[i].peak;
		after.pids_asked = true;
		after.pids_v1 = forks[i].v1;
		after.level[0].pids_full = forks[i].tenant;
		after.level[1].pids_full = forks[i].ancestor;
		receipt_set(&receipt, RATION_METRIC_PIDS_REFUSED, 3, RATION_SOURCE_CGROUP2);
		receipt_judge(&receipt, &end, &before, &after);
		shown(&receipt, evidence, sizeof(evidence));
		assert_row(strcmp(evidence, forks[i].evidence) == 0, "row %zu: \"%s\"", i, evidence);
	}
}

/* A level that was made meanwhile, or is gone, is compared with what there is. */
static void test_levels_by_name(void **state)
{
	const struct row row = { .name = "", .oom_kill = 1, .below = 1 };
	const struct run_end end = { .wait = { .exit_code = -1, .signal = SIGKILL } };
	struct ration_receipt receipt = { .group = "t/g" };
	struct counters before, after;

	(void)state;
	counters_of(&row, &before, &after);
	/* The tenant had no counter before; the ancestor, at another index now, didn't move. */
	before.level[0] = before.level[1];
	before.n_levels = 1;
	after.level[0].oom = 2;
	receipt_judge(&receipt, &end, &before, &after);
	assert_int_equal(receipt.n_evidence, 2);
	assert_int_equal(receipt.evidence[0].level, RATION_LEVEL_TENANT);
	assert_string_equal(receipt.paths + receipt.evidence[0].where, "/r/t");
	assert_int_equal(receipt.evidence[0].before, 0);
	assert_int_equal(receipt.evidence[0].after, 2);
}

/* Where groups above are out of sight, the machine's counter may have moved for one of them. */
static void test_above_a_container(void **state)
{
	const struct row row = { .name = "", .oom_kill = 1, .below = 1, .machine = 1 };
	const struct run_end end = { .wait = { .exit_code = -1, .signal = SIGKILL } };
	struct ration_receipt receipt = { .group = "t/g" };
	struct counters before, after;

	(void)state;
	counters_of(&row, &before, &after);
	before.hidden = after.hidden = true;
	receipt_judge(&receipt, &end, &before, &after);
	assert_int_equal(receipt.verdict, RATION_VERDICT_MEMORY_EXTERNAL);
	assert_string_equal(receipt.evidence[0].counter, "vmstat oom_kill");
	assert_int_equal(receipt.evidence[0].level, RATION_LEVEL_OUTSIDE);
	/* One that is seen comes first. */
	receipt = (struct ration_receipt) { .group = "t/g" };
	after.level[1].oom++;
	receipt_judge(&receipt, &end, &before, &after);
	assert_int_equal(receipt.evidence[0].level, RATION_LEVEL_ANCESTOR);
}

static void test_machine_counter_may_be_absent(void **state)
{
	const struct row row = { .name = "", .oom_kill = 1, .below = 1 };
	const struct run_end end = { .wait = { .exit_code = -1, .signal = SIGKILL } };
	struct ration_receipt receipt = { .group = "t/g" };
	struct counters before, after;

	(void)state;
	counters_of(&row, &before, &after);
	before.machine_oom_kill = 3;
	after.machine_oom_kill = NONE;
	receipt_judge(&receipt, &end, &before, &after);
	assert_int_equal(receipt.verdict, RATION_VERDICT_MEMORY_EXTERNAL);
	assert_int_equal(receipt.n_evidence, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_the_kernel_observes_the_peak),
		cmocka_unit_test(test_FC8_levels_that_look_alike),
		cmocka_unit_test(test_FC8_long_paths),
		cmocka_unit_test(test_FC7_a_peak_that_nobody_counts),
		cmocka_unit_test(test_watched_cpu_time_says_so),
		cmocka_unit_test(test_a_shell_outruns_the_end_in_v1),
		cmocka_unit_test(test_core),
		cmocka_unit_test(test_FC25_limits_of_the_levels_above),
		cmocka_unit_test(test_FC25_forks_counted_by_the_group),
		cmocka_unit_test(test_levels_by_name),
		cmocka_unit_test(test_above_a_container),
		cmocka_unit_test(test_machine_counter_may_be_absent),
	};

	return cmocka_run_group_tests_name("receipt", tests, NULL, NULL);
}
