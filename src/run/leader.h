/* SPDX-License-Identifier: MIT */
/*
 * leader.h - the command itself: whether it has ended, and how
 *
 * Its pidfd reports its end, or SIGCHLD if there is none. Then it is reaped. If a tracer (a
 * debugger, strace) holds it, the tracer has a second to let go. If somebody else has waited for
 * it, its exit status is lost.
 */
#ifndef RATION_RUN_LEADER_H
#define RATION_RUN_LEADER_H

#include <time.h>

#include "run/containment.h"
#include "run/loop.h"

struct leader {
	struct loop *loop;
	struct containment *containment;
	pid_t pid;           /* 0: not started */
	int pid_fd;          /* none where the kernel has none */
	bool watched;        /* its pidfd reports its end */
	struct loop_source source;
	struct loop_deadline check, tracer;
	unsigned failures;   /* failed attempts to reap it, in a row */
	uint64_t start_usec, wall_usec;
	time_t start_time;   /* by the clock that can be set */
	uint64_t foreign_maxrss; /* an ru_maxrss up to this may be that of the process that started it */
	bool ended;
	bool unreaped;       /* it is dead but not reaped: its tracer didn't let go */
	bool lost;           /* how it ended isn't known */
	struct sys_wait wait;
};

void leader_init(struct leader *leader, struct loop *loop);

/* It runs: waits for its end from now on. Errors: of loop_add(). */
int leader_begin(struct leader *leader);

/* Reaps it if it has ended. Called for every event that can mean its end. */
void leader_check(struct leader *leader);

/* It can't be ended: don't wait for it any longer. */
void leader_give_up(struct leader *leader);

/* All processes have been killed: reaps it, if that is possible before the deadline. */
void leader_release(struct leader *leader, uint64_t deadline_usec);

#endif
