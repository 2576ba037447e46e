/* SPDX-License-Identifier: MIT */
/*
 * cmd-reclaim.c - ration reclaim: reclaim memory from a group
 */
#include <errno.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/commands/groups.h"
#include "cli/options/rows.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "util/cleanup.h"
#include "util/error.h"

static void print_reclaimed(const char *address, uint64_t asked, uint64_t reclaimed)
{
	char of[OUTPUT_VALUE_MAX], got[OUTPUT_VALUE_MAX];

	(void)printf("%s: reclaimed %s", address, ration_format_size(got, reclaimed));
	if (reclaimed < asked)
		(void)printf(" of %s: no more could be reclaimed", ration_format_size(of, asked));
	(void)putchar('\n');
}

static int reclaim_one(struct options *options, struct ration_group *group, const char *address, void *data,
		struct ration_error *reterr)
{
	const uint64_t *asked = data;
	uint64_t reclaimed;
	int r = ration_group_reclaim(group, *asked, &reclaimed, reterr);

	if (r < 0)
		return r;
	if (options->json)
		return output_json(json_reclaim(address, *asked, reclaimed), reterr);
	print_reclaimed(address, *asked, reclaimed);
	return 0;
}

static int reclaim_function(struct options *options, char **operands)
{
	char *group[] = { operands[0], NULL };
	struct ration_error error;
	uint64_t bytes;
	int r = ration_parse_size("SIZE", operands[1], &bytes, &error);

	if (r >= 0 && (bytes == 0 || bytes == RATION_UNLIMITED))
		r = error_set(&error, -ERANGE, RATION_CAUSE_INVALID,
				"SIZE %.20s: must be an amount above 0, e.g. 64M", operands[1]);
	if (r < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	return output_finish(options->command->name, groups_each(options, group, reclaim_one, &bytes));
}

const struct command cmd_reclaim = {
	.name = "reclaim",
	.arguments = "[--json] GROUP SIZE",
	.help = "Reclaim memory from a group",
	.waits = "@ to give memory back",
	.details =
		"The kernel drops page cache and swaps out other memory, if the group may swap. "
		"Nothing is killed. Reclaiming less than SIZE is not an error.\n"
		"\n"
		"Exit status: 0; 125 if the group doesn't exist or the kernel doesn't support it "
		"(before 5.19).",
	.sets = (const struct option_set *const[]) { &options_json, NULL },
	.operand = "GROUP",
	.min_operands = 2,
	.max_operands = 2,
	.function = reclaim_function,
};
