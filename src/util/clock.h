/* SPDX-License-Identifier: MIT */
/*
 * clock.h - what time it is
 */
#ifndef RATION_UTIL_CLOCK_H
#define RATION_UTIL_CLOCK_H

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

/* Now on a clock that exists on every system, in microseconds. */
static inline uint64_t clock_usec(clockid_t clock)
{
	struct timespec now = { .tv_sec = 0 };

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* A time of rusage, in microseconds. */
static inline uint64_t clock_timeval_usec(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

#endif
