/* SPDX-License-Identifier: MIT */
/*
 * receipt.c - why a run ended
 *
 * A pure function of the kernel's counters before and after, how the command ended, and what we
 * did. A verdict is never guessed from an exit code, or from a peak that is close to a limit: its
 * evidence is a counter that moved.
 *
 * For memory the kernel has two counters. `oom` moves in the group whose limit was hit, `oom_kill`
 * in the group of the victim. If our own `oom` moved, it was our limit. If only our `oom_kill`
 * moved, something else caused it: the lowest group above us whose `oom` moved or, if none did, a
 * machine without free memory. cgroup v1 has no `oom`, but reports it to listeners (limits/oom-v1.c).
 *
 * Other limits of the levels above don't end a run, but they act: forks are refused, and tasks
 * wait. Since Linux 6.11 a refused fork is counted where the limit is; before, and in cgroup v1,
 * where the fork was. What the group's own counter doesn't count mustn't look like nothing.
 */
#include "run/receipt.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

void receipt_set(struct ration_receipt *receipt, enum ration_metric metric, uint64_t value,
		enum ration_source source)
{
	usage_set(&receipt->usage, metric, value, source);
}

void receipt_fail(struct ration_receipt *receipt, const char *format, ...)
{
	va_list args;

	if (receipt->failure[0])
		return;
	va_start(args, format);
	(void)vsnprintf(receipt->failure, sizeof(receipt->failure), format, args);
	va_end(args);
	(void)text_clean(receipt->failure);
}

bool receipt_note(struct run_end *end, bool closed, enum run_cause cause, int sig, uint64_t observed)
{
	bool first = end->cause == RUN_CAUSE_NONE || end->cause == RUN_CAUSE_TERMINAL ||
		(end->cause == RUN_CAUSE_CPU_TIME_SOFT && cause != RUN_CAUSE_TERMINAL);

	if (!first || closed)
		return false;
	end->cause = cause;
	end->signal = sig;
	end->observed = observed;
	return true;
}

/* No file has this counter; we count what we hear as a listener. */
#define OOM_EVENTS_V1 "memory.oom_control events"

/* Adds a path to those of the evidence, or finds it there. A path that doesn't fit is left out, not cut: "". */
static size_t keep_path(struct ration_receipt *receipt, const char *where)
{
	size_t size = strlen(where) + 1, at = 0;

	while (at < receipt->n_paths && strcmp(receipt->paths + at, where) != 0)
		at += strlen(receipt->paths + at) + 1;
	if (at < receipt->n_paths)
		return at;
	if (size > sizeof(receipt->paths) - receipt->n_paths)
		return receipt->n_paths > 0 ? strlen(receipt->paths) : 0;
	memcpy(receipt->paths + at, where, size);
	receipt->n_paths += size;
	return at;
}

static void add_evidence(struct ration_receipt *receipt, const char *counter, enum ration_level level,
		const char *where, uint64_t before, uint64_t after)
{
	struct evidence *at = &receipt->evidence[receipt->n_evidence];

	if (receipt->n_evidence == EVIDENCE_MAX)
		return;
	*at = (struct evidence) { .level = level, .before = before, .after = after };
	(void)snprintf(at->counter, sizeof(at->counter), "%s", counter);
	at->where = keep_path(receipt, where);
	receipt->n_evidence++;
}

void receipt_tell(struct ration_receipt *receipt, const char *counter, uint64_t after)
{
	add_evidence(receipt, counter, RATION_LEVEL_GROUP, receipt->group, 0, after);
}

static bool counted(uint64_t counter)
{
	return counter != USAGE_ABSENT && counter > 0;
}

/* Adds a counter of the group itself, which began at 0. */
static void moved(struct ration_receipt *receipt, const char *counter, uint64_t after)
{
	if (counted(after))
		add_evidence(receipt, counter, RATION_LEVEL_GROUP, receipt->group, 0, after);
}

/* One of the counters of a level. */
static uint64_t of_level(const struct counter_level *level, size_t offset)
{
	return *(const uint64_t *)((const char *)level + offset);
}

/*
 * Finds the lowest group above ours, from level `first` on, whose counter at `offset` moved during the run,
 * and adds it to the evidence. Returns the next level, or 0.
 */
