/* SPDX-License-Identifier: MIT */
/*
 * verdict.c - how a run ended, in one line
 *
 * A line has up to four parts: the limit that ended the run, and what else was
 * reached without ending it: refused forks, a process that was OOM-killed while
 * the command went on, output that was cut.
 */
#include "cli/output/verdict.h"

#include <ctype.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/output/output.h"
#include "util/cleanup.h"
#include "util/text.h"

/* Text that grows, and stays cut off where it is full. */
struct line {
	char *buf;
	size_t used;
};

static void append(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append(struct line *line, const char *format, ...)
{
	size_t left = VERDICT_SENTENCE_MAX - line->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->buf + line->used, left, format, args);
	va_end(args);
	if (n > 0)
		line->used += (size_t)n < left ? (size_t)n : left - 1;
}

/* Appends `what` and the value of a limit: "memory limit 64 MiB". */
static void append_limit(struct line *line, const char *what, const struct ration_plan *plan,
		enum ration_limit limit, bool soft)
{
	const struct ration_plan_item *item = plan_item(plan, limit);
	char value[OUTPUT_VALUE_MAX];

	append(line, "%s", what);
	if (item)
		append(line, " %s", output_limit_value(value, ration_limit_info(limit),
				soft && item->asked_soft != RATION_UNLIMITED ? item->asked_soft :
				item->of_caller ? item->in_force : item->asked));
}

static bool known(const struct ration_receipt *receipt, enum ration_metric metric)
{
	return ration_receipt_metric(receipt, metric, NULL) != RATION_SOURCE_ABSENT;
}

/* A metric; 0 where it isn't known. */
static uint64_t number(const struct ration_receipt *receipt, enum ration_metric metric)
{
	uint64_t value;

	(void)ration_receipt_metric(receipt, metric, &value);
	return value;
}

/* What was measured when a limit ended the run. */
static uint64_t observed(const struct ration_receipt *receipt, enum ration_limit limit)
{
	struct ration_outcome outcome = { .size = sizeof(outcome) };

	(void)ration_receipt_outcome(receipt, limit, &outcome);
	return outcome.observed;
}

/* Appends " (peak 64 MiB" and the like: `before`, the metric, `after`; nothing where it isn't known. */
static bool append_metric(struct line *line, const char *before, const struct ration_receipt *receipt,
		enum ration_metric metric, const char *after)
{
	char value[OUTPUT_VALUE_MAX];

	if (!known(receipt, metric))
		return false;
	append(line, "%s%s%s", before, output_metric(value, metric, number(receipt, metric)), after);
	return true;
}

