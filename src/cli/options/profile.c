/* SPDX-License-Identifier: MIT */
/*
 * profile.c - --profile: options in a file
 *
 * One option a line, without its dashes: `memory = 512M`, or `quiet` alone. A line that
 * begins with # is a comment. There are no quotes, no escapes and no lines that go on: a
 * value is what stands behind the first =, without the blanks around it. What is read is
 * read by the table of `ration run`, as on the command line, whatever the command.
 *
 * The command line has been read when its profile is known. So it is read again, on top
 * of the profile's options, into a fresh struct. An option of the profile that the command
 * line has as well is only checked: it goes into the old struct, which is thrown away.
 */
#include "cli/options/profile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options/nearest.h"
#include "cli/options/parse.h"
#include "cli/options/profile-file.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/patience.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

static const char blanks[] = " \t\r\v\f";

const struct option_set options_profile = {
	.title = "Profile",
	.rows = (const struct option[]) {
		{ .flag = "--profile", .argument = "NAME|FILE", .set = option_set_text,
			.offset = offsetof(struct options, profile),
			.help = "Read options from a profile" },
		{ .flag = NULL },
	},
};

/* -------------------------------------------------------------------- lines */

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, blanks);
	length = strlen(text);
	while (length > 0 && strchr(blanks, text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

/* " #" could be the value's or the begin of a comment, and neither is worth a guess. */
static bool has_comment(const char *value)
{
	for (const char *at = strchr(value, '#'); at; at = strchr(at + 1, '#')) {
		if (at == value || strchr(blanks, at[-1]))
			return true;
	}
	return false;
}

static int split(char *text, struct profile_line *ret_line, struct ration_error *reterr)
{
	char *equals = strchr(text, '='), shown[TEXT_SHOWN_MAX];
	struct profile_line line = { .name = text };

	if (equals) {
		*equals = '\0';
		line.value = trim(equals + 1);
	}
	line.name = trim(text);
	if (!line.name[0] || line.name[strcspn(line.name, blanks)]) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s: expected NAME = VALUE",
				text_show(shown, sizeof(shown), line.name));
		return error_hint(reterr, -EINVAL, "e.g. memory = 512M, or quiet alone");
	}
	if (line.value && has_comment(line.value)) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s: comment behind a value", line.name);
		return error_hint(reterr, -EINVAL, "give the comment a line of its own");
	}
	*ret_line = line;
	return 1;
}

int profile_next(struct profile_reader *reader, struct profile_line *ret_line, struct ration_error *reterr)
{
	while (*reader->at) {
		char *text = reader->at;

		reader->at += strcspn(text, "\n");
		if (*reader->at)
			*reader->at++ = '\0';
		reader->number++;
		text = trim(text);
		if (*text && *text != '#')
			return split(text, ret_line, reterr);
	}
	return 0;
}

/* ------------------------------------------------------------------ options */

static int refuse_unknown(const char *name, struct ration_error *reterr)
{
	struct nearest nearest = { .word = name + strspn(name, "-") };
	char shown[TEXT_SHOWN_MAX];
	struct option row;
	const char *title;

	for (size_t i = 0; options_at(&cmd_run, i, &row, &title); i++)
		nearest_try(&nearest, row.flag + strlen("--"));
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "unknown option %s",
			text_show(shown, sizeof(shown), name));
	if (name[0] == '-' && nearest.best)
		return error_hint(reterr, -EINVAL, "options have no dashes here: %s", nearest.best);
	if (nearest.best)
		return error_hint(reterr, -EINVAL, "did you mean %s?", nearest.best);
	return error_hint(reterr, -EINVAL, "ration run --help lists the options");
}

/* What is an option, or could be taken for one, and can't be one here. */
static int check_allowed(const char *name, struct ration_error *reterr)
{
	static const struct {
		const char *name, *why;
	} refused[] = {
		{ "profile", "a profile can't include another" },
		{ "help", "it is for the command line" },
		{ "version", "it is for the command line" },
		{ "command", "the command stands on the command line" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (strcmp(refused[i].name, name) == 0) {
			(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s can't stand in a profile: %s", name,
					refused[i].why);
			return error_hint(reterr, -EINVAL, "remove the line");
		}
	}
	return 0;
}

/* A limit that the command doesn't know isn't dropped; how `run` starts and ends a command is nothing to others. */
static int check_elsewhere(const struct command *command, const struct option *row, struct ration_error *reterr)
{
	if (!row->info && !option_sets_resource(row))
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s isn't a limit of ration %s", row->flag + strlen("--"),
			command->name);
	return error_hint(reterr, -EINVAL, "take a profile without it; ration run enforces it");
}

