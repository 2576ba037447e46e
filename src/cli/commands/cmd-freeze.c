/* SPDX-License-Identifier: MIT */
/*
 * cmd-freeze.c - ration freeze, ration thaw: freeze all processes of a group, and thaw them
 */
#include "cli/command.h"
#include "cli/commands/groups.h"
#include "cli/options/patterns.h"

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
	.arguments = "[OPTIONS] GROUP...",
	.help = "Suspend all processes of a group",
	.waits = "% to freeze",
	.details =
		"Frozen processes keep their memory and use no CPU. Only SIGKILL ends them. "
		"Processes that join the group freeze, too. The command returns when all are "
		"frozen. A group that ration itself runs in is refused.\n"
		"\n"
		"Exit status: 0; 125 if a group doesn't exist, has ration in it, or doesn't freeze in time.",
	.sets = (const struct option_set *const[]) { &options_missing, &options_patterns, &options_wait_freeze, NULL },
	.verb = "freeze",
	.operand = "GROUP",
	.min_operands = 1,
	.function = freeze_function,
};

const struct command cmd_thaw = {
	.name = "thaw",
	.arguments = "[OPTIONS] GROUP...",
	.help = "Resume a frozen group",
	.waits = "% to thaw",
	.details =
		"A group below a frozen group stays frozen.\n"
		"\n"
		"Exit status: 0; 125 if a group doesn't exist or doesn't thaw in time.",
	.sets = (const struct option_set *const[]) { &options_missing, &options_patterns, &options_wait_freeze, NULL },
	.verb = "thaw",
	.operand = "GROUP",
	.min_operands = 1,
	.function = thaw_function,
};
