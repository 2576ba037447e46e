/* SPDX-License-Identifier: MIT */
/*
 * commands.c - the list of sub-commands
 *
 * Dispatch, help texts, completions and the check of the man pages use this list.
 */
#include <errno.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options/nearest.h"
#include "ration.h"
#include "util/error.h"
#include "util/text.h"

const struct command *const commands[] = {
	&cmd_run,
	&cmd_plan,
	&cmd_doctor,
	&cmd_create,
	&cmd_set,
	&cmd_show,
	&cmd_rm,
	&cmd_ls,
	&cmd_attach,
	&cmd_exec,
	&cmd_stat,
	&cmd_freeze,
	&cmd_thaw,
	&cmd_kill,
	&cmd_stop,
	&cmd_reclaim,
	&cmd_receipt,
	&cmd_record,
	&cmd_plot,
	&cmd_gc,
	&cmd_guard,
	&cmd_top,
	&cmd_metrics,
	&cmd_vm,
	&cmd_wrap,
	&cmd_help,
	NULL,
};

int command_failed(const struct ration_error *error)
{
	if (error->cause == RATION_CAUSE_BUDGET)
		return EXIT_NO_ROOM;
	if (error->cause != RATION_CAUSE_COMMAND)
		return EXIT_RATION;
	return error->code == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

int command_find(const char *name, const struct command **ret_command, struct ration_error *reterr)
{
	struct nearest nearest = { .word = name };
	char shown[TEXT_SHOWN_MAX];

	for (size_t i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0) {
			*ret_command = commands[i];
			return 0;
		}
		nearest_try(&nearest, commands[i]->name);
	}
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "unknown command: %s",
			text_show(shown, sizeof(shown), name));
	if (nearest.best)
		return error_hint(reterr, -EINVAL, "did you mean %s?", nearest.best);
	return error_hint(reterr, -EINVAL,
			"ration --help lists the commands; ration run -- COMMAND runs one of yours");
}
