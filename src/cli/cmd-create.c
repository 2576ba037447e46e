/* SPDX-License-Identifier: MIT */
/*
 * cmd-create.c - ration create: make a tenant or a group that stays
 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/target.h"
#include "cli/user.h"
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
	.title = "How to make it",
	.rows = (const struct option[]) {
		{ .flag = "--exist-ok", .set = option_set_true, FIELD(exist_ok),
			.help = "Accept one that is there already, if the same limits were asked for" },
		{ .flag = "--owner", .argument = "USER[:GROUP]", .set = set_owner,
			.help = "Delegate it: this user may put processes into it and make groups below it, "
				"but not change its limits; names or numbers" },
		{ .flag = NULL },
	},
};

static int create(struct target *target, struct options *options, const char *address,
		struct ration_plan **ret_plan, struct ration_error *reterr)
{
	const struct ration_group_options how = {
		.size = sizeof(how),
		.keep = true,
		.exist_ok = options->exist_ok,
		.no_oom_group = options->no_oom_group,
		.has_owner = options->has_owner,
		.uid = options->uid,
		.gid = options->gid,
	};
	int r = options_host_ready(options, &target->host, reterr);

	if (r >= 0)
		r = options_plan_group(options, target->host, address, ret_plan, reterr);
	if (r >= 0)
		r = ration_plan_check(*ret_plan, reterr);
	if (r < 0)
		return r;
	return ration_group_create(target->host, address, *ret_plan, &how, &target->group, reterr);
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
		return EXIT_RATION;
	}
	return output_finish(options->command->name, 0);
}

const struct command cmd_create = {
	.name = "create",
	.arguments = "[LIMITS] [OPTIONS] TENANT[/NAME]",
	.help = "Make a tenant, or a group of one, that stays until it is removed",
	.details =
		"A tenant has limits, which hold for all of its groups together, and no processes. A group has "
		"processes: ration attach and ration exec put some there. The kernel alone holds these limits: "
		"those that take a supervisor are for ration run.\n"
		"\n"
		"All or nothing: if a limit can't be set, nothing is made. Says nothing when all went well.\n"
		"\n"
		"Exit status: 0; 125 if ration failed.",
	.limits = true,
	.purpose = RATION_PURPOSE_GROUP,
	.sets = (const struct option_set *const[]) { &options_enforce, &create_set, &options_oom, &options_vm,
		&options_json, NULL },
	.operand = "TENANT[/NAME]",
	.min_operands = 1,
	.max_operands = 1,
	.function = create_function,
};
