/* SPDX-License-Identifier: MIT */
/*
 * starting.c - where a command starts: its directory, umask and files
 *
 * Nothing is opened here: that is up to who the command is, and takes place where it runs.
 */
#include "cli/options/starting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/options/given.h"
#include "cli/options/setters.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/text.h"

/* The digits of chmod(1) and of a shell's umask. */
static int set_umask(struct options *options, const struct option *row, const char *value, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];

	if (parse_octal(value, 0777, &options->umask) < 0) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %s: must be octal, 0 to 0777", row->flag,
				text_show(shown, sizeof(shown), value));
		return error_hint(reterr, -EINVAL, "e.g. %s 027: no access for others", row->flag);
	}
	options->set_umask = true;
	return 0;
}

/* Words that mean no file. A file of that name is "./null". */
enum file_word { FILE_INHERIT, FILE_NULL, FILE_STDOUT };

static const struct option_word in_words[] = { { "inherit", FILE_INHERIT }, { "null", FILE_NULL }, { NULL, 0 } };
static const struct option_word err_words[] = { { "inherit", FILE_INHERIT }, { "null", FILE_NULL },
	{ "stdout", FILE_STDOUT }, { NULL, 0 } };

static const struct option_word *find_word(const struct option *row, const char *value)
{
	const struct option_word *at = row->words;

	while (at->word && strcmp(at->word, value) != 0)
		at++;
	return at->word ? at : NULL;
}

static int set_file(struct options *options, const struct option *row, const char *value, struct ration_error *reterr)
{
	struct option_file *file = (struct option_file *)(void *)((char *)options + row->offset);
	const struct option_word *word = find_word(row, value);
	bool in = file == &options->file[0];

	if (word) {
		file->path = word->value == FILE_NULL ? "/dev/null" : NULL;
		file->merged = word->value == FILE_STDOUT;
		return 0;
	}
	file->append = value[0] == '+';
	file->path = value + file->append;
	if (file->append && (in || !file->path[0])) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %s: %s", row->flag, value,
				in ? "+ appends, and this file is read" : "missing file behind +");
		return error_hint(reterr, -EINVAL, in ? "a file of that name is ./+…" : "e.g. --stdout +log");
	}
	return 0;
}

/* Nothing that we have opened is taken for it: all of that is closed at an exec. */
static int set_pass_fd(struct options *options, const struct option *row, const char *value, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];
	uint64_t fd = 0;
	int flags;

	if (parse_count(value, &fd) < 0 || fd < 3 || fd > INT32_MAX) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %s: must be the number of a file descriptor, 3 to 2147483647",
				row->flag, text_show(shown, sizeof(shown), value));
		return error_hint(reterr, -EINVAL, "0 to 2 are passed on anyway: see --stdin, --stdout and --stderr");
	}
	flags = fcntl((int)fd, F_GETFD);
	if (flags < 0 || flags & FD_CLOEXEC) {
		(void)error_set(reterr, -EBADF, RATION_CAUSE_INVALID, "%s %s: it isn't open", row->flag, value);
		return error_hint(reterr, -EBADF, "e.g. ration run %s 3 -- COMMAND 3<file", row->flag);
	}
	options->pass_fds[options->n_pass_fds++] = (int)fd;
	return 0;
}

/* By its number: "fd:03" is 3, too. */
static int check_target(const struct options *options, const char *flag, const char *target, struct ration_error *reterr)
{
	uint64_t fd;

	if (!target || strncmp(target, "fd:", strlen("fd:")) != 0 || parse_count(target + strlen("fd:"), &fd) < 0)
		return 0;
	for (size_t i = 0; i < options->n_pass_fds; i++) {
		if (fd != (uint64_t)options->pass_fds[i])
			continue;
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "%s fd:%d and --pass-fd %d exclude each other", flag,
				options->pass_fds[i], options->pass_fds[i]);
		return error_hint(reterr, -EINVAL, "the command could write to it: use another file descriptor");
	}
	return 0;
}

/* By what is typed, and by what is there. What several can write to without harm is a device: /dev/null, a terminal. */
static bool is_same(const char *a, const char *b)
{
	struct stat x, y;

	if (!a || !b)
		return false;
	if (stat(a, &x) == 0 && stat(b, &y) == 0)
		return S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
	return strcmp(a, b) == 0;
}

/* One file for two of them: the second to be made replaces the first, and each says that it was written. */
static int check_files(const struct options *options, struct ration_error *reterr)
{
	const struct {
		const char *flag, *target;
	} files[] = {
		{ "--receipt", options->receipt },
		{ "--record", options->record },
		{ given_name("--journal"), options->journal },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		for (size_t k = i + 1; k < ARRAY_SIZE(files); k++) {
			if (!is_same(files[i].target, files[k].target))
				continue;
			(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "%s and %s name the same file", files[i].flag,
					files[k].flag);
			return error_hint(reterr, -EINVAL, "give each a file of its own");
		}
	}
	return 0;
}

int starting_check(const struct options *options, struct ration_error *reterr)
{
	int r = check_target(options, "--receipt", options->receipt, reterr);

	if (r >= 0)
		r = check_target(options, "--record", options->record, reterr);
	return r < 0 ? r : check_files(options, reterr);
}

#define FIELD(name) .offset = offsetof(struct options, name)

const struct option_set options_start = {
	.title = "Directory and files of the command",
	.rows = (const struct option[]) {
		{ .flag = "--chdir", .letter = "-C", .argument = "DIR", .set = option_set_text, FIELD(cwd),
			.help = "Working directory; default: inherit" },
		{ .flag = "--umask", .argument = "MODE", .set = set_umask,
			.help = "File mode creation mask, e.g. 027" },
		{ .flag = "--stdin", .argument = "FILE", .words = in_words, .set = set_file, FIELD(file[0]),
			.help = "Standard input; default: inherit" },
		{ .flag = "--stdout", .argument = "[+]FILE", .words = in_words, .set = set_file, FIELD(file[1]),
			.help = "Standard output; +FILE: append" },
		{ .flag = "--stderr", .argument = "[+]FILE", .words = err_words, .set = set_file, FIELD(file[2]),
			.help = "Standard error; stdout: where standard output goes" },
		{ .flag = "--pass-fd", .argument = "N", .set = set_pass_fd, .repeats = true,
			.help = "Pass on a file descriptor (repeatable)" },
		{ .flag = NULL },
	},
};