static size_t level_moved(struct ration_receipt *receipt, const struct counters *before, const struct counters *after,
		const char *counter, size_t offset, size_t first)
{
	for (size_t i = first; i < after->n_levels; i++) {
		const struct counter_level *at = &after->level[i];
		uint64_t then = 0, now = of_level(at, offset);
		char where[PATH_MAX];

		for (size_t k = 0; k < before->n_levels; k++) {
			if (before->level[k].device == at->device && before->level[k].inode == at->inode)
				then = of_level(&before->level[k], offset);
		}
		/*
		 * The counter of a controller that wasn't enabled began at 0. The CPU's isn't reset if it had
		 * a limit earlier.
		 */
		if (then == USAGE_ABSENT)
			then = offset == offsetof(struct counter_level, throttled) ? now : 0;
		if (now != USAGE_ABSENT && now > then) {
			add_evidence(receipt, counter, at->level, counters_where(after, at, where), then, now);
			return i + 1;
		}
	}
	return 0;
}

/* Finds the lowest group above whose memory limit was hit. */
static bool ancestor_moved(struct ration_receipt *receipt, const struct counters *before,
		const struct counters *after)
{
	return level_moved(receipt, before, after, after->v1 ? OOM_EVENTS_V1 : "memory.events.local oom",
			offsetof(struct counter_level, oom), 0) > 0;
}

static bool machine_moved(struct ration_receipt *receipt, const struct counters *before,
		const struct counters *after)
{
	if (before->machine_oom_kill == USAGE_ABSENT || after->machine_oom_kill == USAGE_ABSENT ||
			after->machine_oom_kill <= before->machine_oom_kill)
		return false;
	/* This counter includes the kills of all groups, also of a container's pod, which we can't see. */
	add_evidence(receipt, "vmstat oom_kill", after->hidden ? RATION_LEVEL_OUTSIDE : RATION_LEVEL_MACHINE, "",
			before->machine_oom_kill, after->machine_oom_kill);
	return true;
}

/*
 * Adds what the memory counters show, as evidence for any verdict, the decisive one first. Finds the verdict
 * if they explain a SIGKILL that wasn't ours.
 */
static bool judge_memory(struct ration_receipt *receipt, const struct counters *before,
		const struct counters *after, enum ration_verdict *ret)
{
	bool own = counted(after->oom) && counted(after->oom_kill_below);
	bool external = !own && counted(after->oom_kill);

	/* The machine's counter moves with every kill, so the groups above are checked first. */
	if (external && !ancestor_moved(receipt, before, after))
		(void)machine_moved(receipt, before, after);
	moved(receipt, after->v1 ? OOM_EVENTS_V1 : "memory.events.local oom", after->oom);
	moved(receipt, after->v1 ? "memory.oom_control oom_kill" : "memory.events.local oom_kill", after->oom_kill);
	moved(receipt, "memory.events.local oom_group_kill", after->oom_group_kill);
	/* Our group has no counter: this is worth reporting, but not enough for a verdict. */
	if (after->oom_kill == USAGE_ABSENT && !ancestor_moved(receipt, before, after))
		(void)machine_moved(receipt, before, after);
	*ret = own ? RATION_VERDICT_MEMORY : RATION_VERDICT_MEMORY_EXTERNAL;
	return own || external;
}

/* Makes a metric absent if it is 0, because a limit of a level above acted and this metric doesn't count it. */
static void not_zero(struct ration_receipt *receipt, enum ration_metric metric)
{
	uint64_t value;

	(void)usage_get(&receipt->usage, metric, &value);
	if (value == 0)
		usage_unset(&receipt->usage, metric);
}

/* Finds the level whose limit refused forks that the group counted, though its own limit didn't refuse them. */
static void judge_pids_above(struct ration_receipt *receipt, const struct counters *after, uint64_t refused)
{
	enum ration_level level = after->pids_v1 ? RATION_LEVEL_ANCESTOR : RATION_LEVEL_OUTSIDE;
	char where[PATH_MAX] = "";
	size_t full = 0;

	for (size_t i = 0; i < after->n_levels && !after->pids_v1; i++) {
		if (!after->level[i].pids_full)
			continue;
		level = full == 0 ? after->level[i].level : RATION_LEVEL_ANCESTOR;
		(void)counters_where(after, &after->level[i], where);
		full++;
	}
	add_evidence(receipt, "pids.events max", level, full == 1 ? where : "", 0, refused);
}

/* Tells whether the group always had fewer tasks than its own limit allows, at the start and at the end. */
static bool pids_were_free(const struct counters *before, const struct counters *after)
{
	uint64_t max = before->pids_max < after->pids_max ? before->pids_max : after->pids_max;

	return max == USAGE_ABSENT || (after->pids_peak != USAGE_ABSENT && after->pids_peak < max);
}

static void judge_pids(struct ration_receipt *receipt, const struct counters *before, const struct counters *after)
{
	uint64_t refused;

	/* The metric comes from the same file, if that exists. */
	if (usage_get(&receipt->usage, RATION_METRIC_PIDS_REFUSED, &refused) == RATION_SOURCE_ABSENT || refused == 0)
		return;
	if (after->pids_asked && pids_were_free(before, after))
		judge_pids_above(receipt, after, refused);
	else
		moved(receipt, "pids.events max", refused);
}

