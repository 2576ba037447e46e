/* SPDX-License-Identifier: MIT */
/*
 * table.c - what is shown: the head and the rows of groups
 *
 * A column is left out where there is no room for it: the table of columns says which one goes first.
 */
#include "helpers/top/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "util/cleanup.h"
#include "util/text.h"

#define NAME_MIN 16
#define NAME_MAX_WIDTH 40
/* What is left of a line is the command's, if it is at least so much. */
#define COMMAND_MIN 10

/* What a row is made of. */
struct row {
	const struct table *table;
	const struct model_group *group;
	const struct model_details *details;
	struct line *line;
	int width;
};

struct column {
	const char *title;
	int width;       /* < 0: to the left */
	unsigned rank;   /* the columns of the highest rank go first where there is no room */
	void (*show)(const struct row *row);
};

static double share_of(double used, uint64_t limit)
{
	return used < 0 || limit == RATION_UNLIMITED || limit == 0 ? -1 : used / (double)limit;
}

static double figure(const struct row *row, enum model_figure which)
{
	uint64_t value = which < MODEL_OF_ALL ? row->group->now.value[which] :
		row->details ? row->details->now.value[which] : RATION_UNKNOWN;

	return value == RATION_UNKNOWN ? -1 : (double)value;
}

static double rate(const struct row *row, enum model_figure which)
{
	return row->details ? model_rate(&row->details->before, &row->details->now, which) : -1;
}

static void cell(const struct row *row, enum line_style style, const char *text)
{
	line_cell(row->line, style, row->width, text);
}

/* ----------------------------------------------------------------- columns */

static void show_state(const struct row *row)
{
	bool known = row->details && row->details->now.usec;

	if (known && row->details->frozen)
		cell(row, LINE_NEAR, "F");
	else
		cell(row, known && row->details->empty ? LINE_DIM : LINE_GOOD, !known ? "?" : row->details->empty ? "-" : "R");
}

/* CPUs in use, of the limit in CPUs. */
static double cpu_share(const struct row *row)
{
	uint64_t limit = row->group->limit[MODEL_LIMIT_CPUS];

	return share_of(model_cpus(row->group), limit) * (limit == RATION_UNLIMITED ? 1 : 100000);
}

static void show_cpu(const struct row *row)
{
	char text[LINE_NUMBER_MAX];
	double cpus = model_cpus(row->group);

	cell(row, cpus > 0 ? LINE_PLAIN : LINE_DIM, line_percent(text, cpus < 0 ? cpus : 100 * cpus));
}

/* Without a limit there is no bar that would mean anything. */
static void bar_or_nothing(const struct row *row, struct line_bar bar)
{
	if (bar.used < 0)
		cell(row, LINE_DIM, "");
	else
		line_bar(row->line, row->width, bar);
}

static void show_cpu_bar(const struct row *row)
{
	bar_or_nothing(row, (struct line_bar){ .used = cpu_share(row), .mark = -1, .high = -1 });
}

/* The share of the time in which it was kept from running. */
static void show_throttled(const struct row *row)
{
	char text[LINE_NUMBER_MAX];
	double usec = rate(row, MODEL_THROTTLED);

	cell(row, usec > 0 ? LINE_NEAR : LINE_DIM, line_percent(text, usec < 0 ? usec : usec / 10000));
}

static void show_memory(const struct row *row)
{
	char text[LINE_NUMBER_MAX];

	cell(row, LINE_PLAIN, line_bytes(text, figure(row, MODEL_MEMORY)));
}

static void show_memory_bar(const struct row *row)
{
	uint64_t limit = row->group->limit[MODEL_LIMIT_MEMORY], high = row->group->limit[MODEL_LIMIT_HIGH];
	uint64_t bound = limit != RATION_UNLIMITED ? limit : high;

	bar_or_nothing(row, (struct line_bar){
		.used = share_of(figure(row, MODEL_MEMORY), bound),
		.mark = share_of(figure(row, MODEL_MEMORY_PEAK), bound),
		.high = high == RATION_UNLIMITED || high >= bound ? -1 : share_of((double)high, bound),
	});
}

