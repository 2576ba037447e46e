/* SPDX-License-Identifier: MIT */
/*
 * environment.h - the variables that a command is given
 */
#ifndef RATION_CLI_OPTIONS_ENVIRONMENT_H
#define RATION_CLI_OPTIONS_ENVIRONMENT_H

#include "cli/options/options.h"

/* --env and --clear-env: taken by each command that becomes or starts another. */
extern const struct option_set options_environment;

/* --user and --no-new-privs: taken by the same. */
extern const struct option_set options_user;

/*
 * Makes the command's environment; the strings stay where they are, the array is
 * the caller's to free. NULL in `ret_envp`: ours, as it is. Errors: -ENOMEM.
 */
int environment_make(const struct options *options, char ***ret_envp, struct ration_error *reterr);

#endif
