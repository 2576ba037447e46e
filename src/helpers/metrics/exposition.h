/* SPDX-License-Identifier: MIT */
/*
 * exposition.h - metrics as Prometheus reads them: its text format 0.0.4, or OpenMetrics 1.0
 */
#ifndef RATION_HELPERS_METRICS_EXPOSITION_H
#define RATION_HELPERS_METRICS_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buffer.h"

/* The metrics, in the order in which they are told. */
enum family {
	FAMILY_GROUP_INFO,
	FAMILY_GROUPS,
	FAMILY_GROUP_FROZEN,
	FAMILY_CPU_USAGE,
	FAMILY_CPU_LIMIT,
	FAMILY_CPU_THROTTLED,
	FAMILY_MEMORY_USAGE,
	FAMILY_MEMORY_PEAK,
	FAMILY_MEMORY_WORKING_SET,
	FAMILY_MEMORY_LIMIT,
	FAMILY_MEMORY_EVENTS,
	FAMILY_TASKS,
	FAMILY_TASKS_LIMIT,
	FAMILY_TASKS_LIMIT_HITS,
	FAMILY_IO,
	FAMILY_PRESSURE_WAITING,
	FAMILY_PRESSURE_STALLED,
	FAMILY_BUDGET_MEMORY,
	FAMILY_BUDGET_MEMORY_TAKEN,
	FAMILY_BUDGET_CPUS,
	FAMILY_BUDGET_CPUS_TAKEN,
	FAMILY_BUDGET_RUNS,
	FAMILY_BUDGET_RUNS_TAKEN,
	FAMILY_RUNS,
	FAMILY_RUN_DURATION,
	FAMILY_FALLBACK,
	FAMILY_SCRAPE_ERRORS,
	FAMILY_COUNT,
};

/* All zero but `openmetrics`: nothing has been told. */
struct exposition {
	bool openmetrics;
	struct buffer family[FAMILY_COUNT];
};

/* Labels, up to one without a name. One without a value, or with an empty one, isn't there. */
struct label {
	const char *name, *value;
};

/* How many decimals the unit of a value has: microseconds are told in seconds, limits of CPUs in cores. */
#define DECIMALS_NONE 0
#define DECIMALS_CPUS 5
#define DECIMALS_USEC 6

/* Tells a value. A counter's name has its "_total" without being told. */
void exposition_add(struct exposition *exposition, enum family family, const struct label *labels, uint64_t value,
		unsigned decimals);

/* Tells when a counter or a histogram began, which OpenMetrics alone has. Behind its values. */
void exposition_created(struct exposition *exposition, enum family family, const struct label *labels, uint64_t usec);

/* Tells a part of a histogram: "_bucket", "_sum" or "_count". */
void exposition_part(struct exposition *exposition, enum family family, const char *part, const struct label *labels,
		uint64_t value, unsigned decimals);

/* Returns all that was told, which the caller frees, and its length; NULL: there was no memory. */
char *exposition_take(struct exposition *exposition, size_t *ret_length);

/* For CLEANUP(). */
void exposition_done(struct exposition *exposition);

#endif
