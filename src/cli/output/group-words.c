/* SPDX-License-Identifier: MIT */
/*
 * group-words.c - tenants and groups in words
 */
#include "cli/output/group-words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/clock.h"
#include "util/text.h"

bool limit_is_text(const struct ration_limit_info *info)
{
	switch (info->unit) {
	case RATION_UNIT_CPULIST:
	case RATION_UNIT_NODELIST:
		return true;
	case RATION_UNIT_BYTES:
	case RATION_UNIT_USEC:
	case RATION_UNIT_CPUS:
	case RATION_UNIT_COUNT:
		break;
	}
	return info->key != RATION_KEY_NONE;
}

static const char *value(char buf[OUTPUT_VALUE_MAX], const struct ration_group_limit *limit, bool known,
		uint64_t number, const char *text)
{
	const struct ration_limit_info *info = ration_limit_info(limit->limit);

	if (!known || (limit_is_text(info) && !*text))
		(void)snprintf(buf, OUTPUT_VALUE_MAX, "-");
	else if (limit_is_text(info))
		(void)text_escape(buf, OUTPUT_VALUE_MAX, text);
	else
		(void)output_limit_value(buf, info, number);
	return buf;
}

const char *group_limit_asked(char buf[OUTPUT_VALUE_MAX], const struct ration_group_limit *limit)
{
	return value(buf, limit, limit->has_asked, limit->asked, limit->asked_text);
}

const char *group_limit_here(char buf[OUTPUT_VALUE_MAX], const struct ration_group_limit *limit)
{
	return value(buf, limit, limit->has_here, limit->here, limit->here_text);
}

const char *group_limit_effective(char buf[OUTPUT_VALUE_MAX], const struct ration_group_limit *limit)
{
	return value(buf, limit, limit->has_effective, limit->effective, limit->effective_text);
}

const char *group_limit_raw(char buf[OUTPUT_VALUE_MAX], const struct ration_group_limit *limit)
{
	const struct ration_limit_info *info = ration_limit_info(limit->limit);

	buf[0] = '\0';
	if (!limit->has_effective || (limit_is_text(info) && !limit->effective_text[0]))
		return buf;
	if (!limit_is_text(info) && limit->effective == RATION_UNLIMITED)
		(void)snprintf(buf, OUTPUT_VALUE_MAX, "max");
	else if (limit_is_text(info) || info->unit == RATION_UNIT_CPUS)
		(void)group_limit_effective(buf, limit);
	else
		(void)snprintf(buf, OUTPUT_VALUE_MAX, "%" PRIu64, limit->effective);
	return buf;
}

/* What a limit is in a group that nobody gave one. */
static uint64_t unset_value(enum ration_limit limit)
{
	static const struct {
		enum ration_limit limit;
		uint64_t value;
	} others[] = {
		{ RATION_LIMIT_MEMORY_LOW, 0 },
		{ RATION_LIMIT_MEMORY_MIN, 0 },
		{ RATION_LIMIT_CPU_BURST, 0 },
		{ RATION_LIMIT_CPU_IDLE, 0 },
		{ RATION_LIMIT_CPU_WEIGHT, 100 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (others[i].limit == limit)
			return others[i].value;
	}
	return RATION_UNLIMITED;
}

bool group_limit_is_set(const struct ration_group_limit *limit)
{
	if (!limit->has_here)
		return false;
	if (limit_is_text(ration_limit_info(limit->limit)))
		return limit->here_text[0];
	return limit->here != unset_value(limit->limit);
}

const char *group_age(char buf[OUTPUT_VALUE_MAX], uint64_t created_usec)
{
	static const struct {
		const char *name;
		uint64_t seconds;
	} units[] = { { "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 } };
	uint64_t now = clock_usec(CLOCK_REALTIME) / 1000000, seconds;
	size_t i = 0;

	if (created_usec == 0) {
		(void)snprintf(buf, OUTPUT_VALUE_MAX, "-");
		return buf;
	}
	/* The clock may have been set back meanwhile. */
	seconds = created_usec / 1000000 < now ? now - created_usec / 1000000 : 0;
	while (i < ARRAY_SIZE(units) - 1 && seconds < units[i].seconds)
		i++;
	(void)snprintf(buf, OUTPUT_VALUE_MAX, "%" PRIu64 " %s", seconds / units[i].seconds, units[i].name);
	return buf;
}
