/* SPDX-License-Identifier: MIT */
/*
 * cmd-top.c - ration top: watch tenants and groups live
 *
 * The program ration-top does it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/commands/program.h"
#include "cli/options/options.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/output/output.h"
#include "util/error.h"

#define INTERVAL_LEAST_USEC 100000
#define INTERVAL_MOST_USEC 3600000000
#define WIDTH_LEAST 60
#define WIDTH_MOST 400

#define FIELD(name) .offset = offsetof(struct options, name)

static const char *const orders[] = { NULL, "name", "cpu", "memory", "tasks" };

static const struct option_set top_set = {
	.title = "Options",
	.rows = (const struct option[]) {
		{ .flag = "--once", .set = option_set_true, FIELD(once),
			.help = "Print one table and exit" },
		{ .flag = "--interval", .argument = "DURATION", .set = option_set_duration, FIELD(interval_usec),
			.help = "Time between readings; default: 1s" },
		{ .flag = "--sort", .set = option_set_word, FIELD(sort),
			.help = "Order of the rows; default: cpu",
			.words = (const struct option_word[]) {
				{ "name", 1 },
				{ "cpu", 2 },
				{ "memory", 3 },
				{ "tasks", 4 },
				{ NULL, 0 },
			} },
		{ .flag = "--filter", .argument = "WORD", .set = option_set_text, FIELD(filter),
			.help = "Only groups with WORD in their address" },
		{ .flag = "--journal", .argument = "FILE", .set = option_set_text, FIELD(journal),
			.help = "Count runs of FILE; default: RATION_JOURNAL" },
		{ .flag = "--ascii", .set = option_set_true, FIELD(ascii),
			.help = "Draw with ASCII characters only" },
		{ .flag = "--width", .argument = "N", .set = option_set_count, FIELD(width),
			.help = "Columns of a table; default: the terminal's" },
		{ .flag = NULL },
	},
};

static int check(const struct options *options, struct ration_error *reterr)
{
	if (options->interval_usec && (options->interval_usec < INTERVAL_LEAST_USEC || options->interval_usec > INTERVAL_MOST_USEC))
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "--interval: must be 100ms to 1h, e.g. 1s");
	if (options->width && (options->width < WIDTH_LEAST || options->width > WIDTH_MOST))
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "--width %" PRIu64 ": must be %d to %d, e.g. 120",
				options->width, WIDTH_LEAST, WIDTH_MOST);
	return 0;
}

static int top_function(struct options *options, char **operands)
{
	struct program program = { .words = NULL };
	char interval[32], width[32];
	struct ration_error error;
	int r = check(options, &error);

	if (r >= 0) {
		(void)snprintf(interval, sizeof(interval), "%" PRIu64, options->interval_usec);
		(void)snprintf(width, sizeof(width), "%" PRIu64, options->width);
		program_add(&program, options->once ? "--once" : NULL, NULL);
		program_add(&program, options->json ? "--json" : NULL, NULL);
		program_add(&program, options->ascii ? "--ascii" : NULL, NULL);
		program_add(&program, options->interval_usec ? "--interval" : NULL, interval);
		program_add(&program, options->sort ? "--sort" : NULL, orders[options->sort]);
		program_add(&program, options->filter ? "--filter" : NULL, options->filter);
		program_add(&program, options->journal ? "--journal" : NULL, options->journal);
		program_add(&program, options->width ? "--width" : NULL, width);
		program_add(&program, operands[0] ? "--tenant" : NULL, operands[0]);
		r = program_become(&program, options, "ration-top", "ration-top", &error);
	}
	output_error(options->command->name, &error);
	return EXIT_RATION;
}

const struct command cmd_top = {
	.name = "top",
	.arguments = "[OPTIONS] [TENANT]",
	.help = "Watch tenants and groups live",
	.details =
		"Executes the program ration-top, which is in a package of the same name. ? shows the keys. "
		"--json prints a document on one line for each interval.\n"
		"\n"
		"Exit status: 0; 125 if ration failed.",
	.sets = (const struct option_set *const[]) { &top_set, &options_json, NULL },
	.operand = "TENANT",
	.max_operands = 1,
	.function = top_function,
};
