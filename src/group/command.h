/* SPDX-License-Identifier: MIT */
/*
 * command.h - what a command is called, and why it can't be started
 */
#ifndef RATION_GROUP_COMMAND_H
#define RATION_GROUP_COMMAND_H

#include "ration.h"
#include "sys/spawn.h"

/* Says why the command itself can't be executed. Returns `code`. */
int command_error(const char *name, int code, struct ration_error *reterr);

/* Says why spawn_start() or spawn_become() failed. Returns `code`. */
int command_spawn_error(const struct spawn *spawn, int code, struct ration_error *reterr);

/* A command that has been found, and all that it takes to start it. */
struct command {
	char *program;
	char **with_shell;
	struct spawn spawn;
};

/*
 * Finds argv[0] and fills in `spawn`, without limits or a cgroup. NULL: our own
 * environment, our own fds. The `command_done()` is the caller's also after a failure.
 */
int command_prepare(struct command *command, char *const *argv, char *const *envp, const int *fds,
		const sigset_t *mask, struct ration_error *reterr);
void command_done(struct command *command);

/* Has the command get these fds, too, which stay the caller's. -EINVAL (below 3), -EBADF. */
int command_pass_fds(struct spawn *spawn, const int *fds, size_t n, struct ration_error *reterr);

/* "/bin/sh PATH ARG…", for a script without a #! line; the caller frees the array. -ENOMEM. */
int command_shell_argv(const char *path, char *const *argv, char ***ret);

#endif
