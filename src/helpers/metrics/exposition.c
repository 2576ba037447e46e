/* SPDX-License-Identifier: MIT */
/*
 * exposition.c - metrics as Prometheus reads them: its text format 0.0.4, or OpenMetrics 1.0
 *
 * All values of a metric must be together, below one head. They are collected in the order of the
 * groups, so each metric has a buffer. The formats differ little: OpenMetrics has units, a type for
 * facts, the name of a counter without its ending in the head, the time of its beginning, and an
 * end mark.
 */
#include "helpers/metrics/exposition.h"

#include <inttypes.h>
#include <string.h>

#include "util/cleanup.h"

enum type {
	TYPE_INFO,
	TYPE_GAUGE,
	TYPE_COUNTER,
	TYPE_HISTOGRAM,
};

struct head {
	const char *name; /* without what a counter's or a fact's ends in */
	enum type type;
	const char *unit; /* the end of the name, or NULL */
	const char *help;
};

static const struct head heads[FAMILY_COUNT] = {
	[FAMILY_GROUP_INFO] = { "ration_group", TYPE_INFO, NULL, "A tenant, or a group in it that is kept." },
	[FAMILY_GROUPS] = { "ration_groups", TYPE_GAUGE, NULL, "Groups of a tenant, by the state of the process that they belong to." },
	[FAMILY_GROUP_FROZEN] = { "ration_group_frozen", TYPE_GAUGE, NULL, "Whether all processes are frozen." },
	[FAMILY_CPU_USAGE] = { "ration_cpu_usage_seconds", TYPE_COUNTER, "seconds", "CPU time, by mode." },
	[FAMILY_CPU_LIMIT] = { "ration_cpu_limit_cores", TYPE_GAUGE, "cores", "CPUs that can be used at most." },
	[FAMILY_CPU_THROTTLED] = { "ration_cpu_throttled_seconds", TYPE_COUNTER, "seconds", "Time for which the own CPU limit stopped it." },
	[FAMILY_MEMORY_USAGE] = { "ration_memory_usage_bytes", TYPE_GAUGE, "bytes", "Memory in use, with the page cache." },
	[FAMILY_MEMORY_PEAK] = { "ration_memory_peak_bytes", TYPE_GAUGE, "bytes", "The most memory that was in use at once." },
	[FAMILY_MEMORY_WORKING_SET] = { "ration_memory_working_set_bytes", TYPE_GAUGE, "bytes",
		"Memory in use, without page cache that wasn't used lately." },
	[FAMILY_MEMORY_LIMIT] = { "ration_memory_limit_bytes", TYPE_GAUGE, "bytes", "The own limits of memory and swap, where there are any." },
	[FAMILY_MEMORY_EVENTS] = { "ration_memory_events", TYPE_COUNTER, NULL, "Events of memory.events, in it and below." },
	[FAMILY_TASKS] = { "ration_tasks", TYPE_GAUGE, NULL, "Processes and threads." },
	[FAMILY_TASKS_LIMIT] = { "ration_tasks_limit", TYPE_GAUGE, NULL, "Processes and threads that there can be at most." },
	[FAMILY_TASKS_LIMIT_HITS] = { "ration_tasks_limit_hits", TYPE_COUNTER, NULL, "Tasks that the limit kept from being started." },
	[FAMILY_IO] = { "ration_io_bytes", TYPE_COUNTER, "bytes", "Bytes read and written, by disk." },
	[FAMILY_PRESSURE_WAITING] = { "ration_pressure_waiting_seconds", TYPE_COUNTER, "seconds", "Time for which some task waited for a resource." },
	[FAMILY_PRESSURE_STALLED] = { "ration_pressure_stalled_seconds", TYPE_COUNTER, "seconds", "Time for which all tasks waited for a resource." },
	[FAMILY_BUDGET_MEMORY] = { "ration_budget_memory_bytes", TYPE_GAUGE, "bytes", "Memory that all groups can have as limits together." },
	[FAMILY_BUDGET_MEMORY_TAKEN] = { "ration_budget_memory_taken_bytes", TYPE_GAUGE, "bytes", "The sum of their limits of memory." },
	[FAMILY_BUDGET_CPUS] = { "ration_budget_cpu_cores", TYPE_GAUGE, "cores", "CPUs that all groups can have as limits together." },
	[FAMILY_BUDGET_CPUS_TAKEN] = { "ration_budget_cpu_taken_cores", TYPE_GAUGE, "cores", "The sum of their limits of CPUs." },
	[FAMILY_BUDGET_RUNS] = { "ration_budget_runs", TYPE_GAUGE, NULL, "Groups that there can be at a time." },
	[FAMILY_BUDGET_RUNS_TAKEN] = { "ration_budget_runs_taken", TYPE_GAUGE, NULL, "Groups that there are, of those in the budget." },
	[FAMILY_RUNS] = { "ration_runs", TYPE_COUNTER, NULL, "Runs that have ended, by verdict, as the journal has them." },
	[FAMILY_RUN_DURATION] = { "ration_run_duration_seconds", TYPE_HISTOGRAM, "seconds", "How long runs took, as the journal has it." },
	[FAMILY_FALLBACK] = { "ration_fallback", TYPE_COUNTER, NULL, "Limits of runs that a weaker mechanism enforced, or none." },
	[FAMILY_SCRAPE_ERRORS] = { "ration_scrape_errors", TYPE_COUNTER, NULL, "What couldn't be told, by reason." },
};

