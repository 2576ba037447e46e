/* SPDX-License-Identifier: MIT */
/*
 * cmd-create.c - ration create: create a tenant or a group
 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/commands/wait.h"
#include "cli/options/options-plan.h"
#include "cli/options/options.h"
#include "cli/options/profile.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/options/target.h"
#include "cli/options/user.h"
#include "cli/output/budgets.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "util/cleanup.h"
#include "util/error.h"

static int set_owner(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	int r = user_parse(row->flag, value, &options->uid, &options->gid, reterr);

	options->has_owner = r >= 0;
	return r;
}

#define FIELD(name) .offset = offsetof(struct options, name)

static const struct option_set create_set = {
	.title = "Options",
	.rows = (const struct option[]) {
		{ .flag = "--exist-ok", .set = option_set_true, FIELD(exist_ok),
			.help = "Accept an existing group with these limits" },
		{ .flag = "--owner", .argument = "USER[:GROUP]", .set = set_owner,
			.help = "Delegate the group to this user" },
		{ .flag = "--budget", .argument = "KEY=VALUE,...", .set = option_set_budget, FIELD(budget),
			.help = "What a tenant's groups can take together",
			.details = "e.g. memory=8G,cpus=4,runs=100" },
		{ .flag = NULL },
	},
};

static int create(struct target *target, struct options *options, const char *address,
		struct ration_plan **ret_plan, struct ration_error *reterr)
{
	struct ration_group_options how = {
		.size = sizeof(how),
		.keep = true,
		.exist_ok = options->exist_ok,
		.no_oom_group = options->no_oom_group,
		.has_owner = options->has_owner,
		.uid = options->uid,
		.gid = options->gid,
		.budget = options->budget,
	};
	int r = options_host_ready(options, &target->host, reterr);

	if (r >= 0)
		r = options_plan_group(options, target->host, address, ret_plan, reterr);
	if (r >= 0)
		r = ration_plan_check(*ret_plan, reterr);
	if (r >= 0)
		r = wait_for_group(options, target->host, *ret_plan, address, &how.admission, reterr);
	if (r < 0)
		return r;
	r = ration_group_create(target->host, address, *ret_plan, &how, &target->group, reterr);
	how.admission = ration_admission_free(how.admission);
	return r;
}

static int create_function(struct options *options, char **operands)
{
	CLEANUP(target_done) struct target target = TARGET_NONE;
	struct ration_plan *plan = NULL;
	struct ration_error error;
	int r = create(&target, options, operands[0], &plan, &error);

	if (r >= 0)
		output_warnings(plan);
	if (r >= 0 && options->json)
		r = output_json(json_create(target.group, plan), &error);
	plan = ration_plan_free(plan);
	if (r < 0) {
		output_error(options->command->name, &error);
		return command_failed(&error);
	}
	return output_finish(options->command->name, 0);
}

const struct command cmd_create = {
	.name = "create",
	.arguments = "[LIMITS] [OPTIONS] TENANT[/NAME]",
	.help = "Create a tenant or a group in it",
	.waits = "@ to be created: another process is at it, or systemd",
	.details =
		"A tenant has limits that all its groups share, and no processes. A group has "
		"processes: add them with `ration attach` and `ration exec`. Tenants and groups "
		"stay until `ration rm` removes them. The kernel alone enforces their limits; "
		"limits that need a supervisor work only with `ration run`.\n"
		"\n"
		"If one limit can't be set, nothing is created.\n"
		"\n"
		"Exit status: 0; 122 if a budget is full now; 125 if ration failed.",
	.limits = true,
	.purpose = RATION_PURPOSE_GROUP,
	.sets = (const struct option_set *const[]) { &options_profile, &options_enforce, &create_set, &options_room, &options_oom,
		&options_vm, &options_json, NULL },
	.operand = "TENANT[/NAME]",
	.min_operands = 1,
	.max_operands = 1,
	.function = create_function,
};
