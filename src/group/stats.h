/* SPDX-License-Identifier: MIT */
/*
 * stats.h - what a group uses now, and has used
 */
#ifndef RATION_GROUP_STATS_H
#define RATION_GROUP_STATS_H

#include "ration.h"

/* Reads all that can be read of the group behind `fd`. -ENOENT: it is gone. */
int stats_read(int fd, struct ration_stats *ret);

#endif