static const char *plural(uint64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

/* ------------------------------------------------- what the limit has done */

/* Tells whether a counter of the run's own group is among the evidence. */
static bool has_moved(const struct ration_receipt *receipt, const char *counter)
{
	struct ration_evidence at = { .size = sizeof(at) };

	for (size_t i = 0; ration_receipt_evidence(receipt, i, &at); i++) {
		if (at.level == RATION_LEVEL_GROUP && strcmp(at.counter, counter) == 0)
			return true;
	}
	return false;
}

static void append_oom_kills(struct line *line, const struct ration_receipt *receipt)
{
	uint64_t n = number(receipt, RATION_METRIC_OOM_KILLS);

	/*
	 * No number then: the kernel counts the first victim of a group kill twice, or not, as it
	 * comes. Before 5.17 it doesn't tell either whether it was one.
	 */
	if (has_moved(receipt, "memory.events.local oom_group_kill"))
		append(line, "oom-killed the whole group");
	else if (known(receipt, RATION_METRIC_OOM_KILLS) && n == 1)
		append(line, "oom-killed 1 process");
	else if (known(receipt, RATION_METRIC_OOM_KILLS) && n > 0)
		append(line, "oom-killed");
	else
		append(line, "killed");
	(void)append_metric(line, " (peak ", receipt, RATION_METRIC_MEMORY_PEAK_BYTES, ")");
}

static void tell_memory(struct line *line, const struct ration_receipt *receipt,
		const struct ration_plan_item *item)
{
	char value[OUTPUT_VALUE_MAX];

	if (item && item->mechanism == RATION_MECHANISM_WATCH)
		append(line, "killed (measured %s)",
				ration_format_size(value, observed(receipt, RATION_LIMIT_MEMORY)));
	else
		append_oom_kills(line, receipt);
}

static void tell_time(struct line *line, const struct ration_receipt *receipt,
		const struct ration_plan_item *item)
{
	(void)item;
	append(line, "%s", ration_receipt_child_signal(receipt) == SIGKILL ? "killed" :
			ration_receipt_child_signal(receipt) > 0 ? "terminated" : "ended");
	if (append_metric(line, " (ran ", receipt, RATION_METRIC_WALL_USEC, "")) {
		(void)append_metric(line, ", used ", receipt, RATION_METRIC_CPU_USEC, " CPU");
		append(line, ")");
	}
}

static void tell_stall(struct line *line, const struct ration_receipt *receipt,
		const struct ration_plan_item *item)
{
	char value[OUTPUT_VALUE_MAX];

	(void)item;
	append(line, "killed (waited for memory for %s)",
			ration_format_duration(value, observed(receipt, RATION_LIMIT_STALL_TIMEOUT)));
}

static void tell_pids(struct line *line, const struct ration_receipt *receipt,
		const struct ration_plan_item *item)
{
	(void)item;
	append(line, "killed (counted %" PRIu64 ")", observed(receipt, RATION_LIMIT_PIDS));
}

static void tell_output(struct line *line, const struct ration_receipt *receipt,
		const struct ration_plan_item *item)
{
	(void)item;
	append(line, "killed");
	if (append_metric(line, " (passed on: stdout ", receipt, RATION_METRIC_STDOUT_BYTES, "")) {
		(void)append_metric(line, ", stderr ", receipt, RATION_METRIC_STDERR_BYTES, "");
		append(line, ")");
	}
}

/* The verdicts that are a limit's doing. */
static const struct ending {
	enum ration_verdict verdict;
	enum ration_limit limit;
	bool soft;
	const char *what;
	void (*tell)(struct line *line, const struct ration_receipt *receipt,
			const struct ration_plan_item *item);
} endings[] = {
	{ RATION_VERDICT_MEMORY, RATION_LIMIT_MEMORY, false, "memory limit", tell_memory },
	{ RATION_VERDICT_MEMORY_STALL, RATION_LIMIT_STALL_TIMEOUT, false, "stall limit", tell_stall },
	{ RATION_VERDICT_WALL_TIME, RATION_LIMIT_TIMEOUT, true, "wall-time limit", tell_time },
	{ RATION_VERDICT_CPU_TIME, RATION_LIMIT_CPU_TIME, false, "cpu-time limit", tell_time },
	{ RATION_VERDICT_CPU_TIME_SOFT, RATION_LIMIT_CPU_TIME, true, "soft cpu-time limit", tell_time },
	{ RATION_VERDICT_PIDS, RATION_LIMIT_PIDS, false, "tasks limit", tell_pids },
	{ RATION_VERDICT_OUTPUT, RATION_LIMIT_OUTPUT, false, "output limit", tell_output },
};

static void append_ending(struct line *line, const struct ration_receipt *receipt,
		const struct ration_plan *plan)
{
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		const struct ending *ending = &endings[i];

		if (ending->verdict != ration_receipt_verdict(receipt))
			continue;
		append_limit(line, ending->what, plan, ending->limit, ending->soft);
		append(line, " reached: ");
		ending->tell(line, receipt, plan_item(plan, ending->limit));
	}
}

/* ------------------------------------------------------------- a signal of others */

/* As a shell tells it, which is silent about a closed pipe and a key of the terminal. */
static void append_signal(struct line *line, const struct ration_receipt *receipt)
{
	int sig = ration_receipt_child_signal(receipt);
	const char *name = strsignal(sig);

	if (ration_receipt_verdict(receipt) != RATION_VERDICT_SIGNAL || sig == SIGPIPE || sig == SIGINT)
		return;
	append(line, "command ended by signal %d", sig);
	/* "Segmentation fault", but not "RT34". */
	if (name && islower((unsigned char)name[1]))
		append(line, " (%c%s)", tolower((unsigned char)name[0]), name + 1);
	append(line, "%s", ration_receipt_core(receipt) ? ", core dumped" : "");
}

