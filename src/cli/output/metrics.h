/* SPDX-License-Identifier: MIT */
/*
 * metrics.h - the metrics of a receipt or of statistics, for tables of either
 */
#ifndef RATION_CLI_OUTPUT_METRICS_H
#define RATION_CLI_OUTPUT_METRICS_H

#include "ration.h"

/* One of the two. */
struct metrics {
	const struct ration_receipt *receipt;
	const struct ration_stats *stats;
};

static inline enum ration_source metrics_get(struct metrics from, enum ration_metric metric, uint64_t *ret)
{
	return from.receipt ? ration_receipt_metric(from.receipt, metric, ret) :
		ration_stats_metric(from.stats, metric, ret);
}

#endif
