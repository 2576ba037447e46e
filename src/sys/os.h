/* SPDX-License-Identifier: MIT */
/*
 * os.h - what a supervisor needs of a system that has no cgroups
 *
 * One small table. os-darwin.c fills it in for macOS; the tests do for processes
 * that they make up, and for Linux's own. What stands above it (run/contain/follow.c,
 * run/contain/containment-followed.c, run/loop-os.c) calls nothing else that isn't POSIX.
 *
 * A process may vanish between any two calls: -ESRCH is a normal answer.
 */
#ifndef RATION_SYS_OS_H
#define RATION_SYS_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ration.h"

/* The machine. */
struct os_machine {
	enum ration_os os;
	const char *name;          /* of the system: "macOS" */
	char kernel[65];           /* release, as uname(2) */
	uint64_t memory_bytes;
	uint64_t swap_bytes;
	uint64_t user_processes;   /* that our real uid has now */
};

/* A process, as it is now. */
struct os_process {
	pid_t pid, ppid, group;
	uint64_t born;             /* with the pid: its name for good. In whatever unit the system has */
	bool dead;                 /* not waited for yet */
	uint64_t threads;
	uint64_t memory_bytes;     /* that it alone is to blame for: its footprint */
	uint64_t rss_bytes;
	uint64_t cpu_usec;         /* its own, all threads */
	uint64_t waited_usec;      /* of children that it has waited for, and theirs */
};

/* Which processes to list. */
enum os_kin {
	OS_CHILDREN,
	OS_GROUP,                  /* a process group */
};

struct os_ops {
	/* Looks at the machine. What can't be read is 0. */
	void (*machine)(struct os_machine *ret);

	/* Writes at most `n` pids. Returns how many there are, which may be more, or a negative errno. */
	int (*list)(enum os_kin kin, pid_t of, pid_t *ret, size_t n);

	/* Looks at one process. -ESRCH; -EPERM: it isn't ours to look at. */
	int (*look)(pid_t pid, struct os_process *ret);

	int (*signal)(pid_t pid, int sig);

	/* An fd that polls readable when one of the following has happened. */
	int (*events_open)(void);
	/* From now on tells of the end of a process, and of forks where the system can. -ESRCH. */
	int (*events_process)(int events_fd, pid_t pid, unsigned id);
	/* Tells once that `fd` can be read or written. */
	int (*events_fd)(int events_fd, int fd, bool writing, unsigned id);
	/* Tells once, at a time of sys_now_usec(); UINT64_MAX: never. Replaces the one before. */
	int (*events_timer)(int events_fd, uint64_t at_usec, unsigned id);
	/* Takes what has happened, without waiting. Returns how many ids, at most `n`. */
	int (*events_next)(int events_fd, unsigned *ret_ids, size_t n);
};

/* This system's. */
extern const struct os_ops os_ops;

#endif
