/* SPDX-License-Identifier: MIT */
/*
 * compare.h - whether the limits of a group are those of a plan
 */
#ifndef RATION_GROUP_LIMITS_COMPARE_H
#define RATION_GROUP_LIMITS_COMPARE_H

#include "group/place.h"
#include "plan/plan.h"

/* Room for what differs, with its final NUL. */
#define COMPARE_TEXT_MAX 160

/*
 * Tells whether a tenant or group has exactly the limits of `plan`, may be NULL, by the kernel's files.
 * Protection in a tenant is ignored unless it was asked for, because it follows from the tenant's groups.
 * Returns 0; 1: a limit differs, and `ret_text` is e.g. "pids.max is 5, not max"; or a negative errno.
 */
int compare_limits(const struct place *place, bool tenant, const struct ration_plan *plan,
		char ret_text[COMPARE_TEXT_MAX]);

/* The same, only for limits that aren't in the plan. */
int compare_others(const struct place *place, bool tenant, const struct ration_plan *plan,
		char ret_text[COMPARE_TEXT_MAX]);

#endif
