/* SPDX-License-Identifier: MIT */
/* cpu-list.h - all ranges of a list of CPUs, for tests */
#ifndef RATION_UNIT_CPU_LIST_H
#define RATION_UNIT_CPU_LIST_H

#include "util/parse.h"

/* Returns 0 if the whole list is well-formed, or the error of its first bad range. */
static inline int parse_cpu_list(const char *text)
{
	unsigned low, high;
	int r = 1;

	while (r > 0)
		r = parse_cpu_range(&text, &low, &high);
	return r;
}

#endif
