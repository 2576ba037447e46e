/* SPDX-License-Identifier: MIT */
/*
 * usage.c - metrics and where each comes from
 */
#include "util/usage.h"

void usage_set(struct usage *usage, enum ration_metric metric, uint64_t value, enum ration_source source)
{
	size_t i = metric_index(metric);

	if (value == USAGE_ABSENT || i == METRIC_INDEX_COUNT)
		return;
	usage->value[i] = value;
	usage->source[i] = source;
}

void usage_unset(struct usage *usage, enum ration_metric metric)
{
	size_t i = metric_index(metric);

	if (i < METRIC_INDEX_COUNT)
		usage->source[i] = RATION_SOURCE_ABSENT;
}

enum ration_source usage_get(const struct usage *usage, enum ration_metric metric, uint64_t *ret_value)
{
	size_t i = metric_index(metric);
	enum ration_source source = i < METRIC_INDEX_COUNT ? usage->source[i] : RATION_SOURCE_ABSENT;

	if (ret_value)
		*ret_value = source == RATION_SOURCE_ABSENT ? 0 : usage->value[i];
	return source;
}
