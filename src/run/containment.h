/* SPDX-License-Identifier: MIT */
/*
 * containment.h - what holds the processes of a run together
 *
 * There are three: a cgroup; descent from a child subreaper, where there is no
 * cgroup; and being followed, where there is neither. What differs between them is
 * the table of operations below, and nothing else of a run asks which it has.
 *
 *   containment-cgroup.c     a group of cgroup2, with its keeper
 *   containment-subreaper.c  the descendants of this process
 *   containment-followed.c   processes that were seen as children of one another
 */
#ifndef RATION_RUN_CONTAINMENT_H
#define RATION_RUN_CONTAINMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "ration.h"
#include "run/sample.h"
#include "sys/spawn.h"
#include "sys/syscalls.h"

struct containment;

struct containment_ops {
	enum ration_containment kind;
	bool always_sampled;   /* who isn't looked at is lost */

	/* Makes what holds the processes, before there are any. */
	int (*make)(struct containment *containment, struct ration_error *reterr);

	/* Says to the child how it becomes the first process; then what has become of it. `r` as of spawn_start(). */
	int (*enter)(struct containment *containment, struct spawn *spawn, struct ration_error *reterr);
	void (*entered)(struct containment *containment, struct spawn *spawn, int r);

	/* Why it failed to start, if somebody else has removed what held it. May be NULL. */
	void (*explain)(const struct containment *containment, int code, struct ration_error *reterr);

	/* Sends a signal to every process, once. */
	void (*signal)(struct containment *containment, int sig);

	/*
	 * Sends SIGKILL to every process. Returns when to do it again, in usec from now,
	 * if not all are gone by then. `ret_killed`: how many were alive; may be NULL.
	 */
	uint64_t (*kill)(struct containment *containment, uint64_t *ret_killed);

	/* 1: there is no process left. 0: there is. Negative: that couldn't be read. */
	int (*empty)(struct containment *containment);

	/* Measures the processes. `sample_begin`: before the first. -ENODEV, -ESRCH: they are gone. */
	int (*sample_begin)(struct containment *containment, const struct sample_limits *limits);
	int (*sample)(struct containment *containment, const struct sample_limits *limits, struct sample *ret);

	/* Of the first process: is it dead, and how did it end, if it can't be waited for? */
	bool (*is_dead)(struct containment *containment, pid_t pid);
	int (*read_end)(struct containment *containment, pid_t pid, struct sys_wait *ret);
	/* It has been waited for: what it and its children have used is no process's any more. May be NULL. */
	void (*reaped)(struct containment *containment, pid_t pid, const struct rusage *rusage);

	/* What all processes have used, if this process has waited for all. False: that isn't known. May be NULL. */
	bool (*rusage)(struct containment *containment, struct rusage *ret);

	/* The run is over and no process is left: removes what held them. After an error it is there still. */
	int (*remove)(struct containment *containment, struct ration_error *reterr);

	/*
	 * Frees it. What is still there is killed and removed, or left to the keeper
	 * after RELEASE_MSEC.
	 */
	void (*free)(struct containment *containment);
};

struct containment {
	const struct containment_ops *ops;
	/* The command isn't in our process group: a signal of the terminal doesn't reach it. */
	bool own_process_group;
	/* No process is left, although the command may live. May be NULL. */
	void (*on_empty)(void *userdata);
	void *userdata;
};

/* How long a run that is given up waits for its dead to be gone; after that it is the keeper's. */
#define RELEASE_MSEC 2000

#endif
