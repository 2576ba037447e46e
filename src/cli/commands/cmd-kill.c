/* SPDX-License-Identifier: MIT */
/*
 * cmd-kill.c - ration kill: kill all processes of a group
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/commands/groups.h"
#include "cli/options/patterns.h"
#include "cli/options/rows.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "util/cleanup.h"
#include "util/error.h"

/* What has been done, for --json. */
struct killed {
	size_t n;
	struct json_killed *list;
};

static int kill_one(struct options *options, struct ration_group *group, const char *address, void *data,
		struct ration_error *reterr)
{
	struct killed *killed = data;
	uint64_t n;
	int r = ration_group_kill(group, options->timeout_usec, &n, reterr);

	if (r < 0)
		return r;
	killed->list[killed->n++] = (struct json_killed) { address, n };
	if (!options->json)
		(void)printf("%s: killed %" PRIu64 " %s\n", address, n, groups_processes(n));
	return 0;
}

static int kill_function(struct options *options, char **operands)
{
	CLEANUP(freep) struct json_killed *list = NULL;
	struct killed killed = { .n = 0 };
	struct ration_error error;
	int status = EXIT_RATION;
	size_t n = 0;
	int r;

	while (operands[n])
		n++;
	killed.list = list = calloc(n, sizeof(*list));
	r = list ? 0 : error_oom(&error);
	if (r >= 0)
		status = groups_each(options, operands, kill_one, &killed);
	if (r >= 0 && options->json)
		r = output_json(json_kill(list, killed.n), &error);
	if (r < 0) {
		output_error(options->command->name, &error);
		status = EXIT_RATION;
	}
	return output_finish(options->command->name, status);
}

const struct command cmd_kill = {
	.name = "kill",
	.arguments = "[OPTIONS] GROUP...",
	.help = "Kill all processes of a group",
	.waits = "the processes of % to die",
	.details =
		"All processes die at once, frozen or not. The group stays; `ration rm` removes "
		"it.\n"
		"\n"
		"Exit status: 0; 125 if a group doesn't exist or its processes don't die.",
	.sets = (const struct option_set *const[]) { &options_missing, &options_patterns, &options_wait_end, &options_json, NULL },
	.verb = "kill",
	.operand = "GROUP",
	.min_operands = 1,
	.function = kill_function,
};
