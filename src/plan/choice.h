/* SPDX-License-Identifier: MIT */
/*
 * choice.h - which mechanism enforces each limit, or why none can
 */
#ifndef RATION_PLAN_CHOICE_H
#define RATION_PLAN_CHOICE_H

#include "host/facts.h"
#include "plan/plan.h"

/*
 * The plan as a pure function: what ration_plan_new() does, of facts made by hand. The
 * disks of `limits` are found already.
 */
int plan_make(const struct host_facts *facts, const struct ration_limits *limits, enum ration_policy policy,
		enum ration_purpose purpose, struct ration_plan **ret_plan, struct ration_error *reterr);

/* Plans each limit by itself, whether they can hold together or not. -ENOMEM. */
int choice_fill(const struct host_facts *facts, const struct ration_limits *limits, enum ration_policy policy,
		enum ration_purpose purpose, struct ration_plan **ret_plan, struct ration_error *reterr);

#endif
