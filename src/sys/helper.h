/* SPDX-License-Identifier: MIT */
/*
 * helper.h - a process of ours beside the program, at the other end of a socket
 *
 * An executed helper uses only its own memory: until exec it shares the program's memory,
 * and the program sleeps, so nothing is copied. A forked helper has a copy of the program,
 * however large that is.
 *
 * The helper blocks all signals, so that no handler of the program runs in it. Its only inherited file is
 * its end of the socket; other fds are sent to it. The socket preserves message boundaries,
 * and messages of a sender that has died.
 */
#ifndef RATION_SYS_HELPER_H
#define RATION_SYS_HELPER_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sys/passing.h"

struct helper {
	pid_t pid;    /* 0: there is none */
	int pid_fd;   /* -EBADF where the kernel has none */
	int fd;       /* our end of the socket */
};

#define HELPER_NONE ((struct helper) { .pid = 0, .pid_fd = -EBADF, .fd = -EBADF })

/* Where an executed helper finds its end. 0 to 2 are open, and can't be read or written. */
#define HELPER_FD 3

/* File descriptors in one message, at most. */
#define HELPER_FDS_MAX PASSING_FDS_MAX

/*
 * Executes the program `path`, with no environment. 0: it has been executed.
 * Errors: of execve(2), clone(2), socketpair(2).
 */
int helper_exec(const char *path, char *const *argv, struct helper *ret_helper);

/* Whether this process was executed by helper_exec(): by hand, it has no such socket at HELPER_FD. */
bool helper_is_executed(void);

/* Forks. In the child `function` is called, with its end of the socket, and doesn't return. */
int helper_fork(void (*function)(int fd, void *data), void *data, struct helper *ret_helper);

/* Tells whether it is there and has its end of the socket open. */
bool helper_alive(const struct helper *helper);

/*
 * Sends one message, with `n_fds` file descriptors. Waits for room as long as that.
 * Errors: -EPIPE (nobody is there any more), -EAGAIN (there is no room), -EMSGSIZE, …
 */
int helper_send(int fd, const void *data, size_t size, const int *fds, size_t n_fds, int timeout_msec);

/*
 * Receives one, with at most `n_fds` file descriptors; those that didn't come are
 * -EBADF. Returns its length. 0: the other end is closed. -EAGAIN: none came in time;
 * a time of -1 is for ever.
 */
ssize_t helper_receive(int fd, void *data, size_t size, int *ret_fds, size_t n_fds, int timeout_msec);

/* A helper says that it has understood what it was told. Errors: of helper_send(). */
int helper_confirm(int fd);

/* Waits for that. Errors: -EPIPE (it is gone), -EPROTO (it says something else), -EAGAIN (nothing came in time). */
int helper_confirmed(int fd, int timeout_msec);

/* Tells it that nothing more will be said: it ends by itself. Returns whether there is one. */
bool helper_leave(const struct helper *helper);

/*
 * Closes the socket, for all processes that have a copy of it, waits a while for the helper's end, and reaps
 * it. A helper that has more to do, and says so by a message, or that is stopped, is left alone.
 */
void helper_end(struct helper *helper);

/* Kills and reaps it. */
void helper_kill(struct helper *helper);

/* In a copy of the process that started it: the helper isn't ours. */
void helper_forget(struct helper *helper);

#endif
