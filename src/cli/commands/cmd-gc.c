/* SPDX-License-Identifier: MIT */
/*
 * cmd-gc.c - ration gc: remove what dead supervisors left behind
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options/options-plan.h"
#include "cli/options/options.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"

#define FIELD(name) .offset = offsetof(struct options, name)

static const struct option_set gc_set = {
	.title = "Options",
	.rows = (const struct option[]) {
		{ .flag = "--dry-run", .set = option_set_true, FIELD(dry_run),
			.help = "Show what would be removed, remove nothing" },
		{ .flag = NULL },
	},
};

/* What was found, group by group. */
struct findings {
	struct gc_finding *list;
	size_t n, room;
	bool failed; /* no memory for one */
};

static void note(void *userdata, const char *address, enum ration_gc_action action)
{
	struct findings *findings = userdata;
	struct gc_finding *list = array_grow(findings->list, findings->n, &findings->room, sizeof(*list));
	char *copy = strdup(address);

	if (list)
		findings->list = list;
	if (!list || !copy) {
		findings->failed = true;
		free(copy);
		return;
	}
	list[findings->n++] = (struct gc_finding) { .address = copy, .action = action };
}

static void findings_done(struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		free(findings->list[i].address);
	free(findings->list);
}

static const char *action_words(enum ration_gc_action action, bool dry_run)
{
	switch (action) {
	case RATION_GC_LIVE:
		return dry_run ? "stays" : NULL;
	case RATION_GC_REMOVED:
		return dry_run ? "would be removed: owner is dead" : "removed: owner is dead";
	case RATION_GC_FAILED:
		return "can't be removed: processes don't die, or a directory is in use or mounted over";
	case RATION_GC_SHUT:
		return "left alone: you can't look into it (its mode or its owner doesn't let you)";
	}
	return NULL;
}

static void print_findings(const struct findings *findings, const struct ration_gc_report *report, bool dry_run)
{
	for (size_t i = 0; i < findings->n; i++) {
		const char *words = action_words(findings->list[i].action, dry_run);

		if (words)
			(void)printf("%s: %s\n", findings->list[i].address, words);
	}
	(void)printf("groups examined: %" PRIu64 ", %s: %" PRIu64 ", live: %" PRIu64 ", failed: %" PRIu64 "\n",
			report->examined, dry_run ? "to be removed" : "removed", report->removed, report->live,
			report->failed);
}

static int gc(const struct options *options, const struct ration_host *host, struct ration_gc_report *report,
		struct ration_error *reterr)
{
	CLEANUP(findings_done) struct findings findings = { .n = 0 };
	const struct ration_gc_options how = {
		.size = sizeof(how),
		.dry_run = options->dry_run,
		.found = note,
		.userdata = &findings,
	};
	int r = ration_gc(host, &how, report, reterr);

	if (r < 0)
		return r;
	if (options->json)
		return output_json(findings.failed ? NULL :
				json_gc(report, findings.list, findings.n, options->dry_run), reterr);
	print_findings(&findings, report, options->dry_run);
	return findings.failed ? error_oom(reterr) : 0;
}

static int gc_function(struct options *options, char **operands)
{
	struct ration_gc_report report = { .size = sizeof(report) };
	struct ration_error error;
	struct ration_host *host = NULL;
	int r = options_host(options, &host, &error);

	(void)operands;
	if (r >= 0)
		r = gc(options, host, &report, &error);
	host = ration_host_free(host);
	if (r < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	return output_finish(options->command->name, report.failed > 0);
}

const struct command cmd_gc = {
	.name = "gc",
	.arguments = "[--dry-run] [--json]",
	.help = "Remove groups whose supervisor is dead",
	.waits = "the processes of dead runs to die",
	.details =
		"The processes of these groups are killed. Groups from `ration create` stay.\n"
		"\n"
		"Exit status: 0; 1 if a group couldn't be removed; 125 if ration failed.",
	.sets = (const struct option_set *const[]) { &gc_set, &options_json, NULL },
	.function = gc_function,
};
