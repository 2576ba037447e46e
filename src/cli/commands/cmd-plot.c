/* SPDX-License-Identifier: MIT */
/*
 * cmd-plot.c - ration plot: draw recordings and receipts
 *
 * The Python package does it, with matplotlib. For root, the environment chooses nothing: it gets the system's Python
 * in isolated mode, and root's own home, where matplotlib reads its settings and writes its list of fonts, even through
 * a link. Nothing is imported from the working directory, whoever the user is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options/options.h"
#include "cli/options/setters.h"
#include "cli/output/output.h"
#include "util/cleanup.h"
#include "util/error.h"

#define SYSTEM_PYTHON "/usr/bin/python3"

/* Debian's archive has the second only. A string of Python's, too: no quotes. */
#define INSTALL "install python3-ration, which `make deb` builds, and python3-matplotlib"

/* What isn't there is told with the way to it. */
static const char program[] =
	"import sys, os, pwd\n"
	"sys.path[:] = [folder for folder in sys.path if folder]\n"
	"if os.geteuid() == 0:\n"
	"    for name in ('MPLBACKEND', 'MPLCONFIGDIR', 'MATPLOTLIBRC', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME'):\n"
	"        os.environ.pop(name, None)\n"
	"    os.environ['HOME'] = pwd.getpwuid(0).pw_dir\n"
	"try:\n"
	"    from ration.plot import main\n"
	"except (ImportError, OSError) as error:\n"
	"    sys.stderr.write(f'ration plot: the Python package of ration can\\'t be loaded: {error}\\n'\n"
	"                     '  hint: " INSTALL "\\n')\n"
	"    sys.exit(125)\n"
	"sys.exit(main())\n";

static const struct option_set plot_set = {
	.title = "Options",
	.rows = (const struct option[]) {
		{ .flag = "--output", .letter = "-o", .argument = "PICTURE", .set = option_set_text,
			.offset = offsetof(struct options, record),
			.help = "File to write: NAME.svg, .png or .pdf" },
		{ .flag = NULL },
	},
};

static char *own_word(const char *word)
{
	return (char *)(uintptr_t)word;
}

/* Returns on failure only. */
static int become_python(const struct options *options, char **files, struct ration_error *reterr)
{
	CLEANUP(freep) char **words = NULL;
	bool root = geteuid() == 0;
	size_t n = 0, at = 0;

	while (files[n])
		n++;
	words = calloc(n + 8, sizeof(*words));
	if (!words)
		return error_oom(reterr);
	words[at++] = own_word("python3");
	if (root)
		words[at++] = own_word("-I");
	words[at++] = own_word("-c");
	words[at++] = own_word(program);
	words[at++] = own_word("--output");
	words[at++] = own_word(options->record);
	words[at++] = own_word("--");
	memcpy(words + at, files, n * sizeof(*files));
	if (root)
		(void)execv(SYSTEM_PYTHON, words);
	else
		(void)execvp("python3", words);
	(void)error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't execute %s: %s", root ? SYSTEM_PYTHON : "python3",
			error_text(-errno));
	return error_hint(reterr, -errno, INSTALL);
}

static int plot_function(struct options *options, char **operands)
{
	struct ration_error error;

	if (options->record) {
		(void)become_python(options, operands, &error);
	} else {
		(void)error_set(&error, -EINVAL, RATION_CAUSE_INVALID, "missing option: --output");
		(void)error_hint(&error, -EINVAL, "e.g. ration plot run.jsonl -o run.svg");
	}
	output_error(options->command->name, &error);
	return EXIT_RATION;
}

const struct command cmd_plot = {
	.name = "plot",
	.arguments = "-o PICTURE FILE...",
	.help = "Draw recordings and receipts",
	.details =
		"One or two recordings: CPU, memory, pressure, tasks and I/O over time. Receipts and journals: the "
		"distribution of wall time, CPU time and peak memory. Needs ration's Python package and matplotlib.\n"
		"\n"
		"Exit status: 0; 125 if a file can't be read, or something isn't installed.",
	.sets = (const struct option_set *const[]) { &plot_set, NULL },
	.operand = "FILE",
	.min_operands = 1,
	.function = plot_function,
};
