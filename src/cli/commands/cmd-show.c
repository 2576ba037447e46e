/* SPDX-License-Identifier: MIT */
/*
 * cmd-show.c - ration show: the limits of a tenant or a group
 *
 * Each limit has three values: the one asked for, the one in the group's kernel file,
 * and the lowest of this file in the group and all groups above, with its level.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options/options.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/options/target.h"
#include "cli/output/budgets.h"
#include "cli/output/group-limits.h"
#include "cli/output/group-words.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

#define FIELD(name) .offset = offsetof(struct options, name)

static const struct option_set show_set = {
	.title = "Output",
	.rows = (const struct option[]) {
		{ .flag = "--effective", .set = option_set_true, FIELD(effective),
			.help = "Print NAME VALUE lines of effective limits" },
		{ .flag = "--all", .set = option_set_true, FIELD(all),
			.help = "Include limits that nobody asked for" },
		{ .flag = NULL },
	},
};

/* Reads all limits that groups can have. */
static int read_limits(const struct ration_group *group, struct group_limits *limits, struct ration_error *reterr)
{
	const struct ration_limit_info *info;

	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		struct ration_group_limit **at;
		int r;

		if (!ration_limit_fits(info->limit, RATION_PURPOSE_GROUP))
			continue;
		at = group_limits_add(limits);
		r = at ? ration_group_limit_new(group, info->limit, at, reterr) : error_oom(reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Tells whether somebody ever said something about this limit: here, or above. */
static bool is_worth_a_line(const struct ration_group_limit *limit)
{
	return limit->has_asked || group_limit_is_set(limit) ||
		(limit->has_effective && limit->level != RATION_LEVEL_MACHINE && limit->where[0] &&
				limit->effective != limit->here);
}

/* "group", "tenant", "ancestor /system.slice", "machine": the first two are named by the address. */
static const char *bound_at(char *buf, size_t size, const struct ration_group_limit *limit)
{
	char where[TEXT_SHOWN_MAX];

	if (!limit->has_effective)
		(void)snprintf(buf, size, "-");
	else
		(void)snprintf(buf, size, "%s%s%s", ration_level_name(limit->level),
				limit->level == RATION_LEVEL_ANCESTOR ? " " : "",
				limit->level == RATION_LEVEL_ANCESTOR ?
					text_escape(where, sizeof(where), limit->where) : "");
	return buf;
}

#define COLUMNS 5

/* All columns of a line but the last, which wraps. */
struct cells {
	char value[COLUMNS][OUTPUT_VALUE_MAX];
	const char *text[COLUMNS];
};

static void fill_cells(struct cells *cells, const struct ration_group_limit *limit)
{
	cells->text[0] = ration_limit_info(limit->limit)->name;
	cells->text[1] = group_limit_asked(cells->value[1], limit);
	cells->text[2] = group_limit_here(cells->value[2], limit);
	cells->text[3] = limit->file ? limit->file : "not enforced";
	cells->text[4] = group_limit_effective(cells->value[4], limit);
}

static void widen(size_t width[COLUMNS], const struct cells *cells)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		if (strlen(cells->text[i]) > width[i])
			width[i] = strlen(cells->text[i]);
	}
}

static void print_line(const size_t width[COLUMNS], const struct cells *cells, const char *bound)
{
	size_t column = 2;

	(void)printf("  ");
	for (size_t i = 0; i < COLUMNS; i++) {
		(void)printf("%-*s  ", (int)width[i], cells->text[i]);
		column += width[i] + 2;
	}
	output_wrapped(stdout, column, column, bound);
}

static void print_table(const struct ration_group *group, const struct group_limits *limits, bool all)
{
	static const struct cells titles = { .text = { "limit", "asked", "in force", "enforced by", "effective" } };
	size_t width[COLUMNS] = { 0 }, n = 0;
	struct cells cells;
	CLEANUP(freep) char *path = strdup(ration_group_path(group));
	char bound[320];

	(void)printf("%s, a %s: ", ration_group_address(group), ration_group_is_tenant(group) ? "tenant" : "group");
	(void)printf("%s\n", path ? text_clean(path) : "");
	widen(width, &titles);
	for (size_t i = 0; i < limits->n; i++) {
		if (!all && !is_worth_a_line(limits->list[i]))
			continue;
		fill_cells(&cells, limits->list[i]);
		widen(width, &cells);
		n++;
	}
	if (n == 0) {
		(void)printf("  no limits here or above\n");
		return;
	}
	print_line(width, &titles, "bound at");
	for (size_t i = 0; i < limits->n; i++) {
		if (!all && !is_worth_a_line(limits->list[i]))
			continue;
		fill_cells(&cells, limits->list[i]);
		print_line(width, &cells, bound_at(bound, sizeof(bound), limits->list[i]));
	}
}

static void print_effective(const struct group_limits *limits)
{
	for (size_t i = 0; i < limits->n; i++) {
		const struct ration_group_limit *limit = limits->list[i];
		char value[OUTPUT_VALUE_MAX];

		if (*group_limit_raw(value, limit))
			(void)printf("%s %s\n", ration_limit_info(limit->limit)->name, value);
	}
}

static int show(const struct options *options, const struct target *target, struct ration_error *reterr)
{
	CLEANUP(group_limits_done) struct group_limits limits = { .n = 0 };
	const struct ration_group *group = target->group;
	int r = read_limits(group, &limits, reterr);

	if (r < 0)
		return r;
	if (options->json)
		return output_json(json_show(target->host, group, limits.list, limits.n), reterr);
	if (options->effective)
		print_effective(&limits);
	else
		print_table(group, &limits, options->all);
	if (!options->effective && ration_group_is_tenant(group))
		return budgets_print(options, target->host, ration_group_address(group), reterr);
	return 0;
}

static int show_function(struct options *options, char **operands)
{
	CLEANUP(target_done) struct target target = TARGET_NONE;
	struct ration_error error;
	int r = target_open(&target, options, operands[0], &error);

	if (r >= 0)
		r = show(options, &target, &error);
	if (r < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	return output_finish(options->command->name, 0);
}

const struct command cmd_show = {
	.name = "show",
	.arguments = "[--effective] [--all] [--json] TENANT[/NAME]",
	.help = "Show limits of a tenant or group",
	.details =
		"asked: the value given to create, set or run. in force: the value in the group's "
		"kernel file. effective: the lowest value of this file in the group and all groups "
		"above. bound at: the level that has this lowest value.\n"
		"\n"
		"Exit status: 0; 125 if ration failed.",
	.sets = (const struct option_set *const[]) { &show_set, &options_json, NULL },
	.operand = "TENANT[/NAME]",
	.min_operands = 1,
	.max_operands = 1,
	.function = show_function,
};
