/* SPDX-License-Identifier: MIT */
/*
 * cmd-wrap.c - ration wrap: print a shell command line with ulimit
 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/options/options.h"
#include "cli/options/setters.h"
#include "cli/output/help.h"
#include "cli/output/output.h"
#include "cli/say.h"
#include "util/cleanup.h"

/* 0 means no limit, not the default. */
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
	.title = "Limits of ulimit",
	.rows = (const struct option[]) {
		{ .flag = "--memory", .argument = "SIZE", .set = option_set_limit,
			.help = "Guest memory; ulimit -v is 14 times that" },
		{ .flag = "--cpu-time", .argument = "[SOFT:]HARD", .set = set_cpu_time,
			.help = "CPU time per process (ulimit -t); default: 1h" },
		{ .flag = "--pids", .argument = "N", .set = option_set_limit,
			.help = "Tasks of the user (ulimit -u); default: 100" },
		{ .flag = "--os", .set = option_set_word, FIELD(os),
			.help = "Target system; macos supports ulimit -u only",
			.words = (const struct option_word[]) {
				{ "linux", RATION_OS_LINUX },
				{ "macos", RATION_OS_MACOS },
				{ NULL, 0 },
			} },
		{ .flag = NULL },
	},
};

/* Warns about each limit that isn't enforced. */
static void warn(const struct options *options)
{
	static const enum ration_limit left_out[] = { RATION_LIMIT_MEMORY, RATION_LIMIT_CPU_TIME };

	if (options->os != RATION_OS_MACOS)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++) {
		if (ration_limits_has(options->limits, left_out[i]))
			say("ration: %s: not enforced: macOS has no such ulimit\n",
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
		help_missing(options->command, "COMMAND", "ration wrap --memory 512M -- qemu-system-x86_64 -m 512M");
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
	.arguments = "[OPTIONS] [--] COMMAND [ARGUMENT...]",
	.help = "Print a shell command line with ulimit",
	.details =
		"The line works in any shell. It starts bash, which sets its limits and executes "
		"COMMAND. There is no supervisor, and the limits apply to each process or to the "
		"user. `ration run` and `ration exec` enforce more and need no shell.\n"
		"\n"
		"Exit status: 0; 125 if ration failed.",
	.sets = (const struct option_set *const[]) { &wrap_set, NULL },
	.operand = "COMMAND",
	.foreign = true,
	.function = wrap_function,
};
