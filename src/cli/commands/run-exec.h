/* SPDX-License-Identifier: MIT */
/*
 * run-exec.h - ration run --exec: a group of one's own, and no supervisor
 */
#ifndef RATION_CLI_COMMANDS_RUN_EXEC_H
#define RATION_CLI_COMMANDS_RUN_EXEC_H

#include "cli/options/options.h"

/* Makes a group, joins it and becomes `argv`. Returns on failure only: the exit status. */
int run_exec(struct options *options, char **argv);

#endif