/* Where the options of a profile go. */
struct taking {
	const struct options *typed;    /* what the command line alone comes to */
	struct options *fresh;
	struct options *checked;        /* what counts for nothing */
};

static int take_line(struct taking *to, const struct profile_line *line, struct ration_error *reterr)
{
	const struct command *command = to->typed->command;
	struct option row, other;
	bool here;
	int r = check_allowed(line->name, reterr);

	if (r < 0)
		return r;
	if (!options_find(&cmd_run, line->name, &row))
		return refuse_unknown(line->name, reterr);
	here = options_find(command, line->name, &other);
	r = here ? 0 : check_elsewhere(command, &row, reterr);
	if (r < 0)
		return r;
	return options_give(here && !options_given(to->typed, row.flag) ? to->fresh : to->checked, &row, line->value,
			reterr);
}

/* Says where it was. Returns the code. */
static int place(struct ration_error *reterr, int code, const char *file, unsigned number)
{
	const struct ration_error error = *reterr;
	char shown[PROFILE_SHOWN_MAX];

	(void)error_set(reterr, code, error.cause, "%s:%u: %s", text_show(shown, sizeof(shown), file), number,
			error.message);
	return error_hint(reterr, code, "%s", error.hint);
}

/* ------------------------------------------------------------------ profile */

int profile_take(const struct options *typed, struct options *fresh, struct options *checked, const char *file,
		char *text, struct ration_error *reterr)
{
	struct taking to = { .typed = typed, .fresh = fresh, .checked = checked };
	struct profile_reader reader = { .at = text };
	struct profile_line line;
	int r = profile_next(&reader, &line, reterr);

	while (r > 0) {
		r = take_line(&to, &line, reterr);
		if (r >= 0)
			r = profile_next(&reader, &line, reterr);
	}
	return r < 0 && reterr ? place(reterr, r, file, reader.number) : r;
}

/* Reads the command line again. It was accepted once. */
static int read_again(struct options *fresh, const struct options *typed, struct ration_error *reterr)
{
	int r = 0;

	fresh->n_given = 0;
	for (size_t i = 0; r >= 0 && i < typed->n_parts; i++)
		r = options_parse(fresh, typed->part[i].command, typed->part[i].words, reterr);
	return r;
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	while ((text = strchr(text, '\n'))) {
		text++;
		n++;
	}
	return n;
}

static int make(struct options *fresh, struct options *checked, const struct options *typed,
		struct ration_error *reterr)
{
	CLEANUP(freep) char *file = NULL;
	CLEANUP(freep) char *text = NULL;
	int n_words, r;

	patience_begin_for(typed->command, "its profile to be read");
	r = profile_file_read(typed->profile, &file, &text, reterr);
	patience_end();
	if (r < 0)
		return r;
	n_words = typed->n_words + (int)count_lines(text);
	r = options_init(fresh, n_words, reterr);
	fresh->profile_file = TAKE_PTR(file);
	fresh->profile_text = TAKE_PTR(text);
	if (r >= 0)
		r = options_init(checked, n_words, reterr);
	fresh->command = checked->command = typed->command;
	if (r >= 0)
		r = profile_take(typed, fresh, checked, fresh->profile_file, fresh->profile_text, reterr);
	return r < 0 ? r : read_again(fresh, typed, reterr);
}

int profile_apply(struct options *options, struct ration_error *reterr)
{
	struct options fresh = { .command = NULL }, checked = { .command = NULL };
	int r;

	if (!options->profile)
		return 0;
	r = make(&fresh, &checked, options, reterr);
	options_done(&checked);
	if (r < 0) {
		options_done(&fresh);
		return r;
	}
	options_done(options);
	*options = fresh;
	return 0;
}
