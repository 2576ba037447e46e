/* SPDX-License-Identifier: MIT */
/*
 * cmd-metrics.c - ration metrics: export metrics of groups and runs to Prometheus
 *
 * The program ration-metrics does it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/commands/program.h"
#include "cli/options/options.h"
#include "cli/options/setters.h"
#include "cli/output/output.h"
#include "util/cleanup.h"
#include "util/error.h"

#define MIN_INTERVAL_USEC 1000000

#define FIELD(name) .offset = offsetof(struct options, name)

static const struct option_set metrics_set = {
	.title = "Options",
	.rows = (const struct option[]) {
		{ .flag = "--once", .set = option_set_true, FIELD(once),
			.help = "Print the metrics and exit" },
		{ .flag = "--textfile", .argument = "DIR", .set = option_set_text, FIELD(textfile),
			.help = "Write DIR/ration.prom for node_exporter" },
		{ .flag = "--interval", .argument = "DURATION", .set = option_set_duration, FIELD(interval_usec),
			.help = "Interval of --textfile; default: write once" },
		{ .flag = "--listen", .argument = "ADDRESS:PORT", .set = option_set_text, FIELD(listen),
			.help = "Serve /metrics; without ADDRESS on the loopback" },
		{ .flag = "--openmetrics", .set = option_set_true, FIELD(openmetrics),
			.help = "Use the OpenMetrics format" },
		{ .flag = "--journal", .argument = "FILE", .set = option_set_text, FIELD(journal),
			.help = "Count the runs of FILE (RATION_JOURNAL)" },
		{ .flag = "--timeout", .argument = "DURATION", .set = option_set_duration, FIELD(timeout_usec),
			.help = "Deadline of a scrape; default: 10s" },
		{ .flag = NULL },
	},
};

static int refuse_both(const char *flag, const char *other, struct ration_error *reterr)
{
	return error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "%s and %s exclude each other", flag, other);
}

/* That none is given is refused by the program, which may have got a socket from systemd. */
static int check(const struct options *options, struct ration_error *reterr)
{
	const char *way = options->once ? "--once" : options->textfile ? "--textfile" : NULL;

	if (options->once && options->textfile)
		return refuse_both("--once", "--textfile", reterr);
	if (way && options->listen)
		return refuse_both(way, "--listen", reterr);
	if (options->textfile && options->openmetrics)
		return refuse_both("--textfile", "--openmetrics", reterr);
	if (options->timeout_usec == RATION_UNLIMITED)
		return error_set(reterr, -ERANGE, RATION_CAUSE_INVALID, "--timeout: must be above 0, e.g. 10s");
	if (options->interval_usec && !options->textfile)
		return error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "--interval requires --textfile");
	if (options->interval_usec && (options->interval_usec < MIN_INTERVAL_USEC || options->interval_usec == RATION_UNLIMITED))
		return error_set(reterr, -ERANGE, RATION_CAUSE_INVALID, "--interval: must be 1s or more, e.g. 15s");
	return 0;
}

static void add_words(struct program *program, const struct options *options)
{
	char timeout[32], interval[32];

	(void)snprintf(timeout, sizeof(timeout), "%" PRIu64, options->timeout_usec);
	(void)snprintf(interval, sizeof(interval), "%" PRIu64, options->interval_usec);
	program_add(program, options->once ? "--once" : NULL, NULL);
	program_add(program, options->textfile ? "--textfile" : NULL, options->textfile);
	program_add(program, options->interval_usec ? "--interval" : NULL, interval);
	program_add(program, options->listen ? "--listen" : NULL, options->listen);
	program_add(program, options->openmetrics ? "--openmetrics" : NULL, NULL);
	program_add(program, options->journal ? "--journal" : NULL, options->journal);
	program_add(program, options->timeout_usec ? "--timeout" : NULL, timeout);
}

static int metrics_function(struct options *options, char **operands)
{
	struct program program = { .words = NULL };
	struct ration_error error;

	(void)operands;
	if (check(options, &error) >= 0) {
		add_words(&program, options);
		(void)program_become(&program, options, "ration-metrics", "ration-metrics", &error);
	}
	output_error(options->command->name, &error);
	return EXIT_RATION;
}

const struct command cmd_metrics = {
	.name = "metrics",
	.arguments = "--once|--textfile DIR|--listen ADDRESS:PORT [OPTIONS]",
	.help = "Export metrics of groups and runs to Prometheus",
	.details =
		"Executes the program ration-metrics, which is in a package of the same name.\n"
		"\n"
		"Exit status: 0; 125 if ration failed.",
	.sets = (const struct option_set *const[]) { &metrics_set, NULL },
	.function = metrics_function,
};
