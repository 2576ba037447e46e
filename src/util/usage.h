/* SPDX-License-Identifier: MIT */
/*
 * usage.h - metrics and where each comes from: those of a receipt, or of a live group
 */
#ifndef RATION_UTIL_USAGE_H
#define RATION_UTIL_USAGE_H

#include "util/enum-index.h"

/* A figure that isn't known. No counter of the kernel gets there. */
#define USAGE_ABSENT UINT64_MAX

struct usage {
	uint64_t value[METRIC_INDEX_COUNT];
	enum ration_source source[METRIC_INDEX_COUNT]; /* RATION_SOURCE_ABSENT: the value means nothing */
	int unread; /* a negative errno: what is absent may only not have been read */
};

/* Sets a metric, unless `value` is USAGE_ABSENT: a counter that couldn't be read. */
void usage_set(struct usage *usage, enum ration_metric metric, uint64_t value, enum ration_source source);

/* Makes a metric absent. */
void usage_unset(struct usage *usage, enum ration_metric metric);

/* Reads a metric: 0 where it is absent. `ret_value` may be NULL. */
enum ration_source usage_get(const struct usage *usage, enum ration_metric metric, uint64_t *ret_value);

#endif
