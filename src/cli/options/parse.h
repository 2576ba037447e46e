/* SPDX-License-Identifier: MIT */
/*
 * parse.h - read the command line
 */
#ifndef RATION_CLI_OPTIONS_PARSE_H
#define RATION_CLI_OPTIONS_PARSE_H

#include "cli/options/options.h"

/*
 * Reads the options among `words` (up to NULL) for `command`; NULL: those before
 * the command's name. Where options may stand behind operands, `words` is put in
 * order, options first. Returns the number of words that were options, or a
 * negative errno and a message for people. Stops at --help.
 */
int options_parse(struct options *options, const struct command *command, char **words,
		struct ration_error *reterr);

/*
 * Gives an option its value, NULL for none, as the command line does: checks that it takes one, and that it is
 * the first. Errors: those of its setter.
 */
int options_give(struct options *options, const struct option *row, const char *value, struct ration_error *reterr);

#endif
