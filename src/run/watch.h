/* SPDX-License-Identifier: MIT */
/*
 * watch.h - limits held by looking
 *
 * Where no controller holds a limit, the supervisor looks at the processes every
 * few milliseconds, adds up what they have, and acts. This is the looking:
 *
 *     watch_new(...)
 *     do {
 *             watch_look(watch, &look);
 *             ... look.over tells whether to act ...
 *             ... sleep look.next_usec, or until something else happens ...
 *     } while (running);
 *
 * What it can't see is said in look.c.
 */
#ifndef RATION_RUN_WATCH_H
#define RATION_RUN_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ration.h"

/* RATION_UNLIMITED: not watched. */
struct watch_limits {
	uint64_t memory_bytes; /* over: more than this */
	uint64_t tasks;        /* over: more than this */
	uint64_t cpu_usec;     /* over: this much */
};

enum watch_over {
	WATCH_OVER_NONE,
	WATCH_OVER_MEMORY,
	WATCH_OVER_TASKS,
	WATCH_OVER_CPU,
};

struct watch_look {
	uint64_t memory_bytes;      /* sum of PSS if `exact`, else of RSS, which is more */
	bool exact;
	uint64_t tasks;             /* threads, and the dead that no member has waited for */
	uint64_t processes;         /* live ones; 0: all are gone */
	uint64_t cpu_usec;          /* never less than in a look before; RATION_UNLIMITED: not measured
				       (a cgroup's, and no limit on it) */
	uint64_t memory_peak_bytes; /* highest of all looks so far */
	uint64_t tasks_peak;
	uint64_t maxrss_bytes;      /* largest RSS of a single process, seen or waited for */
	enum watch_over over;       /* the first limit that is passed */
	uint64_t next_usec;         /* no limit is likely to be passed earlier: look again then. 1 to 100 ms */
};

struct watch;

/*
 * Starts watching.
 * proc_fd:   from proc_open(); borrowed.
 * cgroup_fd: a cgroup2 directory: its processes and those of the groups below
 *            are watched; borrowed. Or -EBADF.
 * root:      without a cgroup: all descendants of this process are, ourselves or
 *            another. It should be a child subreaper.
 * Errors: -ENOMEM; -ENOENT, -EACCES, -EMFILE, … (files of that cgroup).
 */
int watch_new(int proc_fd, int cgroup_fd, pid_t root, const struct watch_limits *limits,
		struct watch **ret_watch);
struct watch *watch_free(struct watch *watch);

/* Changes the limits (a soft one was reached, the hard one is next). Peaks stay. */
void watch_set_limits(struct watch *watch, const struct watch_limits *limits);

/*
 * Looks once. Processes that go meanwhile are no error.
 * Errors: -ENOMEM, -EMFILE; -ENODEV (the cgroup was removed); -ESRCH (`root` is
 * gone).
 */
int watch_look(struct watch *watch, struct watch_look *ret_look);

/* ------------------------------------------------ for those who do the looking */

/* The most of all looks so far. */
struct watch_sofar {
	uint64_t memory_peak_bytes, tasks_peak, maxrss_bytes, cpu_usec;
};

/* CPUs of the machine, at least 1. */
unsigned watch_cpus(void);

/* The first limit that is passed. */
enum watch_over watch_over(const struct watch_limits *limits, const struct watch_look *look);

/* `cpu_usec`, or what it has been before: processes that are gone take theirs along. */
uint64_t watch_never_less(const struct watch_sofar *sofar, uint64_t cpu_usec);

/*
 * Fills in the rest of a look: the peaks, and when to look again.
 * lag_bytes: memory that may not have been seen. took_usec: what the look took.
 */
void watch_conclude(struct watch_sofar *sofar, const struct watch_limits *limits, unsigned cpus, uint64_t lag_bytes,
		uint64_t took_usec, struct watch_look *look);

#endif
