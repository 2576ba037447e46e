/* SPDX-License-Identifier: MIT */
/*
 * stats-read.c - what a group uses, value by value: on every system
 */
#include "group/stats/stats.h"

#include <stdlib.h>

struct ration_stats *ration_stats_free(struct ration_stats *stats)
{
	free(stats);
	return NULL;
}

bool ration_stats_populated(const struct ration_stats *stats)
{
	return stats->populated;
}

bool ration_stats_frozen(const struct ration_stats *stats)
{
	return stats->frozen;
}

enum ration_state ration_stats_state(const struct ration_stats *stats)
{
	return stats->state;
}

uint64_t ration_stats_processes(const struct ration_stats *stats)
{
	return stats->processes;
}

uint64_t ration_stats_memory_pressure_pct100(const struct ration_stats *stats)
{
	return stats->memory_pressure_pct100;
}

enum ration_source ration_stats_metric(const struct ration_stats *stats, enum ration_metric metric,
		uint64_t *ret_value)
{
	return usage_get(&stats->usage, metric, ret_value);
}
