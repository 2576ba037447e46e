/* SPDX-License-Identifier: MIT */
/*
 * concern.h - a limit, or something else that a supervisor watches
 *
 * Each concern is a file with a struct that begins with `struct concern`. If the plan asks for it, it is
 * created before the command starts. It registers its sources and deadlines with the run's loop, and ends the
 * run through end.h. So its fds and timers are known to no other file. limits/concerns.c lists
 * all concerns.
 */
#ifndef RATION_RUN_CONCERN_H
#define RATION_RUN_CONCERN_H

#include "group/stats/counters.h"
#include "run/run.h"
#include "sys/spawn/spawn.h"

struct concern;

/* All but `free` may be NULL. */
struct concern_ops {
	/* Prepares the child before it becomes the command. */
	void (*enter)(struct concern *concern, struct spawn *spawn);
	/* The command runs; run->leader.start_usec is set. */
	void (*begin)(struct concern *concern);
	/* The loop woke up, and no source said why. */
	void (*woken)(struct concern *concern);
	/* No process is left: returns whether the run can be over. */
	bool (*done)(struct concern *concern);
	/* The run is over: adds to its receipt, and to what has been counted. */
	void (*record)(struct concern *concern, struct counters *counters);
	/* Closes what it owns; the loop is closed already. The list frees its memory. */
	void (*free)(struct concern *concern);
};

struct concern {
	const struct concern_ops *ops;
	struct ration_run *run;
	struct concern *next;
};

/* Makes one, zeroed, of `size` bytes that begin with a struct concern, and adds it to the run. NULL: no memory. */
void *concern_new(struct ration_run *run, const struct concern_ops *ops, size_t size);

/* Makes all that the plan asks for. */
int concerns_prepare(struct ration_run *run, struct ration_error *reterr);

/* All of them do what `struct concern_ops` says. */
void concerns_enter(struct ration_run *run, struct spawn *spawn);
void concerns_begin(struct ration_run *run);
void concerns_woken(struct ration_run *run);
bool concerns_done(struct ration_run *run);
void concerns_record(struct ration_run *run, struct counters *counters);
void concerns_free(struct ration_run *run);

/* What limits/concerns.c lists: each makes itself, unless the plan has nothing for it. */
int wall_prepare(struct ration_run *run, struct ration_error *reterr);
int cpu_prepare(struct ration_run *run, struct ration_error *reterr);
int stall_prepare(struct ration_run *run, struct ration_error *reterr);
int oom_v1_prepare(struct ration_run *run, struct ration_error *reterr);
int escape_prepare(struct ration_run *run, struct ration_error *reterr);
int watched_prepare(struct ration_run *run, struct ration_error *reterr);
int output_prepare(struct ration_run *run, struct ration_error *reterr);

#endif
