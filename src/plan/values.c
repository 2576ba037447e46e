/* SPDX-License-Identifier: MIT */
/*
 * values.c - values of limits, worked out for a host
 */
#include "plan/values.h"

bool value_asked(const struct ration_limits *limits, enum ration_limit limit)
{
	return limits_value(limits, limit)->set;
}

uint64_t value_resolve(const struct limit_value *value, enum ration_limit limit, const struct host_facts *facts)
{
	uint64_t whole = limit == RATION_LIMIT_SWAP ? facts->swap_bytes : facts->memory_bytes;

	if (!value->percent)
		return value->hard;
	/* At most 2^64 / 10000 loses nothing that matters of a size in bytes. */
	return whole / 10000 * value->hard + whole % 10000 * value->hard / 10000;
}

bool value_has_page_size(const struct host_facts *facts, uint64_t bytes)
{
	for (size_t i = 0; i < facts->n_huge; i++) {
		if (facts->huge_bytes[i] == bytes)
			return true;
	}
	return false;
}
