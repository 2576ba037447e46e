/* SPDX-License-Identifier: MIT */
/*
 * containment.h - what holds the processes of a run together
 *
 * There are three ways: a cgroup; descent from a child subreaper, without a cgroup; and following,
 * on a system with neither. The table of operations below has all differences. Other files don't
 * ask which one a run has.
 *
 *   hold/containment-cgroup.c     a group of cgroup2, and its keeper
 *   hold/containment-subreaper.c  the descendants of this process
 *   hold/containment-followed.c   processes that were seen as children of one another
 */
#ifndef RATION_RUN_CONTAINMENT_H
#define RATION_RUN_CONTAINMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "ration.h"
#include "run/sample.h"
#include "sys/spawn/spawn.h"
#include "sys/syscalls.h"

struct containment;

struct containment_ops {
	enum ration_containment kind;
	/* Processes can escape unseen, so samples are taken even without a limit. */
	bool always_sampled;

	/* Makes what holds the processes, before there are any. */
	int (*make)(struct containment *containment, struct ration_error *reterr);

	/*
	 * Prepares the child to become a member. `entered`: spawn_start() has returned `r`. Returns `r`, or
	 * another failure; then the child has been killed.
	 */
	int (*enter)(struct containment *containment, struct spawn *spawn, struct ration_error *reterr);
	int (*entered)(struct containment *containment, struct spawn *spawn, int r, struct ration_error *reterr);

	/*
	 * The start has failed: explains it in `reterr` if somebody else removed the group. Returns the code.
	 * May be NULL.
	 */
	int (*explain)(const struct containment *containment, int code, struct ration_error *reterr);

	/* Sends a signal to every process, once. */
	void (*signal)(struct containment *containment, int sig);

	/*
	 * Sends SIGKILL to every process. Returns in how many usec to repeat it if not all are gone by then.
	 * `ret_killed`, may be NULL: how many processes were alive and hadn't been killed before.
	 */
	uint64_t (*kill)(struct containment *containment, uint64_t *ret_killed);

	/* 1: no process is left. 0: some are. Negative: unknown, it couldn't be read. */
	int (*empty)(struct containment *containment);

	/*
	 * Describes the processes that don't die, and why: "process 4711 (dd): …"; "" if none is left. May be
	 * NULL.
	 */
	void (*stuck)(struct containment *containment, char buf[RATION_WAITING_MAX]);

	/* Whether another process has ended the run: by which signal, and when SIGKILL is to follow. May be NULL. */
	bool (*stopped)(struct containment *containment, int *ret_sig, uint64_t *ret_usec);

	/* Samples the processes; `sample_begin` comes before. -ENODEV, -ESRCH: they are gone. */
	int (*sample_begin)(struct containment *containment, const struct sample_limits *limits);
	int (*sample)(struct containment *containment, const struct sample_limits *limits, struct sample *ret);

	/* For a command that can't be waited for: whether it is dead, and how it ended. */
	bool (*is_dead)(struct containment *containment, pid_t pid);
	int (*read_end)(struct containment *containment, pid_t pid, struct sys_wait *ret);
	/* Whether a dead command can be reaped now; and: it has been reaped. Both may be NULL. */
	bool (*may_reap)(struct containment *containment, pid_t pid);
	void (*reaped)(struct containment *containment, pid_t pid, const struct rusage *rusage);

	/* What all processes have used, if this process has waited for all of them. May be NULL. */
	bool (*rusage)(struct containment *containment, struct rusage *ret);

	/* The run is over: removes what held the processes. After an error it is still there. */
	int (*remove)(struct containment *containment, struct ration_error *reterr);

	/* Frees it. Kills and removes what is left; what isn't gone at the deadline is left to the keeper. */
	void (*free)(struct containment *containment, uint64_t deadline_usec);
};

struct containment {
	const struct containment_ops *ops;
	/* This process has no other children, or there are no pidfds: the command is identified by its pid. */
	bool by_pid;
	/* The command isn't in our process group, so signals of the terminal don't reach it. */
	bool own_process_group;
	/* Called when no process is left, even if the command itself lives elsewhere. May be NULL. */
	void (*on_empty)(void *userdata);
	void *userdata;
};

#endif
