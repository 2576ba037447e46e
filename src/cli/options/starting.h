/* SPDX-License-Identifier: MIT */
/*
 * starting.h - where a command starts: its directory, umask and files
 */
#ifndef RATION_CLI_OPTIONS_STARTING_H
#define RATION_CLI_OPTIONS_STARTING_H

#include "cli/options/options.h"

/* The options of a command that starts another. */
extern const struct option_set options_start;

/* Refuses what excludes each other. Before anything is opened. Errors: -EINVAL. */
int starting_check(const struct options *options, struct ration_error *reterr);

/* Puts them into the options of the library, whose fields have the same names. */
#define STARTING_SET(how, options)                                          \
	do {                                                                \
		(how)->cwd = (options)->cwd;                                \
		(how)->set_umask = (options)->set_umask;                    \
		(how)->umask = (options)->umask;                            \
		(how)->stdin_file = (options)->file[0].path;                \
		(how)->stdout_file = (options)->file[1].path;               \
		(how)->append_stdout = (options)->file[1].append;           \
		(how)->stderr_file = (options)->file[2].path;               \
		(how)->append_stderr = (options)->file[2].append;           \
		(how)->stderr_to_stdout = (options)->file[2].merged;        \
		(how)->pass_fds = (options)->pass_fds;                      \
		(how)->n_pass_fds = (options)->n_pass_fds;                  \
	} while (0)

#endif
