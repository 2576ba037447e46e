/* SPDX-License-Identifier: MIT */
/*
 * cmd-exec.c - ration exec: execute a command in a group
 *
 * The command replaces ration: the caller sees the command itself, and killing the
 * group kills it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/commands/groups.h"
#include "cli/foreground.h"
#include "cli/inherited.h"
#include "cli/options/environment.h"
#include "cli/options/options-plan.h"
#include "cli/options/parse.h"
#include "cli/options/profile.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/options/starting.h"
#include "cli/output/help.h"
#include "cli/output/output.h"
#include "cli/patience.h"
#include "util/cleanup.h"
#include "util/error.h"

struct job {
	struct options *options;
	char **argv;
	char **envp;
	struct ration_host *host;
	struct ration_plan *plan;
	struct ration_group *group;
};

static int prepare(struct job *job, const char *address, struct ration_error *reterr)
{
	struct options *options = job->options;
	int r = options_host_ready(options, &job->host, reterr);

	if (r >= 0)
		r = options_plan(options, job->host, &job->plan, reterr);
	if (r >= 0)
		r = ration_plan_check(job->plan, reterr);
	if (r >= 0)
		r = environment_make(options, &job->envp, reterr);
	if (r >= 0)
		r = groups_open_for(options, job->host, address, job->plan, &job->group, reterr);
	return r;
}

/* Returns the command's status if the command got the terminal; otherwise only on failure. */
static int become(struct job *job, struct ration_error *reterr)
{
	const struct attributes ours = inherited_own();
	struct ration_spawn_options how = {
		.size = sizeof(how),
		.argv = job->argv,
		.envp = job->envp,
		.user = job->options->user,
		.new_privileges = job->options->new_privileges,
		.plan = job->plan,
	};

	STARTING_SET(&how, job->options);
	inherited_tell(&ours);
	output_warnings(job->plan);
	if (!job->options->foreground)
		return ration_group_exec(job->group, &how, reterr);
	patience_end();
	return foreground_run(job->group, &how, reterr);
}

static int exec_function(struct options *options, char **operands)
{
	struct job job = { .options = options };
	struct ration_error error;
	bool ran = false;
	/* Options may stand behind GROUP, too; what follows `--` is the command's. */
	int r = options_parse(options, options->command, operands + 1, &error);

	if (r >= 0 && options->help) {
		help_command(stdout, options->command);
		return output_finish(options->command->name, 0);
	}
	if (r > 0 && profile_apply(options, &error) < 0)
		r = -EINVAL;
	if (r >= 0 && !operands[1 + r]) {
		help_missing(options->command, "COMMAND", "ration exec acme/vm7 -- make");
		return EXIT_RATION;
	}
	if (r >= 0) {
		job.argv = operands + 1 + r;
		r = prepare(&job, operands[0], &error);
	}
	if (r >= 0) {
		r = become(&job, &error);
		ran = r >= 0;
	}
	if (!ran)
		output_error(error.cause == RATION_CAUSE_COMMAND ? NULL : options->command->name, &error);
	free(job.envp);
	job.group = ration_group_free(job.group);
	job.plan = ration_plan_free(job.plan);
	job.host = ration_host_free(job.host);
	return ran ? r : command_failed(&error);
}

static const struct option_set exec_set = {
	.title = "Options",
	.rows = (const struct option[]) {
		{ .flag = "--foreground", .set = option_set_true, .offset = offsetof(struct options, foreground),
			.help = "Hand the terminal over to the command" },
		{ .flag = NULL },
	},
};

const struct command cmd_exec = {
	.name = "exec",
	.arguments = "[LIMITS] [OPTIONS] GROUP [--] COMMAND [ARGUMENT...]",
	.help = "Execute a command in a group, unsupervised",
	.waits = "@ to take the command",
	.details =
		"The command replaces ration: it keeps the pid and, unless changed by options, the "
		"file descriptors 0 to 2, the working directory and the environment. No supervisor stays and no receipt is "
		"written. LIMITS apply to the process. With --foreground, ration waits for the command, to take the terminal "
		"back, and passes its status on.\n"
		"\n"
		"Exit status: the command's own; 125 if ration failed and the command didn't run; "
		"126 if the command can't be executed; 127 if it wasn't found.",
	.limits = true,
	.purpose = RATION_PURPOSE_PROCESS,
	.sets = (const struct option_set *const[]) { &exec_set, &options_profile, &options_enforce, &options_start,
		&options_environment, &options_user, NULL },
	.operand = "GROUP",
	.min_operands = 1,
	.foreign = true,
	.function = exec_function,
};
