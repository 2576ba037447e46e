/* SPDX-License-Identifier: MIT */
/*
 * command.h - what a command is called, and why it can't be started
 */
#ifndef RATION_GROUP_COMMAND_H
#define RATION_GROUP_COMMAND_H

#include "group/identity.h"
#include "ration.h"
#include "sys/spawn.h"

/* Says why spawn_start() or spawn_become() failed. Returns `code`. */
int command_spawn_error(const struct spawn *spawn, int code, struct ration_error *reterr);

/* A command that has been found, and all that it takes to start it. */
struct command {
	char *program;
	char **with_shell;
	char **envp;           /* of another user */
	struct as_user user;
	struct spawn spawn;
};

/* A command as a caller asks for it; all of it stays the caller's. */
struct command_request {
	char *const *argv;
	char *const *envp;   /* NULL: our own environment */
	const int *fds;      /* three, as of command_check_fds() */
	const int *pass_fds; /* that it gets, too */
	size_t n_pass_fds;
	const sigset_t *mask;
	const char *user;    /* as whom it runs; NULL: as we do */
	bool new_privileges; /* see struct identity */
};

/*
 * Checks what a caller passes on. To be called before we open anything, which could get the number of
 * one that is closed. `ret_fds`: for the command's 0, 1, 2; -EBADF where the caller names none and
 * has closed its own: the command gets /dev/null.
 * Errors: -EBADF (one isn't open), -EINVAL (one of pass_fds is below 3; no array).
 */
int command_check_fds(const int *fds, const int *pass_fds, size_t n_pass_fds, int ret_fds[3],
		struct ration_error *reterr);

/* Looks up who the command is to run as, for those who need to know that first. command_prepare() does it otherwise. */
int command_find_user(struct command *command, const struct command_request *request, struct ration_error *reterr);

/*
 * Finds argv[0] and fills in `spawn`, without limits or a cgroup. The `command_done()` is
 * the caller's also after a failure. -EINVAL (no command), and why it can't be executed.
 */
int command_prepare(struct command *command, const struct command_request *request, struct ration_error *reterr);
void command_done(struct command *command);

/* "/bin/sh PATH ARG…", for a script without a #! line; the caller frees the array. -ENOMEM. */
int command_shell_argv(const char *path, char *const *argv, char ***ret);

#endif