static void show_limit(const struct row *row)
{
	char text[LINE_NUMBER_MAX];
	uint64_t limit = row->group->limit[MODEL_LIMIT_MEMORY];

	cell(row, limit == RATION_UNLIMITED ? LINE_DIM : LINE_PLAIN, limit == RATION_UNLIMITED ? "max" : line_bytes(text, (double)limit));
}

static void show_swap(const struct row *row)
{
	char text[LINE_NUMBER_MAX];
	double bytes = figure(row, MODEL_SWAP);

	cell(row, bytes > 0 ? LINE_PLAIN : LINE_DIM, line_bytes(text, bytes));
}

static void show_tasks(const struct row *row)
{
	char tasks[LINE_NUMBER_MAX], limit[LINE_NUMBER_MAX], text[2 * LINE_NUMBER_MAX + 2];
	uint64_t most = row->group->limit[MODEL_LIMIT_TASKS];
	double share = share_of(figure(row, MODEL_TASKS), most);

	(void)snprintf(text, sizeof(text), "%s%s%s", line_count(tasks, row->group->now.value[MODEL_TASKS]),
			most == RATION_UNLIMITED ? "" : "/", most == RATION_UNLIMITED ? "" : line_count(limit, most));
	cell(row, share < 0 ? LINE_PLAIN : line_share_style(share) == LINE_GOOD ? LINE_PLAIN : line_share_style(share), text);
}

static void show_rate(const struct row *row, enum model_figure which)
{
	char text[LINE_NUMBER_MAX];
	double bytes = rate(row, which);

	cell(row, bytes > 0 ? LINE_PLAIN : LINE_DIM, line_bytes(text, bytes));
}

static void show_read(const struct row *row)
{
	show_rate(row, MODEL_READ);
}

static void show_written(const struct row *row)
{
	show_rate(row, MODEL_WRITTEN);
}

static void show_pressure(const struct row *row, enum model_figure which)
{
	char text[LINE_NUMBER_MAX];
	double usec = rate(row, which), percent = usec < 0 ? usec : usec / 10000;

	cell(row, percent >= 40 ? LINE_BAD : percent >= 10 ? LINE_NEAR : percent > 0 ? LINE_PLAIN : LINE_DIM,
			line_percent(text, percent));
}

static void show_cpu_pressure(const struct row *row)
{
	show_pressure(row, MODEL_CPU_PRESSURE);
}

static void show_memory_pressure(const struct row *row)
{
	show_pressure(row, MODEL_MEMORY_PRESSURE);
}

static void show_io_pressure(const struct row *row)
{
	show_pressure(row, MODEL_IO_PRESSURE);
}

static void show_oom(const struct row *row)
{
	char text[LINE_NUMBER_MAX];
	uint64_t kills = row->details ? row->details->now.value[MODEL_OOM_KILLS] : RATION_UNKNOWN;

	cell(row, kills != RATION_UNKNOWN && kills > 0 ? LINE_BAD : LINE_DIM, line_count(text, kills));
}

static double age_of(const struct row *row)
{
	uint64_t created = row->details ? row->details->created_usec : 0;
	double age = difftime(time(NULL), 0) - (double)created / 1e6;

	return created == 0 ? -1 : age < 0 ? 0 : age;
}

static void show_age(const struct row *row)
{
	char text[LINE_NUMBER_MAX];

	cell(row, LINE_PLAIN, line_age(text, age_of(row)));
}

static void show_mechanism(const struct row *row)
{
	cell(row, LINE_DIM, !row->details || row->details->mechanism == RATION_MECHANISM_NONE ? "-" :
			ration_mechanism_name(row->details->mechanism));
}

static void show_command(const struct row *row)
{
	char text[LINE_COLUMNS + 1];
	size_t room = (size_t)-row->width + 1;

	(void)text_escape(text, room < sizeof(text) ? room : sizeof(text), row->details ? row->details->command : "");
	cell(row, LINE_DIM, text);
}

