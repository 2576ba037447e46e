/* SPDX-License-Identifier: MIT */
/*
 * syscalls.h - system calls that the C library doesn't wrap, or not everywhere
 *
 * Each returns 0 or more, or a negative errno. A call that the kernel lacks
 * (ENOSYS) and one that a filter refuses (EPERM from seccomp) look different
 * but mean the same to callers with a second way: sys_refused() tells.
 */
#ifndef RATION_SYS_SYSCALLS_H
#define RATION_SYS_SYSCALLS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "util/clock.h"

/* True where `code` says that the call itself isn't available on this machine. */
bool sys_refused(int code);

/*
 * Opens `name`, one path component, in the directory `dir_fd`, and never
 * anything outside of it: no "..", no link, no mount on top. O_CLOEXEC is added.
 * openat2(2) is since 5.6; before, O_NOFOLLOW on a checked name, and a look at
 * the mount, do the same for one component.
 */
int sys_open_beneath(int dir_fd, const char *name, int flags);

/* May this process, by its effective ids, do `mode` (F_OK, R_OK, W_OK, X_OK) to that file? 0, or why not. */
int sys_access(int dir_fd, const char *path, int mode);

/* pidfd_open(2), since 5.3. */
int sys_pidfd_open(pid_t pid);

/* Whether the kernel has these, and no filter refuses them. */
bool sys_has_openat2(void);
bool sys_has_clone3(void);
/* Signals and waits by pidfd (5.4). */
bool sys_takes_pidfds(void);

/* Whose pidfd it is. -ESRCH: it has ended. -EINVAL: not a pidfd. 0: of another pid namespace. */
int sys_pidfd_pid(int pid_fd);

/* pidfd_send_signal(2), since 5.1. -ESRCH: the process is gone. */
int sys_pidfd_signal(int pid_fd, int sig);

/*
 * Signals a child that nobody has reaped, so that its pid is its own: by its
 * pidfd or, where it has none (negative), by pid.
 */
int sys_child_signal(pid_t pid, int pid_fd, int sig);

/*
 * Stops such a child, and waits until all its threads stand or are dead, at most
 * that long: SIGSTOP comes to a thread that is just in fork(2) when that is done.
 * -ETIMEDOUT: one may still be at it.
 */
int sys_child_stop(pid_t pid, int pid_fd, uint64_t timeout_usec);

/* Closes every fd but the `n` of `keep`, in any order, some of which may be none (negative). */
void sys_close_others(const int *keep, size_t n);

/* Lets every fd from `first` upwards be closed by the next exec of this process. */
void sys_close_at_exec(unsigned first);

/* sched_setaffinity(2) of this process, of a mask in bytes. */
int sys_pin(const unsigned char *bits, size_t size);

/* How a child ended. */
struct sys_wait {
	int exit_code; /* or -1 */
	int signal;    /* or 0 */
	bool core;
	struct rusage rusage;
};

/*
 * Reaps a child if it has ended: 1, and 0 if it hasn't. By `pid_fd` or, without
 * one (negative), by `pid`.
 * -ECHILD: it isn't ours to wait for, or SIGCHLD is ignored in this process.
 * waitid(P_PIDFD) is since 5.4.
 */
int sys_reap(pid_t pid, int pid_fd, struct sys_wait *ret);

/*
 * If this process is stopped when its parent (the thread that made it) ends, it continues and notices that.
 * If it isn't stopped, nothing happens. This holds until the next fork.
 */
void sys_wake_with_parent(void);

/* Now on CLOCK_MONOTONIC, in microseconds. */
static inline uint64_t sys_now_usec(void)
{
	return clock_usec(CLOCK_MONOTONIC);
}

#endif