/* --------------------------------------------------- memory, but not by us */

/* Finds the first counter that moved outside the group itself. */
static bool outside(const struct ration_receipt *receipt, struct ration_evidence *ret)
{
	for (size_t i = 0; ration_receipt_evidence(receipt, i, ret); i++) {
		if (ret->level != RATION_LEVEL_GROUP)
			return true;
	}
	return false;
}

static void append_external(struct line *line, const struct ration_receipt *receipt)
{
	struct ration_evidence evidence = { .size = sizeof(evidence) };
	char where[VERDICT_PATH_MAX];

	if (ration_receipt_verdict(receipt) != RATION_VERDICT_MEMORY_EXTERNAL)
		return;
	if (!outside(receipt, &evidence))
		append(line, "out of memory outside this run's limit: ");
	else if (evidence.level == RATION_LEVEL_MACHINE)
		append(line, "the machine ran out of memory: ");
	else if (evidence.level == RATION_LEVEL_OUTSIDE)
		append(line, "memory limit outside this container, or the machine's memory, reached: ");
	else
		append(line, "memory limit of the %s %s reached: ", ration_level_name(evidence.level),
				text_escape(where, sizeof(where), evidence.where));
	append_oom_kills(line, receipt);
}

/* ----------------------------------------------- what didn't end the run */

static void join(struct line *line)
{
	if (line->used > 0)
		append(line, "; ");
}

/* Each level that has refused forks; those above may have refused them to others. */
static void append_refused(struct line *line, const struct ration_receipt *receipt,
		const struct ration_plan *plan)
{
	struct ration_evidence at = { .size = sizeof(at) };
	char where[TEXT_SHOWN_MAX];

	for (size_t i = 0; ration_receipt_evidence(receipt, i, &at); i++) {
		if (strncmp(at.counter, "pids.events", strlen("pids.events")) != 0)
			continue;
		join(line);
		if (at.level == RATION_LEVEL_GROUP)
			append_limit(line, "tasks limit", plan, RATION_LIMIT_PIDS, false);
		else if (at.where[0])
			append(line, "tasks limit of the %s %s", ration_level_name(at.level),
					text_escape(where, sizeof(where), at.where));
		else
			append(line, "tasks limit of a group above");
		append(line, " reached: %" PRIu64 " %s refused", at.after - at.before,
				plural(at.after - at.before, "fork", "forks"));
	}
}

static void append_survived(struct line *line, const struct ration_receipt *receipt,
		const struct ration_plan *plan)
{
	uint64_t n = number(receipt, RATION_METRIC_OOM_KILLS);

	if (!known(receipt, RATION_METRIC_OOM_KILLS) || n == 0 || ration_receipt_verdict(receipt) == RATION_VERDICT_MEMORY ||
			ration_receipt_verdict(receipt) == RATION_VERDICT_MEMORY_EXTERNAL)
		return;
	join(line);
	if (has_moved(receipt, "memory.events.local oom") || has_moved(receipt, "memory.oom_control events"))
		append_limit(line, "memory limit", plan, RATION_LIMIT_MEMORY, false);
	else
		append(line, "memory limit outside this run");
	append(line, " reached: oom-killed %" PRIu64 " %s, not the command", n,
			plural(n, "process", "processes"));
}

static void append_truncated(struct line *line, const struct ration_receipt *receipt,
		const struct ration_plan *plan)
{
	if (!ration_receipt_truncated(receipt) || ration_receipt_verdict(receipt) == RATION_VERDICT_OUTPUT)
		return;
	join(line);
	append_limit(line, "output limit", plan, RATION_LIMIT_OUTPUT, false);
	append(line, " reached: the rest was dropped");
}

