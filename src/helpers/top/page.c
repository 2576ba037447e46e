/* SPDX-License-Identifier: MIT */
/*
 * page.c - all that is known of one group
 */
#include <stdio.h>
#include <string.h>

#include "helpers/top/table.h"
#include "util/cleanup.h"
#include "util/text.h"

/* Where the values begin. */
#define INDENT 12

static void label(struct line *line, const char *text)
{
	line_cell(line, LINE_DIM, -INDENT, text);
}

static double value(const struct model_group *group, enum model_figure figure)
{
	uint64_t number = group->details ? group->details->now.value[figure] : RATION_UNKNOWN;

	return number == RATION_UNKNOWN ? -1 : (double)number;
}

static void add_bytes(struct line *line, const char *what, double bytes)
{
	char text[LINE_NUMBER_MAX];

	line_add(line, LINE_DIM, "  %s ", what);
	line_add(line, LINE_PLAIN, "%s", line_bytes(text, bytes));
}

static void add_limit(struct line *line, const char *what, uint64_t limit)
{
	char text[LINE_NUMBER_MAX];

	line_add(line, LINE_DIM, "  %s ", what);
	line_add(line, LINE_PLAIN, "%s", limit == RATION_UNLIMITED ? "none" : line_bytes(text, (double)limit));
}

/* The last readings, the newest at the right end, against the limit or else the most that there was. */
static void curve(const struct table *table, struct line *line, const float *ring, unsigned n, double bound)
{
	double values[MODEL_HISTORY], most = bound;
	size_t wanted = table->width > INDENT + 4 ? (size_t)table->width - INDENT - 2 : 1;
	size_t shown = n < MODEL_HISTORY ? n : MODEL_HISTORY;

	if (shown > wanted)
		shown = wanted;
	for (size_t i = 0; i < shown; i++) {
		values[i] = ring[(n - shown + i) % MODEL_HISTORY];
		if (bound <= 0 && values[i] > most)
			most = values[i];
	}
	for (size_t i = 0; i < shown; i++)
		values[i] = values[i] < 0 ? -1 : most > 0 ? values[i] / most : 0;
	line_curve(line, LINE_GOOD, values, shown);
}

static void page_title(const struct model_group *group, struct line *line)
{
	const struct model_details *details = group->details;

	line_add(line, LINE_STRONG, "%s %s", group->is_tenant ? "tenant" : "group", group->address);
	if (details && details->now.usec)
		line_add(line, details->frozen ? LINE_NEAR : LINE_PLAIN, "  %s", details->frozen ? "frozen" : details->empty ? "empty" : "running");
}

static void page_owner(const struct model_group *group, struct line *line)
{
	const struct model_details *details = group->details;

	label(line, "owner");
	line_add(line, LINE_PLAIN, "%s", details ? ration_owner_name(details->owner) : "-");
	if (details && details->owner_pid > 0)
		line_add(line, LINE_PLAIN, ", pid %d", details->owner_pid);
	if (details && details->mechanism != RATION_MECHANISM_NONE)
		line_add(line, LINE_DIM, "  limits by %s", ration_mechanism_name(details->mechanism));
}

static void page_command(const struct model_group *group, struct line *line)
{
	char text[256];

	label(line, "command");
	line_add(line, LINE_PLAIN, "%s", text_escape(text, sizeof(text), group->details ? group->details->command : ""));
}

static void page_cpu(const struct model_group *group, struct line *line)
{
	double cpus = model_cpus(group), throttled = group->details ?
		model_rate(&group->details->before, &group->details->now, MODEL_THROTTLED) : -1;
	uint64_t limit = group->limit[MODEL_LIMIT_CPUS];

	label(line, "CPUs");
	if (cpus >= 0)
		line_add(line, LINE_PLAIN, "%.2f", cpus);
	else
		line_add(line, LINE_PLAIN, "-");
	if (limit == RATION_UNLIMITED)
		line_add(line, LINE_DIM, "  limit none");
	else
		line_add(line, LINE_DIM, "  limit %.2f", (double)limit / 100000);
	if (throttled >= 0)
		line_add(line, throttled > 0 ? LINE_NEAR : LINE_DIM, "  throttled %.1f%%", throttled / 10000);
	if (value(group, MODEL_CPU) >= 0)
		line_add(line, LINE_DIM, "  used %.2f s", value(group, MODEL_CPU) / 1e6);
}

static void page_memory(const struct model_group *group, struct line *line)
{
	char text[LINE_NUMBER_MAX];

	label(line, "memory");
	line_add(line, LINE_PLAIN, "%s", line_bytes(text, value(group, MODEL_MEMORY)));
	add_limit(line, "limit", group->limit[MODEL_LIMIT_MEMORY]);
	add_limit(line, "high", group->limit[MODEL_LIMIT_HIGH]);
	add_bytes(line, "peak", value(group, MODEL_MEMORY_PEAK));
	add_bytes(line, "swap", value(group, MODEL_SWAP));
	if (value(group, MODEL_OOM_KILLS) >= 0)
		line_add(line, value(group, MODEL_OOM_KILLS) > 0 ? LINE_BAD : LINE_DIM, "  OOM kills %.0f", value(group, MODEL_OOM_KILLS));
}

