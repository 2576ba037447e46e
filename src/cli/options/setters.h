/* SPDX-License-Identifier: MIT */
/*
 * setters.h - take the value of an option
 */
#ifndef RATION_CLI_OPTIONS_SETTERS_H
#define RATION_CLI_OPTIONS_SETTERS_H

#include "cli/options/options.h"

/* Setters of one field, by `offset`: a bool, a const char *, an int, a number, a size, a time, a signal. */
option_setter option_set_true, option_set_text, option_set_word, option_set_count, option_set_size,
	option_set_duration, option_set_signal;
/* The setter of a limit: of that whose flag is the row's. */
option_setter option_set_limit;
/* That of --rlimit: the name in its value chooses the limit. */
option_setter option_set_rlimit;
/* Those of plain words for two of these: --files, --file-size. Given both ways is refused. */
option_setter option_set_files, option_set_file_size;

/* The plain word for a limit, "--files", or NULL. */
const char *limit_plain_flag(const struct ration_limit_info *info);

/* Tells whether an option sets a limit of setrlimit(2). */
bool option_sets_resource(const struct option *row);

/* Tells whether a limit is one of setrlimit(2): those share one flag, --rlimit. */
bool limit_is_rlimit(const struct ration_limit_info *info);

/* The name that --rlimit gives a resource: "nofile". */
const char *limit_rlimit_name(const struct ration_limit_info *info);

#endif
