/* SPDX-License-Identifier: MIT */
/*
 * cmd-receipt.c - ration receipt: read receipts again
 *
 * hyperfine, GNU parallel or a shell loop repeat a run, and this makes a table of the
 * receipts. So ration needs no loop of its own.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options/setters.h"
#include "cli/output/figures.h"
#include "cli/output/output.h"
#include "cli/output/receipt-print.h"
#include "cli/records/merged.h"
#include "cli/records/receipts.h"
#include "cli/say.h"
#include "util/cleanup.h"
#include "util/error.h"

#define FIELD(name) .offset = offsetof(struct options, name)

static const struct option_set receipt_set = {
	.title = "Output",
	.rows = (const struct option[]) {
		{ .flag = "--kv", .set = option_set_true, FIELD(kv),
			.help = "Print lines of the form key=value" },
		{ .flag = "--csv", .set = option_set_true, FIELD(csv),
			.help = "Print comma-separated values, a line for each run" },
		{ .flag = "--summary", .set = option_set_true, FIELD(summary),
			.help = "Print counts of verdicts, and figures of all" },
		{ .flag = "--json", .set = option_set_true, FIELD(json),
			.help = "Print JSON, a line for each run" },
		{ .flag = "--merge", .set = option_set_true, FIELD(merge),
			.help = "Each run once, by time of start" },
		{ .flag = NULL },
	},
};

/* -------------------------------------------------------------------- summary */

static const enum ration_metric summed[] = {
	RATION_METRIC_WALL_USEC, RATION_METRIC_CPU_USEC, RATION_METRIC_MEMORY_PEAK_BYTES, RATION_METRIC_MAXRSS_BYTES,
};

struct summary {
	json_t *verdicts; /* how often each was, in the order in which they came */
	struct figures figures[ARRAY_SIZE(summed)];
};

