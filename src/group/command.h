/* SPDX-License-Identifier: MIT */
/*
 * command.h - finds a command and its files, and says why it can't be started
 */
#ifndef RATION_GROUP_COMMAND_H
#define RATION_GROUP_COMMAND_H

#include "group/as-user.h"
#include "ration.h"
#include "sys/spawn/spawn.h"

/* Says why spawn_start() or spawn_become() failed. Returns `code`. */
int command_spawn_error(const struct spawn *spawn, int code, struct ration_error *reterr);

/* A command that has been found, and all that it takes to start it. */
struct command {
	char *program;
	char **with_shell;
	char **envp;           /* the environment, if it runs as another user */
	struct as_user user;
	size_t n_opened;       /* files that were opened for it */
	int opened[3];
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
	const char *cwd;     /* its working directory; NULL: ours */
	bool set_umask;
	unsigned umask;
	const char *files[3]; /* opened as its 0, 1, 2; NULL: as `fds` has it */
	bool append[3];
	bool stderr_to_stdout;
	uint64_t within_usec; /* its time limit; 0: none */
};

/* Makes one of the options of a run or of a group, which have fields of the same names. */
#define COMMAND_REQUEST(options, own_fds, own_mask)                                                    \
	((struct command_request) {                                                                    \
		.argv = (options)->argv,                                                               \
		.envp = (options)->envp,                                                               \
		.fds = (own_fds),                                                                      \
		.pass_fds = (options)->pass_fds,                                                       \
		.n_pass_fds = (options)->n_pass_fds,                                                   \
		.mask = (own_mask),                                                                    \
		.user = (options)->user,                                                               \
		.new_privileges = (options)->new_privileges,                                           \
		.cwd = (options)->cwd,                                                                 \
		.set_umask = (options)->set_umask,                                                     \
		.umask = (options)->umask,                                                             \
		.files = { (options)->stdin_file, (options)->stdout_file, (options)->stderr_file },    \
		.append = { false, (options)->append_stdout, (options)->append_stderr },               \
		.stderr_to_stdout = (options)->stderr_to_stdout,                                       \
	})

/*
 * Checks the fds that a caller passes. Call it before anything is opened, which could get the number of a
 * closed one. `ret_fds`: for the command's 0, 1, 2; -EBADF if the caller names none and has closed its own:
 * the command gets /dev/null.
 * Errors: -EBADF (one isn't open), -EINVAL (one of pass_fds is below 3; no array).
 */
int command_check_fds(const int *fds, const int *pass_fds, size_t n_pass_fds, int ret_fds[3],
		struct ration_error *reterr);

/* Looks up the user that the command runs as, for callers that need it early. Otherwise command_prepare() does it. */
int command_find_user(struct command *command, const struct command_request *request, struct ration_error *reterr);

/*
 * Finds argv[0] and fills in `spawn`, without limits or a cgroup. The caller calls command_done(), after a
 * failure as well. -EINVAL (no command), and errors that say why it can't be executed.
 */
int command_prepare(struct command *command, const struct command_request *request, struct ration_error *reterr);
void command_done(struct command *command);

/* The command has its own copies now. Ours must be closed, because the other end of a pipe sees them as well. */
void command_close_files(struct command *command);

/* "/bin/sh PATH ARG…", for a script without a #! line; the caller frees the array. -ENOMEM. */
int command_shell_argv(const char *path, char *const *argv, char ***ret);

#endif
