/* SPDX-License-Identifier: MIT */
/*
 * cmd-freeze.c - ration freeze, ration thaw: stop all processes of a group, and continue them
 */
#include "cli/command.h"
#include "cli/groups.h"
#include "cli/output.h"

static int freeze_one(struct options *options, struct ration_group *group, const char *address, void *data,
		struct ration_error *reterr)
{
	(void)address;
	(void)data;
	return ration_group_freeze(group, options->timeout_usec, reterr);
}

static int thaw_one(struct options *options, struct ration_group *group, const char *address, void *data,
		struct ration_error *reterr)
{
	(void)address;
	(void)data;
	return ration_group_thaw(group, options->timeout_usec, reterr);
}

static int freeze_function(struct options *options, char **operands)
{
	return groups_each(options, operands, freeze_one, NULL);
}

static int thaw_function(struct options *options, char **operands)
{
	return groups_each(options, operands, thaw_one, NULL);
}

const struct command cmd_freeze = {
	.name = "freeze",
	.arguments = "[--ignore-missing] [--timeout DURATION] GROUP...",
	.help = "Stop all processes of a group, or of all groups of a tenant, until `ration thaw`",
	.details =
		"They keep their memory and use no CPU; no signal but SIGKILL wakes them. Who comes into the "
		"group meanwhile is stopped, too. Returns when all are.\n"
		"\n"
		"Exit status: 0; 125 if one isn't there, or not all of its processes stop in time.",
	.sets = (const struct option_set *const[]) { &options_missing, &options_wait, NULL },
	.operand = "GROUP",
	.min_operands = 1,
	.function = freeze_function,
};

const struct command cmd_thaw = {
	.name = "thaw",
	.arguments = "[--ignore-missing] [--timeout DURATION] GROUP...",
	.help = "Continue what `ration freeze` has stopped",
	.details =
		"A group below one that is frozen stays so.\n"
		"\n"
		"Exit status: 0; 125 if one isn't there, or doesn't continue in time.",
	.sets = (const struct option_set *const[]) { &options_missing, &options_wait, NULL },
	.operand = "GROUP",
	.min_operands = 1,
	.function = thaw_function,
};