static void page_tasks(const struct model_group *group, struct line *line)
{
	char tasks[LINE_NUMBER_MAX], limit[LINE_NUMBER_MAX];

	label(line, "tasks");
	line_add(line, LINE_PLAIN, "%s", line_count(tasks, group->now.value[MODEL_TASKS]));
	line_add(line, LINE_DIM, "  limit %s", group->limit[MODEL_LIMIT_TASKS] == RATION_UNLIMITED ? "none" :
			line_count(limit, group->limit[MODEL_LIMIT_TASKS]));
	if (value(group, MODEL_REFUSED) >= 0)
		line_add(line, value(group, MODEL_REFUSED) > 0 ? LINE_BAD : LINE_DIM, "  refused %.0f", value(group, MODEL_REFUSED));
}

static void page_io(const struct model_group *group, struct line *line)
{
	const struct model_details *details = group->details;

	label(line, "I/O");
	add_bytes(line, "read", value(group, MODEL_READ));
	add_bytes(line, "a second", details ? model_rate(&details->before, &details->now, MODEL_READ) : -1);
	add_bytes(line, "written", value(group, MODEL_WRITTEN));
	add_bytes(line, "a second", details ? model_rate(&details->before, &details->now, MODEL_WRITTEN) : -1);
}

static void page_pressure(const struct model_group *group, struct line *line)
{
	static const struct {
		const char *name;
		enum model_figure figure;
	} resources[] = { { "cpu", MODEL_CPU_PRESSURE }, { "memory", MODEL_MEMORY_PRESSURE }, { "io", MODEL_IO_PRESSURE } };
	const struct model_details *details = group->details;
	char text[LINE_NUMBER_MAX];

	label(line, "waiting%");
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++) {
		double usec = details ? model_rate(&details->before, &details->now, resources[i].figure) : -1;

		line_add(line, LINE_DIM, "%s%s ", i ? "  " : "", resources[i].name);
		line_add(line, usec >= 100000 ? LINE_NEAR : LINE_PLAIN, "%s", line_percent(text, usec < 0 ? usec : usec / 10000));
	}
}

static void add_share(struct line *line, const struct model_budget *budget, enum ration_resource resource, const char *name)
{
	uint64_t taken = budget->of[resource].taken, limit = budget->of[resource].limit;
	char text[LINE_NUMBER_MAX], most[LINE_NUMBER_MAX];

	if (!budget->of[resource].is)
		return;
	if (resource == RATION_RESOURCE_CPUS) {
		(void)snprintf(text, sizeof(text), "%.2f", (double)taken / 100000);
		(void)snprintf(most, sizeof(most), "%.2f", (double)limit / 100000);
	} else if (resource == RATION_RESOURCE_MEMORY) {
		(void)line_bytes(text, (double)taken);
		(void)line_bytes(most, (double)limit);
	} else {
		(void)line_count(text, taken);
		(void)line_count(most, limit);
	}
	line_add(line, LINE_DIM, "%s ", name);
	line_add(line, taken >= limit ? LINE_NEAR : LINE_PLAIN, "%s", taken == RATION_UNLIMITED ? "no limit" : text);
	line_add(line, LINE_DIM, " of %s  ", most);
}

static void page_budget(const struct model_group *group, struct line *line)
{
	if (!group->is_tenant || !group->details)
		return;
	label(line, "budget");
	add_share(line, &group->details->budget, RATION_RESOURCE_MEMORY, "memory");
	add_share(line, &group->details->budget, RATION_RESOURCE_CPUS, "CPUs");
	add_share(line, &group->details->budget, RATION_RESOURCE_RUNS, "runs");
	if (line->columns == INDENT)
		line_add(line, LINE_DIM, "none");
}

/* A guess, and called one. */
static void page_vm(const struct model_group *group, struct line *line)
{
	const struct vm *vm = group->details ? &group->details->vm : NULL;
	char resident[LINE_NUMBER_MAX], guest[LINE_NUMBER_MAX];

	if (!vm || vm->pid == 0)
		return;
	label(line, "VM");
	line_add(line, LINE_PLAIN, "guest %s of %s", line_bytes(resident, (double)vm->resident_bytes), line_bytes(guest, (double)vm->guest_bytes));
	add_bytes(line, "overhead", (double)vm->own_bytes);
	line_add(line, LINE_DIM, "  guessed from pid %d's mappings", (int)vm->pid);
}

bool table_page(const struct table *table, const struct model_group *group, int i, struct line *line)
{
	static void (*const lines[])(const struct model_group *group, struct line *line) = {
		page_title, page_owner, page_command, page_cpu, NULL, page_memory, NULL, page_tasks, page_io, page_pressure,
		page_budget, page_vm,
	};

	if (i >= (int)ARRAY_SIZE(lines))
		return false;
	if (lines[i]) {
		lines[i](group, line);
		return true;
	}
	label(line, "");
	if (lines[i - 1] == page_cpu)
		curve(table, line, group->cpus, group->n_history, group->limit[MODEL_LIMIT_CPUS] == RATION_UNLIMITED ? 0 :
				(double)group->limit[MODEL_LIMIT_CPUS] / 100000);
	else
		curve(table, line, group->memory, group->n_history, group->limit[MODEL_LIMIT_MEMORY] == RATION_UNLIMITED ? 0 :
				(double)group->limit[MODEL_LIMIT_MEMORY]);
	return true;
}