/* Behind the name, in this order. */
static const struct column columns[] = {
	{ "S", 1, 0, show_state },
	{ "CPU%", 6, 0, show_cpu },
	{ "of limit", 10, 1, show_cpu_bar },
	{ "thr%", 5, 5, show_throttled },
	{ "memory", 6, 0, show_memory },
	{ "of limit", 10, 1, show_memory_bar },
	{ "limit", 5, 6, show_limit },
	{ "swap", 5, 7, show_swap },
	{ "tasks", 9, 0, show_tasks },
	{ "read/s", 6, 8, show_read },
	{ "writ/s", 6, 8, show_written },
	{ "cpu*", 5, 4, show_cpu_pressure },
	{ "mem*", 5, 2, show_memory_pressure },
	{ "io*", 5, 4, show_io_pressure },
	{ "OOM", 3, 3, show_oom },
	{ "age", 4, 3, show_age },
	{ "by", -7, 9, show_mechanism },
};

/* The highest rank that there is room for, and how wide names are then. */
static unsigned choose(const struct table *table, int *ret_name)
{
	unsigned rank = 9;
	int width;

	for (;; rank--) {
		width = 0;
		for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
			width += columns[i].rank <= rank ? 1 + (columns[i].width < 0 ? -columns[i].width : columns[i].width) : 0;
		if (rank == 0 || width + NAME_MIN <= table->width)
			break;
	}
	*ret_name = table->width - width < NAME_MIN ? NAME_MIN : table->width - width;
	if (*ret_name > NAME_MAX_WIDTH)
		*ret_name = *ret_name - NAME_MIN > NAME_MAX_WIDTH ? NAME_MAX_WIDTH : NAME_MIN + (*ret_name - NAME_MIN) / 2;
	return rank;
}

static void show_columns(struct row *row, const struct column *titles)
{
	int name, left;
	unsigned rank = choose(row->table, &name);

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		if (columns[i].rank > rank)
			continue;
		line_add(row->line, titles ? LINE_TITLE : LINE_PLAIN, " ");
		row->width = columns[i].width;
		if (titles)
			line_cell(row->line, LINE_TITLE, columns[i].width, columns[i].title);
		else
			columns[i].show(row);
	}
	left = row->table->width - (int)row->line->columns - 1;
	if (left < COMMAND_MIN)
		return;
	line_add(row->line, titles ? LINE_TITLE : LINE_PLAIN, " ");
	row->width = -left;
	if (titles)
		line_cell(row->line, LINE_TITLE, -left, "command");
	else
		show_command(row);
}

void table_titles(const struct table *table, struct line *line)
{
	struct row row = { .table = table, .line = line };
	int name;

	(void)choose(table, &name);
	line_cell(line, LINE_TITLE, -name, "group");
	show_columns(&row, columns);
}

/* A group below its tenant is known by its own name. */
static void show_name(const struct row *row, int width)
{
	const struct model_group *group = row->group;
	const char *slash = strchr(group->address, '/');
	char text[LINE_COLUMNS + 1];

	if (group->is_tenant)
		(void)snprintf(text, sizeof(text), "%s %.390s", group->folded ? "+" : "-", group->address);
	else
		(void)snprintf(text, sizeof(text), "%s%.390s", row->table->view->flat ? "" : "  ",
				slash && !row->table->view->flat ? slash + 1 : group->address);
	line_cell(row->line, group->is_tenant ? LINE_STRONG : LINE_PLAIN, -width, text);
}

void table_row(const struct table *table, const struct model_group *group, struct line *line)
{
	struct row row = { .table = table, .group = group, .details = group->details, .line = line };
	int name;

	(void)choose(table, &name);
	show_name(&row, name);
	show_columns(&row, NULL);
}

/* -------------------------------------------------------------------- head */

static void head_title(const struct table *table, struct line *line)
{
	size_t tenants = 0;
	char clock[16] = "", every[LINE_NUMBER_MAX];
	time_t now = time(NULL);
	struct tm at;

	if (localtime_r(&now, &at))
		(void)strftime(clock, sizeof(clock), "%H:%M:%S", &at);
	for (size_t i = 0; i < table->model->n; i++)
		tenants += table->model->groups[i].is_tenant;
	(void)snprintf(every, sizeof(every), "%g", (double)table->interval_usec / 1e6);
	line_add(line, LINE_STRONG, "ration top  %s", clock);
	if (table->paused)
		line_add(line, LINE_BAD, "  paused");
	line_add(line, LINE_PLAIN, "  %zu tenants, %zu groups", tenants, table->model->n - tenants);
	if (table->view->zoom[0])
		line_add(line, LINE_NEAR, "  in %s", table->view->zoom);
	if (table->view->filter[0])
		line_add(line, LINE_NEAR, "  with \"%s\"", table->view->filter);
	line_add(line, LINE_DIM, "  by %s%s  every %s s  namespace %s", rows_order_name(table->view->order),
			table->view->reversed ? ", reversed" : "", every, table->nspace);
}

