/* SPDX-License-Identifier: MIT */
/*
 * enum-index.c - where the values of public enums stand in arrays
 *
 * No `default:`, so the compiler names a value that is missing in a list.
 */
#include "util/enum-index.h"

#define LIMIT_CASE(NAME)          \
	case RATION_LIMIT_##NAME: \
		return LIMIT_INDEX_##NAME;

size_t limit_index(enum ration_limit limit)
{
	switch (limit) {
		LIMIT_LIST(LIMIT_CASE)
	}
	return LIMIT_INDEX_COUNT;
}

#define METRIC_CASE(NAME)          \
	case RATION_METRIC_##NAME: \
		return METRIC_INDEX_##NAME;

size_t metric_index(enum ration_metric metric)
{
	switch (metric) {
		METRIC_LIST(METRIC_CASE)
	case RATION_METRIC_NONE:
		break;
	}
	return METRIC_INDEX_COUNT;
}

#define LIMIT_VALUE(NAME) RATION_LIMIT_##NAME,

enum ration_limit limit_at(size_t index)
{
	static const enum ration_limit limits[] = { LIMIT_LIST(LIMIT_VALUE) };

	return limits[index];
}

#define METRIC_VALUE(NAME) RATION_METRIC_##NAME,

enum ration_metric ration_metric_at(size_t i)
{
	static const enum ration_metric metrics[] = { METRIC_LIST(METRIC_VALUE) };

	return i < METRIC_INDEX_COUNT ? metrics[i] : RATION_METRIC_NONE;
}

#define EVENT_VALUE(NAME) RATION_EVENT_##NAME,

enum ration_event_kind event_at(size_t index)
{
	static const enum ration_event_kind kinds[] = { EVENT_LIST(EVENT_VALUE) };

	return kinds[index];
}
