/* SPDX-License-Identifier: MIT */
/*
 * cmd-stat.c - ration stat: show resource usage of groups
 *
 * It prints what matters first, and with --all each figure with its source. With --watch it prints a line per
 * interval and group until the groups are gone, which events of the kernel tell at
 * once where there are any.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/commands/groups.h"
#include "cli/commands/stat-print.h"
#include "cli/options/options-plan.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/output/budgets.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/compat.h"
#include "util/error.h"

#define DEFAULT_INTERVAL_USEC 1000000
#define MIN_INTERVAL_USEC 10000

/* -------------------------------------------------------------------- once */

/* What was read, for --json. */
struct once {
	size_t n;
	struct json_stats *list;
	struct ration_host *host; /* for budgets: not before the first tenant */
};

static int stat_one(struct options *options, struct ration_group *group, const char *address, void *data,
		struct ration_error *reterr)
{
	struct once *once = data;
	struct json_stats *at = &once->list[once->n];
	int r;

	*at = (struct json_stats) { .address = address };
	r = ration_stats_new(group, &at->stats, reterr);
	if (r < 0)
		return r;
	once->n++;
	if (ration_group_is_tenant(group) && !once->host)
		r = options_host(options, &once->host, reterr);
	if (r < 0 || options->json)
		return r;
	stat_print(group, address, at->stats, options->all);
	return ration_group_is_tenant(group) ? budgets_print(options, once->host, address, reterr) : 0;
}

static int stat_once(struct options *options, char **operands, size_t n, struct ration_error *reterr)
{
	CLEANUP(freep) struct json_stats *list = calloc(n, sizeof(*list));
	struct once once = { .list = list };
	int status;

	if (!list)
		return error_oom(reterr);
	status = groups_each(options, operands, stat_one, &once);
	if (options->json && output_json(json_stat(list, once.n, once.host), reterr) < 0)
		status = -ENOMEM;
	for (size_t i = 0; i < once.n; i++)
		list[i].stats = ration_stats_free(list[i].stats);
	once.host = ration_host_free(once.host);
	return status;
}

/* ------------------------------------------------------------------- watch */

/* A group that is watched; no handle: it is gone. */
struct watched {
	const char *address;
	struct ration_group *group;
	struct ration_events *events; /* tells of its end; NULL: nothing does here */
	uint64_t cpu_usec, at_usec; /* at the last look; at 0: there was none */
};

struct watch {
	struct options *options;
	struct ration_host *host;
	size_t n, left;
	struct watched *list;
	struct pollfd *fds; /* one for each of the list */
};

#define WATCH_COLUMNS "%-24s %9s %12s %12s %8s %8s\n"

static const char *size_or_none(char buf[RATION_TEXT_MAX], const struct ration_stats *stats,
		enum ration_metric metric)
{
	uint64_t bytes;

	return ration_stats_metric(stats, metric, &bytes) == RATION_SOURCE_ABSENT ? "-" : ration_format_size(buf, bytes);
}

static const char *percent(char buf[RATION_TEXT_MAX], double value)
{
	(void)snprintf(buf, RATION_TEXT_MAX, "%.1f%%", value);
	return buf;
}

/* Share of one CPU since the last look. */
static const char *cpu_or_none(char buf[RATION_TEXT_MAX], struct watched *at, const struct ration_stats *stats)
{
	uint64_t now = clock_usec(CLOCK_MONOTONIC), cpu;
	const char *text = "-";

	if (ration_stats_metric(stats, RATION_METRIC_CPU_USEC, &cpu) == RATION_SOURCE_ABSENT)
		return text;
	if (at->at_usec > 0 && now > at->at_usec && cpu >= at->cpu_usec)
		text = percent(buf, 100.0 * (double)(cpu - at->cpu_usec) / (double)(now - at->at_usec));
	at->at_usec = now;
	at->cpu_usec = cpu;
	return text;
}

