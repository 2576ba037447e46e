/* SPDX-License-Identifier: MIT */
/*
 * foreground.h - a command that has the terminal, and this process, which waits to take it back
 */
#ifndef RATION_CLI_FOREGROUND_H
#define RATION_CLI_FOREGROUND_H

#include "ration.h"

/*
 * Starts a command in the group, with the terminal where there is one to hand over, and waits until it has
 * ended. Signals to this process are passed on to it; Ctrl-Z stops both. Returns its exit status, 128 + N
 * for signal N. Errors: those of ration_group_spawn().
 */
int foreground_run(struct ration_group *group, struct ration_spawn_options *how, struct ration_error *reterr);

#endif
