/* SPDX-License-Identifier: MIT */
/*
 * leader.h - the command itself: it has ended, and how
 *
 * Its pidfd tells, or SIGCHLD where there is none. Then it is reaped; or a tracer
 * (a debugger, strace) holds it, who has a second to let go; or somebody else has
 * waited for it, and how it ended is lost.
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
	bool watched;        /* its pidfd tells of its end */
	struct loop_source source;
	struct loop_deadline check, tracer;
	unsigned failures;   /* of the call that reaps it, in a row */
	uint64_t start_usec, wall_usec;
	time_t start_time;   /* by the clock that can be set */
	uint64_t foreign_maxrss; /* up to there its ru_maxrss may be that of who started it */
	bool ended;
	bool unreaped;       /* but for this: its tracer wouldn't let go */
	bool lost;           /* how it ended isn't known */
	struct sys_wait wait;
};

void leader_init(struct leader *leader, struct loop *loop);

/* It runs: waits for its end from now on. Errors: of loop_add(). */
int leader_begin(struct leader *leader);

/* Reaps it if it has ended. Called by whatever may tell of its end. */
void leader_check(struct leader *leader);

/* It can't be ended: nobody waits for it any longer. */
void leader_give_up(struct leader *leader);

/* Everything has been killed: reaps it, if that can be done until the deadline. */
void leader_release(struct leader *leader, uint64_t deadline_usec);

#endif
