/* SPDX-License-Identifier: MIT */
/*
 * cmd-help.c - ration help: show the help of a command
 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/options/options.h"
#include "cli/output/help.h"
#include "cli/output/output.h"
#include "ration.h"

static int help_function(struct options *options, char **operands)
{
	const struct command *command;
	struct ration_error error;

	if (!operands[0]) {
		help_overview(stdout);
	} else if (command_find(operands[0], &command, &error) < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	} else {
		help_command(stdout, command);
	}
	return output_finish(options->command->name, 0);
}

const struct command cmd_help = {
	.name = "help",
	.arguments = "[COMMAND]",
	.help = "Show help for a command",
	.operand = "COMMAND",
	.max_operands = 1,
	.function = help_function,
};
