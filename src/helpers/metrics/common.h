/* SPDX-License-Identifier: MIT */
/*
 * common.h - shared by all ways to export metrics
 */
#ifndef RATION_HELPERS_METRICS_COMMON_H
#define RATION_HELPERS_METRICS_COMMON_H

#include <stdbool.h>
#include <stdint.h>

#include "ration.h"

/* How often a journal is looked at, at least: of several that had its name in between, some may be compressed already. */
#define COMMON_LOOK_USEC 1000000

/* What `ration` itself exits with. */
#define COMMON_EXIT_FAILED 125

/* Says what is wrong on standard error. */
void common_complain(const struct ration_error *error);

/* Blocks SIGTERM and SIGINT, for common_wait(), in all threads that are started later. */
void common_block_signals(void);

/* Waits, COMMON_LOOK_USEC at most. Returns whether this process is to end. */
bool common_wait(uint64_t usec);

#endif