/*
 * Adds what limits of the levels above have done without ending anything. Other members of these groups may
 * have been affected, too.
 */
static void judge_above(struct ration_receipt *receipt, const struct counters *before, const struct counters *after)
{
	static const struct {
		const char *counter;
		size_t offset;
		enum ration_metric metric, second;
	} limits[] = {
		{ "pids.events.local max", offsetof(struct counter_level, pids), RATION_METRIC_PIDS_REFUSED, 0 },
		{ "memory.events.local high", offsetof(struct counter_level, high), RATION_METRIC_MEMORY_HIGH_COUNT, 0 },
		{ "cpu.stat nr_throttled", offsetof(struct counter_level, throttled), RATION_METRIC_THROTTLED_COUNT,
			RATION_METRIC_THROTTLED_USEC },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		size_t next = 0;

		while ((next = level_moved(receipt, before, after, limits[i].counter, limits[i].offset, next)) > 0) {
			not_zero(receipt, limits[i].metric);
			not_zero(receipt, limits[i].second);
		}
	}
	if (counted(after->throttled_above_v1) && before->throttled_above_v1 != USAGE_ABSENT &&
			after->throttled_above_v1 > before->throttled_above_v1) {
		add_evidence(receipt, "cpu.stat nr_throttled", RATION_LEVEL_ANCESTOR, "", before->throttled_above_v1,
				after->throttled_above_v1);
		not_zero(receipt, RATION_METRIC_THROTTLED_COUNT);
		not_zero(receipt, RATION_METRIC_THROTTLED_USEC);
	}
}

static enum ration_verdict verdict_of_status(const struct sys_wait *wait)
{
	if (wait->signal != 0)
		return RATION_VERDICT_SIGNAL;
	return wait->exit_code == 0 ? RATION_VERDICT_OK : RATION_VERDICT_EXIT;
}

/* For each cause of ours: the verdict, the limit, and the counter that showed it. */
static const struct {
	enum ration_verdict verdict;
	enum ration_limit limit;
	const char *counter;
} causes[] = {
	[RUN_CAUSE_WALL_TIME] = { RATION_VERDICT_WALL_TIME, RATION_LIMIT_TIMEOUT, "clock monotonic_usec" },
	[RUN_CAUSE_CPU_TIME_SOFT] = { RATION_VERDICT_CPU_TIME_SOFT, RATION_LIMIT_CPU_TIME, "cpu.stat usage_usec" },
	[RUN_CAUSE_CPU_TIME] = { RATION_VERDICT_CPU_TIME, RATION_LIMIT_CPU_TIME, "cpu.stat usage_usec" },
	[RUN_CAUSE_STALL] = { RATION_VERDICT_MEMORY_STALL, RATION_LIMIT_STALL_TIMEOUT,
		"memory.pressure full_usec" },
	[RUN_CAUSE_OUTPUT] = { RATION_VERDICT_OUTPUT, RATION_LIMIT_OUTPUT, "output bytes" },
	[RUN_CAUSE_WATCH_MEMORY] = { RATION_VERDICT_MEMORY, RATION_LIMIT_MEMORY,
		"watch memory_bytes" },
	[RUN_CAUSE_WATCH_PIDS] = { RATION_VERDICT_PIDS, RATION_LIMIT_PIDS, "watch tasks" },
};

void receipt_interrupted(struct ration_receipt *receipt, int sig)
{
	receipt->verdict = RATION_VERDICT_INTERRUPTED;
	receipt->exit_code = 128 + sig;
	add_evidence(receipt, "signal to the supervisor", RATION_LEVEL_GROUP, receipt->group, 0, (uint64_t)sig);
}

/* The file or measure that showed a cause. */
static const char *counter_of(const struct run_end *end, enum run_cause cause)
{
	if (end->cpu_by_v1 && causes[cause].limit == RATION_LIMIT_CPU_TIME)
		return "cpuacct.usage usec";
	if (end->cpu_by_watch && causes[cause].limit == RATION_LIMIT_CPU_TIME)
		return "watch cpu_usec";
	return causes[cause].counter;
}

