/* SPDX-License-Identifier: MIT */
/*
 * sample.h - what the processes of a run have, at one moment
 *
 * Where no controller enforces a limit, the supervisor samples the processes every
 * few milliseconds and acts. This is the arithmetic: whether a limit is passed, and
 * when to sample again. hold/watch.c samples on Linux,
 * hold/follow.c elsewhere.
 */
#ifndef RATION_RUN_SAMPLE_H
#define RATION_RUN_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "ration.h"

/* RATION_UNLIMITED: not watched. */
struct sample_limits {
	uint64_t memory_bytes; /* over: more than this */
	uint64_t tasks;        /* over: more than this */
	uint64_t cpu_usec;     /* over: this much */
};

enum sample_over {
	SAMPLE_OVER_NONE,
	SAMPLE_OVER_MEMORY,
	SAMPLE_OVER_TASKS,
	SAMPLE_OVER_CPU,
};

struct sample {
	uint64_t memory_bytes;      /* sum of PSS if `exact`, else of RSS, which is more */
	bool exact;
	uint64_t tasks;             /* threads, and dead processes that no member has waited for */
	uint64_t processes;         /* live ones; 0: all are gone */
	uint64_t cpu_usec;          /* never less than in an earlier sample; RATION_UNKNOWN: not measured (a cgroup
				       without a limit of CPU time) */
	uint64_t memory_peak_bytes; /* highest of all samples so far */
	uint64_t tasks_peak;
	uint64_t maxrss_bytes;      /* largest RSS of a single process, seen or waited for */
	enum sample_over over;       /* the first limit that is passed */
	uint64_t next_usec;         /* when to sample again: no limit is likely to be passed earlier. In 1 to 100 ms */
};

/* The most of all samples so far. */
struct sample_peaks {
	uint64_t memory_peak_bytes, tasks_peak, maxrss_bytes, cpu_usec;
};

/* The first limit that is passed. */
enum sample_over sample_over(const struct sample_limits *limits, const struct sample *sample);

/* Returns `cpu_usec`, or the highest value before: processes that are gone take their time along. */
uint64_t sample_never_less(const struct sample_peaks *peaks, uint64_t cpu_usec);

/*
 * Fills in the rest of a sample: the peaks, and when to sample again. lag_bytes: memory that may have been
 * missed. took_usec: how long sampling took.
 */
void sample_conclude(struct sample_peaks *peaks, const struct sample_limits *limits, unsigned cpus, uint64_t lag_bytes,
		uint64_t took_usec, struct sample *sample);

#endif