static void head_limits(const struct table *table, struct line *line, enum model_limit limit, double all)
{
	uint64_t sum;
	size_t without;
	bool whole = model_sum(table->model, limit, &sum, &without);
	char text[LINE_NUMBER_MAX];

	if (sum == 0 && whole) {
		line_add(line, LINE_DIM, "  no limits");
		return;
	}
	if (limit == MODEL_LIMIT_CPUS)
		(void)snprintf(text, sizeof(text), "%.2f", (double)sum / 100000);
	else
		(void)line_bytes(text, (double)sum);
	line_add(line, LINE_PLAIN, "  limits %s%s", whole ? "" : ">= ", text);
	if (all > 0)
		line_add(line, (double)sum > all ? LINE_NEAR : LINE_DIM, " (%.0f%%)", (double)sum / all * 100);
	if (without)
		line_add(line, LINE_DIM, ", %zu without", without);
}

static void head_memory(const struct table *table, struct line *line)
{
	const struct machine *machine = table->machine;
	double all = (double)machine->memory_bytes, used = all - (double)machine->available_bytes;
	char text[LINE_NUMBER_MAX];

	line_add(line, LINE_DIM, "memory  ");
	line_bar(line, 22, (struct line_bar){ .used = all > 0 ? used / all : -1, .mark = -1, .high = -1 });
	line_add(line, LINE_PLAIN, " %s", line_bytes(text, all > 0 ? used : -1));
	line_add(line, LINE_PLAIN, " of %s", line_bytes(text, all > 0 ? all : -1));
	head_limits(table, line, MODEL_LIMIT_MEMORY, all);
}

static void head_cpu(const struct table *table, struct line *line)
{
	const struct machine *machine = table->machine;

	line_add(line, LINE_DIM, "cpu     ");
	line_bar(line, 22, (struct line_bar){ .used = machine->cpus_used < 0 ? -1 : machine->cpus_used / machine->cpus, .mark = -1,
			.high = -1 });
	if (machine->cpus_used >= 0)
		line_add(line, LINE_PLAIN, " %.2f of %u", machine->cpus_used, machine->cpus);
	else
		line_add(line, LINE_PLAIN, " - of %u", machine->cpus);
	head_limits(table, line, MODEL_LIMIT_CPUS, 100000.0 * machine->cpus);
}

/* The share of the last 10 s in which some task waited. */
static void head_pressure(const struct table *table, struct line *line)
{
	static const char *const resources[3] = { "cpu", "memory", "io" };
	char text[LINE_NUMBER_MAX];

	line_add(line, LINE_DIM, "waiting%% ");
	for (size_t i = 0; i < 3; i++) {
		double percent = table->machine->pressure[i];

		line_add(line, percent >= 10 ? LINE_NEAR : LINE_PLAIN, "%s%s %s", i ? "  " : "", resources[i],
				line_percent(text, percent));
	}
	if (!table->verdicts || !table->verdicts->on)
		return;
	line_add(line, LINE_DIM, "  runs ");
	line_add(line, LINE_PLAIN, "%" PRIu64, table->verdicts->all);
	for (size_t i = 0; i < table->verdicts->n; i++)
		line_add(line, strcmp(table->verdicts->of[i].name, "ok") == 0 ? LINE_GOOD : LINE_NEAR, "%s %s %" PRIu64, i ? "," : ":",
				table->verdicts->of[i].name, table->verdicts->of[i].runs);
}

void table_head(const struct table *table, int i, struct line *line)
{
	static void (*const lines[TABLE_HEAD_LINES])(const struct table *table, struct line *line) = {
		head_title, head_memory, head_cpu, head_pressure,
	};

	lines[i](table, line);
}
