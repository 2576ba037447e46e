/* SPDX-License-Identifier: MIT */
/*
 * cmd-wrap.c - ration wrap: a line of shell that runs a command under ulimit
 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/output.h"
#include "util/cleanup.h"

/* 0 asks for no limit, and not for the default. */
static int set_cpu_time(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	int r = option_set_limit(options, row, value, reterr);

	if (r >= 0)
		options->no_cpu_time = !ration_limits_has(options->limits, RATION_LIMIT_CPU_TIME);
	return r;
}

#define FIELD(name) .offset = offsetof(struct options, name)

static const struct option_set wrap_set = {
	.title = "What ulimit is told",
	.rows = (const struct option[]) {
		{ .flag = "--memory", .argument = "SIZE", .set = option_set_limit,
			.help = "Memory of a virtual machine's guest: -v is 14 times that; not given: no -v" },
		{ .flag = "--cpu-time", .argument = "[SOFT:]HARD", .set = set_cpu_time,
			.help = "CPU time of each process, in whole seconds: -t; 0: none; default: 1h" },
		{ .flag = "--pids", .argument = "N", .set = option_set_limit,
			.help = "Processes and threads of the user, all that there are: -u; max: none; "
				"default: 100" },
		{ .flag = "--os", .set = option_set_word, FIELD(os),
			.help = "Whose ulimit it is; macos has -u only; default: this system's",
			.words = (const struct option_word[]) {
				{ "linux", RATION_OS_LINUX },
				{ "macos", RATION_OS_MACOS },
				{ NULL, 0 },
			} },
		{ .flag = NULL },
	},
};

/* A limit that nothing holds is never silent. */
static void warn(const struct options *options)
{
	static const enum ration_limit left_out[] = { RATION_LIMIT_MEMORY, RATION_LIMIT_CPU_TIME };

	if (options->os != RATION_OS_MACOS)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++) {
		if (ration_limits_has(options->limits, left_out[i]))
			(void)fprintf(stderr, "ration: %s: held by nothing: ulimit can't, on macOS\n",
					ration_limit_info(left_out[i])->name);
	}
}

static int wrap_function(struct options *options, char **operands)
{
	const struct ration_wrap_options how = {
		.size = sizeof(how),
		.argv = operands,
		.os = (enum ration_os)options->os,
		.no_cpu_time = options->no_cpu_time,
	};
	CLEANUP(freep) char *line = NULL;
	struct ration_error error;

	if (!operands[0]) {
		help_usage(stderr, options->command);
		(void)fprintf(stderr, "ration wrap: there is no command to wrap\n"
				"  hint: e.g. ration wrap --memory 512M -- qemu-system-x86_64 -m 512M\n");
		return EXIT_RATION;
	}
	if (ration_wrap(options->limits, &how, &line, &error) < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	warn(options);
	(void)puts(line);
	return output_finish(options->command->name, 0);
}

const struct command cmd_wrap = {
	.name = "wrap",
	.arguments = "[--memory SIZE] [--cpu-time TIME] [--pids N] [--os OS] [--] COMMAND [ARGUMENT...]",
	.help = "Print a line of shell that runs a command under ulimit, for tools that want a string",
	.details =
		"The line is for any shell, and starts a bash, which limits itself and becomes COMMAND. "
		"Nothing supervises it: each limit is that of one process, tasks are those of the user. "
		"`ration run` and `ration exec` hold more, and need no shell.\n"
		"\n"
		"Exit status: 0; 125 if ration failed.",
	.sets = (const struct option_set *const[]) { &wrap_set, NULL },
	.operand = "COMMAND",
	.foreign = true,
	.function = wrap_function,
};
