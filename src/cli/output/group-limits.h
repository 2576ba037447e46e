/* SPDX-License-Identifier: MIT */
/*
 * group-limits.h - limits of a live group, as they were read
 */
#ifndef RATION_CLI_OUTPUT_GROUP_LIMITS_H
#define RATION_CLI_OUTPUT_GROUP_LIMITS_H

#include <stdlib.h>

#include "ration.h"

/* `n` of them, NULL for one that couldn't be read. */
struct group_limits {
	size_t n;
	struct ration_group_limit **list;
};

static inline void group_limits_done(struct group_limits *limits)
{
	for (size_t i = 0; i < limits->n; i++)
		limits->list[i] = ration_group_limit_free(limits->list[i]);
	free(limits->list);
	*limits = (struct group_limits) { .n = 0 };
}

/* Makes room for one more and returns it, NULL in it; NULL: no memory. */
static inline struct ration_group_limit **group_limits_add(struct group_limits *limits)
{
	struct ration_group_limit **list = realloc(limits->list, (limits->n + 1) * sizeof(struct ration_group_limit *));

	if (!list)
		return NULL;
	limits->list = list;
	list[limits->n] = NULL;
	return &list[limits->n++];
}

#endif
