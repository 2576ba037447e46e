/* SPDX-License-Identifier: MIT */
/*
 * cmd-metrics.c - ration metrics: tell Prometheus of groups and runs
 *
 * The program ration-metrics does it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/setters.h"
#include "util/cleanup.h"
#include "util/error.h"

#define FIELD(name) .offset = offsetof(struct options, name)

static const struct option_set metrics_set = {
	.title = "Options",
	.rows = (const struct option[]) {
		{ .flag = "--once", .set = option_set_true, FIELD(once),
			.help = "Print the metrics and exit" },
		{ .flag = "--openmetrics", .set = option_set_true, FIELD(openmetrics),
			.help = "Use the OpenMetrics format" },
		{ .flag = "--journal", .argument = "FILE", .set = option_set_text, FIELD(journal),
			.help = "Count the runs of FILE (RATION_JOURNAL)" },
		{ .flag = "--timeout", .argument = "DURATION", .set = option_set_duration, FIELD(timeout_usec),
			.help = "Deadline of a scrape; default: 10s" },
		{ .flag = NULL },
	},
};

static int check(const struct options *options, struct ration_error *reterr)
{
	if (options->once)
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "missing --once");
	return error_hint(reterr, -EINVAL, "ration metrics --once prints them");
}

static int metrics_function(struct options *options, char **operands)
{
	struct program program = { .words = NULL };
	struct ration_error error;
	char timeout[32];
	int r = check(options, &error);

	(void)operands;
	if (r >= 0) {
		(void)snprintf(timeout, sizeof(timeout), "%" PRIu64, options->timeout_usec);
		program_add(&program, options->once ? "--once" : NULL, NULL);
		program_add(&program, options->openmetrics ? "--openmetrics" : NULL, NULL);
		program_add(&program, options->journal ? "--journal" : NULL, options->journal);
		program_add(&program, options->timeout_usec ? "--timeout" : NULL, timeout);
		r = program_become(&program, options, "ration-metrics", "ration-metrics", &error);
	}
	output_error(options->command->name, &error);
	return EXIT_RATION;
}

const struct command cmd_metrics = {
	.name = "metrics",
	.arguments = "--once [OPTIONS]",
	.help = "Show groups and runs to Prometheus",
	.details =
		"The program ration-metrics does it, which is in a package of its own.\n"
		"\n"
		"Exit status: 0; 125 if ration failed.",
	.sets = (const struct option_set *const[]) { &metrics_set, NULL },
	.function = metrics_function,
};
