/* SPDX-License-Identifier: MIT */
/*
 * profile.h - --profile: options in a file
 */
#ifndef RATION_CLI_OPTIONS_PROFILE_H
#define RATION_CLI_OPTIONS_PROFILE_H

#include "cli/options/options.h"

extern const struct option_set options_profile;

/*
 * Takes the options of the profile that options->profile names, if any, and the command line, which has been read,
 * once more on top of them: what it says counts. On failure `options` is unchanged.
 * Errors: -EINVAL, those of the setters and of profile_file_read(). The message names the file and the line.
 */
int profile_apply(struct options *options, struct ration_error *reterr);

/* ------------------------------------------------------- between profile.c and tests */

/* What is being read, and how far. */
struct profile_reader {
	char *at;        /* what is left, NUL-terminated; is written to */
	unsigned number; /* of the line that was read last */
};

/* `name` alone, or `name = value`; without the blanks around each. */
struct profile_line {
	char *name, *value; /* NULL: it has none */
};

/* Reads the next line that isn't empty and no comment. 1; 0: there is none; -EINVAL. */
int profile_next(struct profile_reader *reader, struct profile_line *ret_line, struct ration_error *reterr);

/*
 * Takes the options of a text, which must stay: into `fresh`, or only to see whether they are valid, into `checked`.
 * Both are for `typed->command`, and have room for as many values as there are lines.
 */
int profile_take(const struct options *typed, struct options *fresh, struct options *checked, const char *file,
		char *text, struct ration_error *reterr);

#endif
