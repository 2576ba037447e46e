/* SPDX-License-Identifier: MIT */
/*
 * stat-print.c - what a group uses, for people
 */
#include "cli/commands/stat-print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands/groups.h"
#include "cli/output/output.h"
#include "util/cleanup.h"

/* One subject. If nothing is known about it, nothing is printed. */
struct line {
	const struct ration_stats *stats;
	const char *title;
	char text[400];
	size_t used;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct line *line, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->used, sizeof(line->text) - line->used, format, args);
	va_end(args);
	line->used += n > 0 ? (size_t)n : 0;
	if (line->used >= sizeof(line->text))
		line->used = sizeof(line->text) - 1;
}

static void print(const struct line *line)
{
	if (line->used > 0)
		(void)printf("  %-9s %s\n", line->title, line->text);
}

/* Adds "WORDS VALUE", behind a comma where there is something before it. Returns whether the figure is known. */
static bool add_metric(struct line *line, const char *words, enum ration_metric metric)
{
	char value[OUTPUT_VALUE_MAX];
	uint64_t number;

	if (ration_stats_metric(line->stats, metric, &number) == RATION_SOURCE_ABSENT)
		return false;
	add(line, "%s%s%s", line->used ? ", " : "", words, output_metric(value, metric, number));
	return true;
}

/* " of 200 MiB", and where that is set if it isn't the group's own. */
static void add_limit(struct line *line, const struct ration_group *group, enum ration_limit which)
{
	struct ration_group_limit *limit = NULL;
	char value[OUTPUT_VALUE_MAX];

	if (ration_group_limit_new(group, which, &limit, NULL) < 0)
		return;
	if (limit->has_effective && limit->effective != RATION_UNLIMITED && limit->level != RATION_LEVEL_MACHINE)
		add(line, " of %s%s%s%s", output_limit_value(value, ration_limit_info(which), limit->effective),
				limit->level == RATION_LEVEL_GROUP ? "" : " (",
				limit->level == RATION_LEVEL_GROUP ? "" : ration_level_name(limit->level),
				limit->level == RATION_LEVEL_GROUP ? "" : ")");
	limit = ration_group_limit_free(limit);
}

static void print_cpu(const struct ration_group *group, const struct ration_stats *stats)
{
	struct line line = { .stats = stats, .title = "cpu" };

	(void)add_metric(&line, "", RATION_METRIC_CPU_USEC);
	(void)add_metric(&line, "user ", RATION_METRIC_CPU_USER_USEC);
	(void)add_metric(&line, "system ", RATION_METRIC_CPU_SYSTEM_USEC);
	(void)add_metric(&line, "throttled ", RATION_METRIC_THROTTLED_USEC);
	if (line.used > 0) {
		struct line limit = { .stats = stats };

		add_limit(&limit, group, RATION_LIMIT_CPUS);
		if (limit.used > 0)
			add(&line, "; limit%s CPUs", limit.text + strlen(" of"));
	}
	print(&line);
}

static void print_memory(const struct ration_group *group, const struct ration_stats *stats)
{
	struct line line = { .stats = stats, .title = "memory" };

	if (add_metric(&line, "", RATION_METRIC_MEMORY_CURRENT_BYTES))
		add_limit(&line, group, RATION_LIMIT_MEMORY);
	(void)add_metric(&line, "peak ", RATION_METRIC_MEMORY_PEAK_BYTES);
	if (add_metric(&line, "swap ", RATION_METRIC_SWAP_CURRENT_BYTES))
		add_limit(&line, group, RATION_LIMIT_SWAP);
	print(&line);
}

static void print_tasks(const struct ration_group *group, const struct ration_stats *stats)
{
	struct line line = { .stats = stats, .title = "tasks" };

	if (add_metric(&line, "", RATION_METRIC_PIDS_CURRENT))
		add_limit(&line, group, RATION_LIMIT_PIDS);
	(void)add_metric(&line, "peak ", RATION_METRIC_PIDS_PEAK);
	print(&line);
}

static void print_io(const struct ration_stats *stats)
{
	struct line line = { .stats = stats, .title = "io" };

	(void)add_metric(&line, "read ", RATION_METRIC_IO_READ_BYTES);
	(void)add_metric(&line, "written ", RATION_METRIC_IO_WRITE_BYTES);
	print(&line);
}

static void print_pressure(const struct ration_stats *stats)
{
	struct line line = { .stats = stats, .title = "pressure" };
	uint64_t pct100 = ration_stats_memory_pressure_pct100(stats);

	if (pct100 != RATION_UNKNOWN)
		add(&line, "%.2f %% of the last 10 s waiting for memory", (double)pct100 / 100);
	(void)add_metric(&line, "in all: cpu ", RATION_METRIC_CPU_PRESSURE_SOME_USEC);
	(void)add_metric(&line, "memory ", RATION_METRIC_MEMORY_PRESSURE_SOME_USEC);
	(void)add_metric(&line, "io ", RATION_METRIC_IO_PRESSURE_FULL_USEC);
	print(&line);
}

/* Those that there were: limits that were hit. */
static void print_events(const struct ration_stats *stats)
{
	static const struct {
		enum ration_metric metric;
		const char *words;
	} events[] = {
		{ RATION_METRIC_OOM_KILLS, "OOM kills " },
		{ RATION_METRIC_PIDS_REFUSED, "refused tasks " },
		{ RATION_METRIC_MEMORY_HIGH_COUNT, "above memory-high " },
		{ RATION_METRIC_THROTTLED_COUNT, "throttled periods " },
	};
	struct line line = { .stats = stats, .title = "events" };
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		uint64_t value;

		if (ration_stats_metric(stats, events[i].metric, &value) == RATION_SOURCE_ABSENT)
			continue;
		known = true;
		if (value > 0)
			(void)add_metric(&line, events[i].words, events[i].metric);
	}
	if (known && line.used == 0)
		add(&line, "none");
	print(&line);
}

void stat_print(const struct ration_group *group, const char *address, const struct ration_stats *stats, bool all)
{
	uint64_t processes = ration_stats_processes(stats);

	(void)printf("%s: ", address);
	if (processes != RATION_UNKNOWN)
		(void)printf("%" PRIu64 " %s", processes, groups_processes(processes));
	else
		(void)printf("%s", ration_stats_populated(stats) ? "has processes" : "no processes");
	(void)printf(", %s\n", ration_state_name(ration_stats_state(stats)));
	print_cpu(group, stats);
	print_memory(group, stats);
	print_tasks(group, stats);
	print_io(stats);
	print_pressure(stats);
	print_events(stats);
	if (all)
		output_usage(stdout, (struct metrics) { .stats = stats });
}
