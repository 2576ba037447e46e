/* SPDX-License-Identifier: MIT */
/*
 * ready.h - a group that is made and limited, before a command is in it
 */
#ifndef RATION_RUN_POOL_READY_H
#define RATION_RUN_POOL_READY_H

#include "group/budget/budget.h"
#include "group/place.h"
#include "plan/plan.h"
#include "ration.h"
#include "run/keeper/keeper.h"

/* The options of a run that its group depends on. */
struct ready_request {
	const struct ration_plan *plan;
	bool keep;      /* tell the keeper of it before it exists */
	bool oom_group; /* an OOM kill ends all of it */
	const struct budget_turn *turn; /* its turn in the queue of a budget; NULL: it hasn't waited */
};

/*
 * Makes the group that leaf_prepare() has named, and writes its limits and notes: then it is complete for
 * others, too. After a failure parts of it can be left: leaf_remove().
 */
int ready_make(const struct ready_request *request, struct place *group, struct keeper *keeper,
		struct ration_error *reterr);

#endif
