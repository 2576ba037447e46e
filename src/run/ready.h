/* SPDX-License-Identifier: MIT */
/*
 * ready.h - a group that is made and limited, before a command is in it
 */
#ifndef RATION_RUN_READY_H
#define RATION_RUN_READY_H

#include "group/budget.h"
#include "group/place.h"
#include "plan/plan.h"
#include "ration.h"
#include "run/keeper.h"

/* What of a run's options its group depends on. */
struct ready_request {
	const struct ration_plan *plan;
	bool keep;      /* have the keeper told of it, before it is there */
	bool oom_group; /* an OOM kill ends all of it */
	const struct budget_turn *turn; /* whose turn it is where there is a budget; NULL: it hasn't waited */
};

/*
 * Makes the group that leaf_prepare() has named, and writes its limits and its notes: then it is one for everybody.
 * After a failure something of it can be there: leaf_remove().
 */
int ready_make(const struct ready_request *request, struct place *group, struct keeper *keeper,
		struct ration_error *reterr);

#endif