static int add_to_summary(struct summary *summary, const json_t *receipt)
{
	const char *verdict = json_string_value(json_object_get(receipt, "verdict"));
	json_int_t n = json_integer_value(json_object_get(summary->verdicts, verdict));
	double value;

	if (json_object_set_new(summary->verdicts, verdict, json_integer(n + 1)) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(summed); i++) {
		if (receipt_metric(receipt, summed[i], &value) && figures_add(&summary->figures[i], value) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void print_figure(enum ration_metric metric, double value)
{
	char text[OUTPUT_VALUE_MAX];

	(void)printf(" %11s", output_metric(text, metric, (uint64_t)(value + .5)));
}

static void print_figures(enum ration_metric metric, struct figures *figures)
{
	struct figures_summary it;
	char label[OUTPUT_VALUE_MAX];

	if (figures->n == 0)
		return;
	it = figures_sum_up(figures);
	(void)printf("%-12s %6zu", output_metric_label(label, metric), figures->n);
	print_figure(metric, it.mean);
	print_figure(metric, it.deviation);
	print_figure(metric, it.median);
	print_figure(metric, it.least);
	print_figure(metric, it.most);
	(void)printf(" %5zu\n", it.outliers);
}

static void print_summary(struct summary *summary, size_t n)
{
	const json_t *count;
	const char *verdict;

	(void)printf("%-15s %9s\n", "verdict", "runs");
	json_object_foreach(summary->verdicts, verdict, count)
		(void)printf("%-15s %9" JSON_INTEGER_FORMAT "\n", verdict, json_integer_value(count));
	(void)printf("%-15s %9zu\n", "all", n);
	if (n == 0)
		return;
	(void)printf("\n%-12s %6s %11s %11s %11s %11s %11s %5s\n", "", "runs", "mean", "sigma", "median", "min", "max",
			"outl.");
	for (size_t i = 0; i < ARRAY_SIZE(summed); i++)
		print_figures(summed[i], &summary->figures[i]);
}

static void summary_done(struct summary *summary)
{
	json_decref(summary->verdicts);
	for (size_t i = 0; i < ARRAY_SIZE(summed); i++)
		figures_done(&summary->figures[i]);
}

/* -------------------------------------------------------------------- command */

struct job {
	const struct options *options;
	struct receipts_report report;
	struct merged merged;
	struct summary summary;
	size_t shown;
};

static void print_head(const struct options *options)
{
	if (options->csv)
		receipt_print_csv_head();
	else if (!options->kv && !options->summary && !options->json)
		receipt_print_head();
}

static int show(void *data, const json_t *receipt, struct ration_error *reterr)
{
	struct job *job = data;
	bool first = job->shown++ == 0;

	if (first)
		print_head(job->options);
	if (job->options->summary)
		return add_to_summary(&job->summary, receipt) < 0 ? error_oom(reterr) : 0;
	if (job->options->kv)
		receipt_print_kv(receipt, first);
	else if (job->options->csv)
		receipt_print_csv(receipt);
	else if (job->options->json)
		return receipt_print_json(receipt) < 0 ? error_oom(reterr) : 0;
	else
		receipt_print_row(receipt);
	return 0;
}

static int keep(void *data, const json_t *receipt, struct ration_error *reterr)
{
	struct job *job = data;

	return merged_add(&job->merged, receipt) < 0 ? error_oom(reterr) : 0;
}

static int check(const struct options *options, struct ration_error *reterr)
{
	const char *given[4];
	size_t n = 0;

	if (options->kv)
		given[n++] = "--kv";
	if (options->csv)
		given[n++] = "--csv";
	if (options->summary)
		given[n++] = "--summary";
	if (options->json)
		given[n++] = "--json";
	if (n <= 1)
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s and %s exclude each other", given[0], given[1]);
	return error_hint(reterr, -EINVAL, "leave one of them out");
}

static int read_all(struct job *job, char **files, struct ration_error *reterr)
{
	const struct options *options = job->options;
	int r = check(options, reterr);

	job->summary.verdicts = json_object();
	if (r == 0 && !job->summary.verdicts)
		r = error_oom(reterr);
	for (; r == 0 && *files; files++)
		r = receipts_read(&receipts_receipt, *files, options->merge ? keep : show, job, &job->report, reterr);
	if (r == 0 && options->merge)
		r = merged_each(&job->merged, show, job, reterr);
	/* An empty result is a table, too. */
	if (r == 0 && job->shown == 0)
		print_head(options);
	if (r == 0 && options->summary)
		print_summary(&job->summary, job->shown);
	return r;
}

static int receipt_function(struct options *options, char **operands)
{
	struct job job = { .options = options };
	struct ration_error error;
	int r = read_all(&job, operands, &error);

	summary_done(&job.summary);
	merged_done(&job.merged);
	if (r < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	if (job.report.invalid > 0)
		say("ration receipt: not receipts: %zu of %zu\n", job.report.invalid, job.report.invalid + job.report.valid);
	if (job.merged.again > 0)
		say("ration receipt: there more than once, left out: %zu\n", job.merged.again);
	return output_finish(options->command->name, job.report.invalid > 0 || job.merged.differ > 0);
}

const struct command cmd_receipt = {
	.name = "receipt",
	.arguments = "[--merge] [--kv | --csv | --summary | --json] FILE...",
	.help = "Show receipts and journals as a table",
	.details =
		"A FILE is what --receipt or --journal of `ration run` has written; - is standard input. "
		"Each receipt is checked against its schema. What isn't a receipt is reported and left out.\n"
		"\n"
		"--merge is for journals of several machines, and copies of them. A run is known by its id and its start.\n"
		"\n"
		"Exit status: 0; 1 if something isn't a receipt, or two of one run differ; 125 if a file can't be read.",
	.sets = (const struct option_set *const[]) { &receipt_set, NULL },
	.operand = "FILE",
	.min_operands = 1,
	.function = receipt_function,
};
