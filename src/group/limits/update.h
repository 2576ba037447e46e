/* SPDX-License-Identifier: MIT */
/*
 * update.h - change the limits of a group that lives
 */
#ifndef RATION_GROUP_LIMITS_UPDATE_H
#define RATION_GROUP_LIMITS_UPDATE_H

#include "plan/plan.h"
#include "ration.h"

/* What ration_group_update() does, without taking the group's lock. */
int update_apply(struct ration_group *group, const struct ration_plan *plan,
		const struct ration_update_options *options, struct ration_update_report *report,
		struct ration_error *reterr);

/* The same with the usual options, and then calls `then`. Where that fails, the group has the limits that it had. */
int update_apply_then(struct ration_group *group, const struct ration_plan *plan,
		int (*then)(void *data, struct ration_error *reterr), void *data, struct ration_error *reterr);

#endif
