/* SPDX-License-Identifier: MIT */
/*
 * stats.h - what a group uses now, and has used
 */
#ifndef RATION_GROUP_STATS_H
#define RATION_GROUP_STATS_H

#include "ration.h"
#include "util/usage.h"

struct ration_stats {
	bool populated, frozen;
	uint64_t processes;              /* or RATION_UNKNOWN */
	uint64_t memory_pressure_pct100; /* the same */
	struct usage usage;
};

/* Reads all that can be read of the group behind `fd`; `usage.unread` tells what can't. -ENOENT: it is gone. */
int stats_read(int fd, struct ration_stats *ret);

/* Of a memory.pressure, "some avg10=1.23 …", in hundredths of a percent; else RATION_UNKNOWN. */
uint64_t stats_pressure(const char *text);

#endif
