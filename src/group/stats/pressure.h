/* SPDX-License-Identifier: MIT */
/*
 * pressure.h - how long a group was stalled in a window
 */
#ifndef RATION_GROUP_STATS_PRESSURE_H
#define RATION_GROUP_STATS_PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

/* The total of a line of a pressure file, at a time. USAGE_ABSENT: not known. */
struct pressure_sample {
	uint64_t at_usec, total_usec;
};

struct pressure {
	const char *line;                      /* "some" or "full" */
	uint64_t stall_usec, window_usec;      /* so much in so long is an event */
	struct pressure_sample newer, older;   /* at least one window apart */
	uint64_t stalled_usec, elapsed_usec;   /* of the last event */
};

/* Begins to measure an open pressure file. */
void pressure_begin(struct pressure *pressure, int fd);

/*
 * Measures. Returns whether there was an event: `seen` by the kernel, which said so; otherwise it may
 * have said so to another poll, and what has gathered since a window ago decides.
 */
bool pressure_measure(struct pressure *pressure, int fd, bool seen);

#endif