static bool judge_cause(struct ration_receipt *receipt, const struct run_end *end)
{
	if (end->noted_usec > 0)
		add_evidence(receipt, counter_of(end, RUN_CAUSE_CPU_TIME_SOFT), RATION_LEVEL_GROUP, receipt->group, 0,
				end->noted_usec);
	if (end->cause == RUN_CAUSE_NONE)
		return false;
	if (end->cause == RUN_CAUSE_TERMINAL && end->wait.signal != end->signal)
		return false;
	if (end->cause == RUN_CAUSE_INTERRUPT || end->cause == RUN_CAUSE_TERMINAL) {
		receipt_interrupted(receipt, end->signal);
		return true;
	}
	if (end->cause == RUN_CAUSE_INTERNAL || end->cause == RUN_CAUSE_ESCAPED || end->cause == RUN_CAUSE_NOT_ENDED) {
		receipt->verdict = RATION_VERDICT_INTERNAL;
		return true;
	}
	receipt->verdict = causes[end->cause].verdict;
	receipt->outcome[limit_index(causes[end->cause].limit)] =
			(struct ration_outcome) { .acted = true, .observed = end->observed };
	add_evidence(receipt, counter_of(end, end->cause), RATION_LEVEL_GROUP, receipt->group, 0, end->observed);
	return true;
}

/*
 * cgroup v1 kills one process, and the supervisor kills the others. A shell that waits for the victim may
 * exit before that; with cgroup2 it couldn't.
 */
static bool outran_the_end(const struct run_end *end, enum ration_verdict memory)
{
	return end->oom_takes_all && memory == RATION_VERDICT_MEMORY && end->wait.signal == 0 && !end->lost;
}

int receipt_not_started_code(int start_errno)
{
	return start_errno == ENOENT ? 127 : 126;
}

static int exit_code_of(const struct ration_receipt *receipt, const struct run_end *end)
{
	int status = end->wait.signal != 0 ? 128 + end->wait.signal : end->wait.exit_code;

	if (end->lost)
		status = 125;
	switch (receipt->verdict) {
	case RATION_VERDICT_WALL_TIME:
	case RATION_VERDICT_CPU_TIME:
	case RATION_VERDICT_CPU_TIME_SOFT:
		return end->preserve_status ? status : 124;
	case RATION_VERDICT_INTERRUPTED:
		return 128 + end->signal;
	case RATION_VERDICT_NOT_STARTED:
		return receipt_not_started_code(receipt->start_errno);
	case RATION_VERDICT_INTERNAL:
		return 125;
	case RATION_VERDICT_MEMORY_STALL:
	case RATION_VERDICT_OUTPUT:
	case RATION_VERDICT_PIDS:
		/* We killed it, whatever the command did at the last moment. */
		return 128 + SIGKILL;
	case RATION_VERDICT_OK:
	case RATION_VERDICT_EXIT:
	case RATION_VERDICT_SIGNAL:
	case RATION_VERDICT_MEMORY_EXTERNAL:
		return status;
	case RATION_VERDICT_MEMORY:
		return end->cause == RUN_CAUSE_WATCH_MEMORY || outran_the_end(end, receipt->verdict) ? 128 + SIGKILL
												     : status;
	}
	return 125;
}

void receipt_judge(struct ration_receipt *receipt, const struct run_end *end, const struct counters *before,
		const struct counters *after)
{
	enum ration_verdict memory = RATION_VERDICT_INTERNAL;
	bool by_us = judge_cause(receipt, end);
	bool by_memory = judge_memory(receipt, before, after, &memory);

	judge_pids(receipt, before, after);
	/* These processes were outside of their limits. */
	if (receipt->strays > 0)
		add_evidence(receipt, "processes outside the group", RATION_LEVEL_GROUP, receipt->group, 0, receipt->strays);
	/* Last: with many levels, there may be no room for all. */
	judge_above(receipt, before, after);
	receipt->child_status = end->wait.signal != 0 ? -1 : end->wait.exit_code;
	receipt->child_signal = end->wait.signal;
	receipt->status_lost = end->lost;
	receipt->core = end->wait.core;
	/* After a soft limit's signal we do nothing more, so a SIGKILL is the kernel's. */
	if (by_us && end->cause == RUN_CAUSE_CPU_TIME_SOFT && end->wait.signal == SIGKILL && by_memory)
		by_us = false;
	if (!by_us && by_memory && (end->wait.signal == SIGKILL || outran_the_end(end, memory)))
		receipt->verdict = memory;
	else if (!by_us)
		receipt->verdict = end->lost ? RATION_VERDICT_INTERNAL : verdict_of_status(&end->wait);
	if (receipt->verdict == RATION_VERDICT_MEMORY && !receipt->outcome[LIMIT_INDEX_MEMORY].acted) {
		struct ration_outcome *outcome = &receipt->outcome[LIMIT_INDEX_MEMORY];

		outcome->acted = true;
		/* The kernel has counted the peak since 5.19. */
		if (usage_get(&receipt->usage, RATION_METRIC_MEMORY_PEAK_BYTES, &outcome->observed) == RATION_SOURCE_ABSENT)
			outcome->observed = RATION_UNKNOWN;
	}
	receipt->exit_code = exit_code_of(receipt, end);
}
