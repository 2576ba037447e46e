/* SPDX-License-Identifier: MIT */
/*
 * cmd-gc.c - ration gc: remove what dead supervisors left behind
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/output.h"
#include "util/cleanup.h"
#include "util/error.h"

static void print_report(const struct ration_gc_report *report)
{
	(void)printf("groups examined: %" PRIu64 ", removed: %" PRIu64 ", live: %" PRIu64
			", failed: %" PRIu64 "\n",
			report->examined, report->removed, report->live, report->failed);
}

static int print(const struct options *options, const struct ration_gc_report *report,
		struct ration_error *reterr)
{
	CLEANUP(freep) char *text = NULL;

	if (!options->json) {
		print_report(report);
		return 0;
	}
	text = json_gc(report);
	if (!text)
		return error_oom(reterr);
	(void)fputs(text, stdout);
	return 0;
}

static int gc_function(struct options *options, char **operands)
{
	struct ration_gc_report report = { .size = sizeof(report) };
	struct ration_error error;
	struct ration_host *host = NULL;
	int r = options_host(options, &host, &error);

	(void)operands;
	if (r >= 0)
		r = ration_gc(host, NULL, &report, &error);
	if (r >= 0)
		r = print(options, &report, &error);
	host = ration_host_free(host);
	if (r < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	return output_finish(options->command->name, report.failed > 0);
}

const struct command cmd_gc = {
	.name = "gc",
	.arguments = "[--json]",
	.help = "Kill and remove groups whose supervisor is dead",
	.details = "Exit status: 0; 1 if a group couldn't be removed; 125 if ration failed.",
	.sets = (const struct option_set *const[]) { &options_json, NULL },
	.function = gc_function,
};