static void print_line(struct watched *at, const struct ration_stats *stats)
{
	char processes[RATION_TEXT_MAX] = "-", memory[RATION_TEXT_MAX], swap[RATION_TEXT_MAX],
		cpu[RATION_TEXT_MAX], pressure[RATION_TEXT_MAX];
	uint64_t n = ration_stats_processes(stats), pct100 = ration_stats_memory_pressure_pct100(stats);

	if (n != RATION_UNKNOWN)
		(void)snprintf(processes, sizeof(processes), "%" PRIu64, n);
	(void)printf(WATCH_COLUMNS, at->address, processes,
			size_or_none(memory, stats, RATION_METRIC_MEMORY_CURRENT_BYTES),
			size_or_none(swap, stats, RATION_METRIC_SWAP_CURRENT_BYTES), cpu_or_none(cpu, at, stats),
			pct100 == RATION_UNKNOWN ? "-" : percent(pressure, (double)pct100 / 100));
}

static void forget(struct watch *watch, struct watched *at)
{
	at->events = ration_events_free(at->events);
	at->group = ration_group_free(at->group);
	watch->left--;
}

static int look(struct watch *watch, struct watched *at, struct ration_error *reterr)
{
	struct json_stats now = { .address = at->address };
	int r = ration_stats_new(at->group, &now.stats, reterr);

	if (r == -ENOENT) {
		forget(watch, at);
		return 0;
	}
	if (r < 0)
		return r;
	if (watch->options->json)
		r = output_json(json_stat_line(&now, clock_usec(CLOCK_REALTIME)), reterr);
	else
		print_line(at, now.stats);
	now.stats = ration_stats_free(now.stats);
	return r;
}

/* Takes what has happened to a group; true: that is its end. */
static bool has_gone(struct watched *at)
{
	struct ration_event event = { .size = sizeof(event) };
	struct ration_error ignored;

	while (ration_events_next(at->events, &event, &ignored) > 0) {
		if (event.kind == RATION_EVENT_GONE)
			return true;
	}
	return false;
}

/* Sleeps until the next look, or until a group is gone, which is looked at no more. */
static void sleep_until(struct watch *watch, uint64_t usec)
{
	uint64_t now;

	while (watch->left > 0 && (now = clock_usec(CLOCK_MONOTONIC)) < usec) {
		const struct timespec rest = {
			.tv_sec = (time_t)((usec - now) / 1000000),
			.tv_nsec = (long)((usec - now) % 1000000) * 1000,
		};

		for (size_t i = 0; i < watch->n; i++) {
			const struct ration_events *events = watch->list[i].events;

			watch->fds[i] = (struct pollfd) { .fd = events ? ration_events_fd(events) : -1, .events = POLLIN };
		}
		if (ppoll(watch->fds, watch->n, &rest, NULL) <= 0)
			continue;
		for (size_t i = 0; i < watch->n; i++) {
			if (watch->fds[i].revents && has_gone(&watch->list[i]))
				forget(watch, &watch->list[i]);
		}
	}
}

/* Looks at all groups in turn, once an interval, while one is left and somebody reads. */
static int watch_groups(struct watch *watch, struct ration_error *reterr)
{
	uint64_t interval = watch->options->interval_usec;
	uint64_t next = clock_usec(CLOCK_MONOTONIC);

	if (!watch->options->json)
		(void)printf(WATCH_COLUMNS, "group", "processes", "memory", "swap", "cpu", "stalled");
	while (watch->left > 0) {
		for (size_t i = 0; i < watch->n; i++) {
			int r = watch->list[i].group ? look(watch, &watch->list[i], reterr) : 0;

			if (r < 0)
				return r;
		}
		if (watch->left == 0 || fflush(stdout) != 0)
			return 0;
		next += interval;
		sleep_until(watch, next);
	}
	return 0;
}

