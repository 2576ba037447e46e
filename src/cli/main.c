/* SPDX-License-Identifier: MIT */
/*
 * main.c - ration: from the first word to a sub-command
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options/given.h"
#include "cli/options/options.h"
#include "cli/options/parse.h"
#include "cli/options/patterns.h"
#include "cli/options/profile.h"
#include "cli/output/help.h"
#include "cli/output/output.h"
#include "cli/patience.h"
#include "ration.h"
#include "util/error.h"
#include "util/text.h"

/*
 * Opens what is closed of the first three fds, so that no file of ours becomes
 * one of them: each for the wrong direction, so that using it fails as before.
 */
static int fill_standard_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return -EBADF;
	}
	return 0;
}

/* Checks that a command gets as many operands as it takes. */
static int check_operands(const struct command *command, char **operands, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];
	unsigned n = 0, max = command->operand ? command->max_operands : 0;

	while (operands[n])
		n++;
	if (n < command->min_operands) {
		/* The last of those that a command takes is the last word of its usage. */
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "missing argument: %s",
				n == 0 ? command->operand : strrchr(command->arguments, ' ') + 1);
		return error_hint(reterr, -EINVAL, "ration %s %s", command->name, command->arguments);
	}
	if (n > max && (max > 0 || !command->operand))
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "unexpected argument %s",
				text_show(shown, sizeof(shown), operands[max]));
	return 0;
}

/* --help or --version was among the options. */
static int inform(const struct options *options)
{
	const char *name = options->command ? options->command->name : NULL;

	if (options->version)
		(void)printf("ration %s\n", ration_version());
	else if (options->command)
		help_command(stdout, options->command);
	else
		help_overview(stdout);
	return output_finish(name, 0);
}

/* Reads the words behind `ration` and does what they say. */
static int dispatch(struct options *options, char **words, struct ration_error *reterr)
{
	int r = options_parse(options, NULL, words, reterr);

	if (r < 0)
		return r;
	if (options->help || options->version)
		return inform(options);
	words += r;
	if (!words[0]) {
		help_missing(NULL, NULL, NULL);
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "missing COMMAND");
		return error_hint(reterr, -EINVAL, "ration --help lists the commands");
	}
	r = command_find(words[0], &options->command, reterr);
	if (r < 0)
		return r;
	words++;
	r = options_parse(options, options->command, words, reterr);
	if (r < 0)
		return r;
	if (options->help || options->version)
		return inform(options);
	r = profile_apply(options, reterr) < 0 ? -EINVAL : r;
	if (r < 0)
		return r;
	given_note(options);
	words += r;
	r = check_operands(options->command, words, reterr);
	if (r < 0)
		return r;
	r = patterns_expand(options, &words, reterr);
	if (r < 0)
		return r;
	patience_begin(options->command, words);
	r = options->command->function(options, words);
	patience_end();
	return r;
}

int main(int argc, char **argv)
{
	/* Since 5.18 the kernel sees to it that argv[0] is there. */
	char *none[] = { NULL };
	struct options options = { .command = NULL };
	struct ration_error error;
	int r = fill_standard_fds();

	if (r < 0)
		return EXIT_RATION;
	r = options_init(&options, argc, &error);
	if (r >= 0)
		r = dispatch(&options, argc > 0 ? argv + 1 : none, &error);
	if (r < 0) {
		output_error(options.command ? options.command->name : NULL, &error);
		r = EXIT_RATION;
	}
	patterns_done(&options);
	options_done(&options);
	return r;
}
