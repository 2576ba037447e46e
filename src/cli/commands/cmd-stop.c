/* SPDX-License-Identifier: MIT */
/*
 * cmd-stop.c - ration stop: end a run from another process
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/commands/groups.h"
#include "cli/options/patterns.h"
#include "cli/options/setters.h"
#include "cli/output/output.h"

static int stop_one(struct options *options, struct ration_group *group, const char *address, void *data,
		struct ration_error *reterr)
{
	uint64_t n;
	int r = ration_group_stop(group, options->signal, options->kill_after_usec, options->timeout_usec, &n, reterr);

	(void)data;
	if (r < 0)
		return r;
	(void)printf("%s: stopped %" PRIu64 " %s\n", address, n, groups_processes(n));
	return 0;
}

static int stop_function(struct options *options, char **operands)
{
	return output_finish(options->command->name, groups_each(options, operands, stop_one, NULL));
}

static const struct option_set stop_set = {
	.title = "Ending the run",
	.rows = (const struct option[]) {
		{ .flag = "--signal", .argument = "SIGNAL", .set = option_set_signal,
			.offset = offsetof(struct options, signal), .help = "First signal; default: TERM" },
		{ .flag = "--kill-after", .argument = "DURATION", .set = option_set_duration,
			.offset = offsetof(struct options, kill_after_usec),
			.help = "Delay before SIGKILL; 0: never; default: 300ms" },
		{ .flag = NULL },
	},
};

const struct command cmd_stop = {
	.name = "stop",
	.arguments = "[OPTIONS] GROUP...",
	.help = "End a run from another process",
	.waits = "the run of % to end",
	.details =
		"Every process of the group gets the signal, and SIGKILL after a while. The verdict in "
		"the run's receipt is interrupted. A group without a run is emptied and stays.\n"
		"\n"
		"Exit status: 0 when the run is over; 125 if a group doesn't exist or its run doesn't end.",
	.sets = (const struct option_set *const[]) { &stop_set, &options_missing, &options_patterns, &options_wait_end, NULL },
	.verb = "stop",
	.operand = "GROUP",
	.min_operands = 1,
	.function = stop_function,
};