static int watch_open(struct watch *watch, char **operands, struct ration_error *reterr)
{
	const struct ration_events_options end = { .size = sizeof(end), .kinds = RATION_EVENT_BIT(RATION_EVENT_GONE) };
	int r = options_host(watch->options, &watch->host, reterr);

	for (; r >= 0 && operands[watch->n]; watch->n++) {
		struct watched *at = &watch->list[watch->n];

		at->address = operands[watch->n];
		r = ration_group_open(watch->host, at->address, &at->group, reterr);
		/* Where it can't be told, the next look sees it. */
		if (r >= 0 && ration_events_open(at->group, &end, &at->events, reterr) < 0)
			at->events = NULL;
	}
	watch->left = watch->n;
	return r;
}

static int stat_watch(struct options *options, char **operands, size_t n, struct ration_error *reterr)
{
	CLEANUP(freep) struct watched *list = calloc(n, sizeof(*list));
	CLEANUP(freep) struct pollfd *fds = calloc(n, sizeof(*fds));
	struct watch watch = { .options = options, .list = list, .fds = fds };
	int r = list && fds ? watch_open(&watch, operands, reterr) : error_oom(reterr);

	if (r >= 0)
		r = watch_groups(&watch, reterr);
	for (size_t i = 0; i < watch.n; i++)
		list[i].events = ration_events_free(list[i].events);
	for (size_t i = 0; i < watch.n; i++)
		list[i].group = ration_group_free(list[i].group);
	watch.host = ration_host_free(watch.host);
	return r;
}

/* ----------------------------------------------------------------- command */

static int check(struct options *options, struct ration_error *reterr)
{
	if (options->all && options->watch)
		return error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "--all and --watch exclude each other");
	if (options->interval_usec == 0)
		options->interval_usec = DEFAULT_INTERVAL_USEC;
	else if (!options->watch)
		return error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "--interval needs --watch");
	/* Written, 0 is for ever. */
	if (options->interval_usec < MIN_INTERVAL_USEC || options->interval_usec == RATION_UNLIMITED)
		return error_set(reterr, -ERANGE, RATION_CAUSE_INVALID,
				"--interval must be 10 ms or more, e.g. --interval 500ms");
	return 0;
}

static int stat_function(struct options *options, char **operands)
{
	struct ration_error error;
	size_t n = 0;
	int r = check(options, &error);

	while (operands[n])
		n++;
	if (r >= 0)
		r = (options->watch ? stat_watch : stat_once)(options, operands, n, &error);
	if (r < 0) {
		output_error(options->command->name, &error);
		r = EXIT_RATION;
	}
	return output_finish(options->command->name, r);
}

static const struct option_set stat_set = {
	.title = "Output",
	.rows = (const struct option[]) {
		{ .flag = "--all", .set = option_set_true, .offset = offsetof(struct options, all),
			.help = "Print each figure, with its source" },
		{ .flag = NULL },
	},
};

static const struct option_set watch_set = {
	.title = "Watching",
	.rows = (const struct option[]) {
		{ .flag = "--watch", .set = option_set_true, .offset = offsetof(struct options, watch),
			.help = "Print a line per group and interval" },
		{ .flag = "--interval", .argument = "DURATION", .set = option_set_duration,
			.offset = offsetof(struct options, interval_usec),
			.help = "Interval of --watch; default: 1s" },
		{ .flag = NULL },
	},
};

const struct command cmd_stat = {
	.name = "stat",
	.arguments = "[--all] [--watch [--interval DURATION]] [--json] GROUP...",
	.help = "Show resource usage of groups",
	.details =
		"Figures that the kernel doesn't count are left out. A limit is the lowest of the group's own and of those above it, "
		"which is named then. "
		"With --watch and --json, each line is a JSON object.\n"
		"\n"
		"Exit status: 0, with --watch when all groups are gone; 125 if a group doesn't "
		"exist or ration failed.",
	.sets = (const struct option_set *const[]) { &stat_set, &watch_set, &options_json, NULL },
	.operand = "GROUP",
	.min_operands = 1,
	.function = stat_function,
};
