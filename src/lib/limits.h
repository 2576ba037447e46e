/* SPDX-License-Identifier: MIT */
/*
 * limits.h - what was asked for, as the rest of the library sees it
 */
#ifndef RATION_LIB_LIMITS_H
#define RATION_LIB_LIMITS_H

#include "ration.h"

/* Room for the longest list of CPUs that is accepted, with its final NUL. */
#define LIMIT_TEXT_MAX 256

struct limit_value {
	bool set;
	bool percent;   /* `hard` is hundredths of a percent of what the parent may use */
	uint64_t soft;  /* RATION_UNLIMITED: not given (setrlimit resources: the same as hard) */
	uint64_t hard;
	char text[LIMIT_TEXT_MAX]; /* RATION_UNIT_CPULIST: the list as asked, validated */
};

/* The values, by enum ration_limit. */
struct ration_limits {
	struct limit_value value[RATION_LIMIT_COUNT];
};

#endif