/* Of the name in its head and of that of its values. */
static const char *end_of(enum type type, bool head, bool openmetrics)
{
	if (head && openmetrics)
		return "";
	return type == TYPE_COUNTER ? "_total" : type == TYPE_INFO ? "_info" : "";
}

static void put_value(struct buffer *buffer, uint64_t value, unsigned decimals)
{
	uint64_t unit = 1, part;

	for (unsigned i = 0; i < decimals; i++)
		unit *= 10;
	buffer_printf(buffer, "%" PRIu64, value / unit);
	part = value % unit;
	if (part == 0)
		return;
	for (; part % 10 == 0; decimals--)
		part /= 10;
	buffer_printf(buffer, ".%0*" PRIu64, (int)decimals, part);
}

/* In both formats a value has these three ways out, and may have any other byte. */
static void put_quoted(struct buffer *buffer, const char *text)
{
	buffer_put(buffer, "\"");
	for (; *text; text++) {
		if (*text == '\n')
			buffer_put(buffer, "\\n");
		else if (*text == '"' || *text == '\\')
			buffer_printf(buffer, "\\%c", *text);
		else
			(void)buffer_add(buffer, text, 1);
	}
	buffer_put(buffer, "\"");
}

static void put_labels(struct buffer *buffer, const struct label *label)
{
	char before = '{';

	for (; label && label->name; label++) {
		if (!label->value || !*label->value)
			continue;
		buffer_printf(buffer, "%c%s=", before, label->name);
		put_quoted(buffer, label->value);
		before = ',';
	}
	if (before == ',')
		buffer_put(buffer, "}");
}

void exposition_part(struct exposition *exposition, enum family family, const char *part, const struct label *labels,
		uint64_t value, unsigned decimals)
{
	struct buffer *buffer = &exposition->family[family];

	buffer_printf(buffer, "%s%s", heads[family].name, part);
	put_labels(buffer, labels);
	buffer_put(buffer, " ");
	put_value(buffer, value, decimals);
	buffer_put(buffer, "\n");
}

void exposition_add(struct exposition *exposition, enum family family, const struct label *labels, uint64_t value,
		unsigned decimals)
{
	exposition_part(exposition, family, end_of(heads[family].type, false, exposition->openmetrics), labels, value, decimals);
}

void exposition_created(struct exposition *exposition, enum family family, const struct label *labels, uint64_t usec)
{
	if (exposition->openmetrics)
		exposition_part(exposition, family, "_created", labels, usec, DECIMALS_USEC);
}

static void put_head(struct buffer *text, const struct head *head, bool openmetrics)
{
	static const char *const types[] = { "info", "gauge", "counter", "histogram" };
	const char *end = end_of(head->type, true, openmetrics);
	const char *type = head->type == TYPE_INFO && !openmetrics ? "gauge" : types[head->type];

	buffer_printf(text, "# HELP %s%s %s\n# TYPE %s%s %s\n", head->name, end, head->help, head->name, end, type);
	if (openmetrics && head->unit)
		buffer_printf(text, "# UNIT %s %s\n", head->name, head->unit);
}

char *exposition_take(struct exposition *exposition, size_t *ret_length)
{
	CLEANUP(buffer_done) struct buffer text = { .text = NULL };

	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		struct buffer *family = &exposition->family[i];

		if (family->failed)
			return NULL;
		if (family->length == 0)
			continue;
		put_head(&text, &heads[i], exposition->openmetrics);
		(void)buffer_add(&text, family->text, family->length);
	}
	if (exposition->openmetrics)
		buffer_put(&text, "# EOF\n");
	/* Without anything it is a text nevertheless. */
	(void)buffer_add(&text, "", 0);
	*ret_length = text.length;
	return buffer_take(&text);
}

void exposition_done(struct exposition *exposition)
{
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		buffer_done(&exposition->family[i]);
}
