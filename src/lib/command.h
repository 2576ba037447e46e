/* SPDX-License-Identifier: MIT */
/*
 * command.h - what a command is called, and why it can't be started
 */
#ifndef RATION_LIB_COMMAND_H
#define RATION_LIB_COMMAND_H

#include "ration.h"
#include "sys/spawn.h"

/* Says why the command itself can't be executed. Returns `code`. */
int command_error(const char *name, int code, struct ration_error *reterr);

/* Says why spawn_start() or spawn_become() failed. Returns `code`. */
int command_spawn_error(const struct spawn *spawn, int code, struct ration_error *reterr);

/* "/bin/sh PATH ARG…", for a script without a #! line; the caller frees the array. -ENOMEM. */
int command_shell_argv(const char *path, char *const *argv, char ***ret);

#endif
