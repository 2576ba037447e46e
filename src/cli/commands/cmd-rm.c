/* SPDX-License-Identifier: MIT */
/*
 * cmd-rm.c - ration rm: remove groups and tenants
 *
 * A group is killed and removed. A tenant with live processes is removed only with
 * --force or --release, because it can have groups that the caller forgot.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/commands/groups.h"
#include "cli/options/options.h"
#include "cli/options/patterns.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/options/target.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "cli/say.h"
#include "util/cleanup.h"
#include "util/error.h"

#define FIELD(name) .offset = offsetof(struct options, name)

static const struct option_set rm_set = {
	.title = "Options",
	.rows = (const struct option[]) {
		{ .flag = "--force", .set = option_set_true, FIELD(force),
			.help = "Kill the processes of a tenant's groups" },
		{ .flag = "--release", .set = option_set_true, FIELD(release),
			.help = "Remove the limits, keep the processes running" },
		{ .flag = "--ignore-missing", .set = option_set_true, FIELD(ignore_missing),
			.help = "Ignore groups that don't exist" },
		{ .flag = NULL },
	},
};

/* As many pids of a group as a line has room for. */
#define PIDS_SHOWN 8

struct inhabited {
	const char *address;
	int pids[PIDS_SHOWN];
	int n;               /* may be more */
};

static void print_line(FILE *file, const void *data)
{
	const struct inhabited *at = data;

	(void)fprintf(file, "  %s:", at->address);
	for (int i = 0; i < at->n && i < PIDS_SHOWN; i++)
		(void)fprintf(file, " %d", at->pids[i]);
	if (at->n > PIDS_SHOWN)
		(void)fprintf(file, " and %d more", at->n - PIDS_SHOWN);
	(void)fputc('\n', file);
}

/* Prints the live processes of one group, if it has any. */
static void print_pids(const struct ration_host *host, const char *address)
{
	struct inhabited at = { .address = address };
	struct ration_group *group = NULL;

	if (ration_group_open(host, address, &group, NULL) < 0)
		return;
	at.n = ration_group_pids(group, at.pids, PIDS_SHOWN, NULL);
	group = ration_group_free(group);
	if (at.n > 0)
		say_printed(print_line, &at);
}

/* Tells who lives in a tenant. */
static void print_inhabitants(const struct target *target)
{
	const struct ration_list_options names = { .size = sizeof(names), .tenant = ration_group_address(target->group) };
	struct ration_list *list = NULL;
	const struct ration_list_item *item;

	if (ration_list_new_with(target->host, &names, &list, NULL) < 0)
		return;
	for (size_t i = 0; (item = ration_list_item(list, i)); i++) {
		if (!item->is_tenant)
			print_pids(target->host, item->address);
	}
	list = ration_list_free(list);
}

static int refuse_inhabited(const struct target *target, struct ration_error *reterr)
{
	const char *address = ration_group_address(target->group);

	(void)error_set(reterr, -EBUSY, RATION_CAUSE_HAS_PROCESSES,
			"tenant %s has groups with live processes", address);
	return error_hint(reterr, -EBUSY, "ration rm --force %s kills them, --release keeps them running", address);
}

static enum ration_remove mode_of(const struct options *options, const struct ration_group *group)
{
	if (options->release)
		return RATION_REMOVE_RELEASE;
	return ration_group_is_tenant(group) && !options->force ? RATION_REMOVE_EMPTY : RATION_REMOVE_KILL;
}

static int remove_one(const struct options *options, struct target *target, struct removal *removal)
{
	enum ration_remove mode;
	int r = target_open(target, options, removal->address, &removal->error);

	if (r < 0 && groups_may_miss(options, removal->address, &removal->error))
		return 0;
	if (r < 0)
		return r;
	mode = mode_of(options, target->group);
	r = ration_group_remove(target->group, mode, &removal->report, &removal->error);
	if (r < 0 && groups_may_miss(options, removal->address, &removal->error))
		return 0;
	if (r == -EBUSY && mode == RATION_REMOVE_EMPTY)
		return refuse_inhabited(target, &removal->error);
	return r;
}

/* Where those went who were let live. */
static void print_released(const struct ration_remove_report *report)
{
	uint64_t to_caller = report->released_to_caller, back = report->released - to_caller;

	if (to_caller == 0)
		(void)printf("back in %s original group\n", back == 1 ? "its" : "their");
	else if (back == 0)
		(void)printf("in the caller's group\n");
	else
		(void)printf("%" PRIu64 " back in their original groups, %" PRIu64 " in the caller's group\n", back,
				to_caller);
}

static void print_report(const char *address, const struct ration_remove_report *report)
{
	if (report->killed > 0)
		(void)printf("%s: removed, %" PRIu64 " %s killed\n", address, report->killed,
				report->killed == 1 ? "process" : "processes");
	if (report->released == 0)
		return;
	(void)printf("%s: removed, %" PRIu64 " %s without its limits: ", address, report->released,
			report->released == 1 ? "process runs" : "processes run");
	print_released(report);
}

/* Removes one and tells what came of it. */
static void handle_one(const struct options *options, struct removal *removal)
{
	CLEANUP(target_done) struct target target = TARGET_NONE;

	removal->report.size = sizeof(removal->report);
	removal->code = remove_one(options, &target, removal);
	if (removal->code >= 0) {
		if (!options->json)
			print_report(removal->address, &removal->report);
		return;
	}
	output_error(options->command->name, &removal->error);
	if (removal->error.cause == RATION_CAUSE_HAS_PROCESSES && ration_group_is_tenant(target.group))
		print_inhabitants(&target);
}

static int remove_all(const struct options *options, char **operands, struct ration_error *reterr)
{
	CLEANUP(freep) struct removal *removals = NULL;
	size_t n = 0;
	int status = 0;

	while (operands[n])
		n++;
	removals = calloc(n, sizeof(*removals));
	if (!removals)
		return error_oom(reterr);
	for (size_t i = 0; i < n; i++) {
		removals[i].address = operands[i];
		handle_one(options, &removals[i]);
		if (removals[i].code < 0)
			status = EXIT_RATION;
	}
	if (options->json && output_json(json_rm(removals, n), reterr) < 0)
		return -ENOMEM;
	return status;
}

static int rm_function(struct options *options, char **operands)
{
	struct ration_error error;
	int r;

	if (options->force && options->release)
		r = error_set(&error, -EINVAL, RATION_CAUSE_CONTRADICTION,
				"--force and --release exclude each other");
	else
		r = remove_all(options, operands, &error);
	if (r < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	return output_finish(options->command->name, r);
}

const struct command cmd_rm = {
	.name = "rm",
	.arguments = "[OPTIONS] TENANT[/NAME]...",
	.help = "Remove groups and tenants",
	.waits = "the processes of % to die",
	.details =
		"Removing a group kills its processes. Removing a tenant removes its groups; it "
		"fails while they have processes, unless --force or --release is given.\n"
		"\n"
		"Exit status: 0 if all were removed; 125 if one wasn't. The others are removed all "
		"the same.",
	.sets = (const struct option_set *const[]) { &rm_set, &options_patterns, &options_json, NULL },
	.verb = "remove",
	.operand = "TENANT[/NAME]",
	.min_operands = 1,
	.function = rm_function,
};