/* How many were found outside the group; 0: it was the command. */
static uint64_t strays(const struct ration_receipt *receipt)
{
	struct ration_evidence evidence = { .size = sizeof(evidence) };

	for (size_t i = 0; ration_receipt_evidence(receipt, i, &evidence); i++) {
		if (strcmp(evidence.counter, "processes outside the group") == 0)
			return evidence.after;
	}
	return 0;
}

static void append_escaped(struct line *line, const struct ration_receipt *receipt)
{
	uint64_t n = strays(receipt);
	char shown[VERDICT_PATH_MAX];

	if (!ration_receipt_escaped_to(receipt)[0])
		return;
	join(line);
	if (n > 0)
		append(line, "%" PRIu64 " %s left the group", n, plural(n, "process", "processes"));
	else
		append(line, "the command left its group");
	append(line, " for %s and %s killed: the run's limits don't apply there",
			text_escape(shown, sizeof(shown), ration_receipt_escaped_to(receipt)), plural(n > 0 ? n : 1, "was", "were"));
}

/* The value of a counter of the run's own group among the evidence; 0 where it isn't. */
static uint64_t moved_to(const struct ration_receipt *receipt, const char *counter)
{
	struct ration_evidence at = { .size = sizeof(at) };

	for (size_t i = 0; ration_receipt_evidence(receipt, i, &at); i++) {
		if (at.level == RATION_LEVEL_GROUP && strcmp(at.counter, counter) == 0)
			return at.after;
	}
	return 0;
}

static void append_left(struct line *line, const struct ration_receipt *receipt)
{
	uint64_t segments = moved_to(receipt, "sysvipc/shm segments");
	char bytes[OUTPUT_VALUE_MAX];

	if (segments == 0)
		return;
	join(line);
	append(line, "%s of shared memory stay behind, %" PRIu64 " new System V %s perhaps (ipcs -m lists, ipcrm removes)",
			ration_format_size(bytes, moved_to(receipt, "memory.stat shmem")), segments,
			plural(segments, "segment", "segments"));
}

/* A sentence, and not a word. */
#define FAILURE_SHOWN_MAX 256

static void append_failure(struct line *line, const struct ration_receipt *receipt)
{
	const char *failure = ration_receipt_failure(receipt);
	char shown[FAILURE_SHOWN_MAX];

	if (!failure[0])
		return;
	join(line);
	append(line, "%s", text_escape(shown, sizeof(shown), failure));
}

/* A limit that isn't what it was: the command's own doing, or somebody's who may. */
static void append_changed(struct line *line, const struct ration_receipt *receipt,
		const struct ration_plan *plan)
{
	const struct ration_plan_item *item;

	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
		const struct ration_limit_info *info = ration_limit_info(item->limit);
		struct ration_outcome outcome = { .size = sizeof(outcome) };
		char before[OUTPUT_VALUE_MAX], after[OUTPUT_VALUE_MAX];

		if (!ration_receipt_outcome(receipt, item->limit, &outcome) || !outcome.changed)
			continue;
		join(line);
		if (outcome.at_end == item->in_force) {
			append(line, "%s was raised during the run, above the peak, and put back to %s", info->name,
					output_limit_value(after, info, outcome.at_end));
			continue;
		}
		append(line, "%s was changed during the run, from %s to %s", info->name,
				output_limit_value(before, info, item->in_force),
				output_limit_value(after, info, outcome.at_end));
	}
}

const char *verdict_sentence(char buf[VERDICT_SENTENCE_MAX], const struct ration_receipt *receipt,
		const struct ration_plan *plan)
{
	struct line line = { .buf = buf };

	buf[0] = '\0';
	append_ending(&line, receipt, plan);
	append_signal(&line, receipt);
	append_escaped(&line, receipt);
	append_failure(&line, receipt);
	append_changed(&line, receipt, plan);
	append_external(&line, receipt);
	append_refused(&line, receipt, plan);
	append_survived(&line, receipt, plan);
	append_truncated(&line, receipt, plan);
	append_left(&line, receipt);
	return buf;
}
