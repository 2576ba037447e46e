/* SPDX-License-Identifier: MIT */
/*
 * rows.h - the options of a command, one row each
 */
#ifndef RATION_CLI_OPTIONS_ROWS_H
#define RATION_CLI_OPTIONS_ROWS_H

#include "cli/options/options.h"

extern const struct option_set options_json;
extern const struct option_set options_enforce;
extern const struct option_set options_oom;
extern const struct option_set options_vm;
extern const struct option_set options_vm_sizes; /* the same without --vm */
extern const struct option_word options_accel_words[];

/*
 * Returns option `i` of a command in `ret_option` (those of the limits first),
 * with the title of its set, or false when there are no more.
 */
bool options_at(const struct command *command, size_t i, struct option *ret_option, const char **ret_title);

/* Finds the option of a command by its name, without the dashes. */
bool options_find(const struct command *command, const char *name, struct option *ret_option);

#endif
