/* SPDX-License-Identifier: MIT */
/*
 * ready.c - a group that is made and limited, before a command is in it
 */
#include "run/pool/ready.h"

#include <errno.h>

#include "group/cgroup1.h"
#include "group/leaf.h"
#include "group/limits/apply.h"
#include "group/limits/protect.h"
#include "group/nodes.h"
#include "group/record.h"
#include "group/shortage.h"
#include "util/cleanup.h"
#include "util/error.h"

static int bound(const struct place *group, struct ration_error *reterr)
{
	int r = leaf_bound(group->fd);

	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't limit the groups below %s/%s: %s",
				       group->tenant, group->name, error_text(r))
		     : 0;
}

/* Without notes others would take it for half made, with limits that nobody asked for. */
static int write_notes(struct place *group, const struct ration_plan *plan, struct ration_error *reterr)
{
	int r = record_first_limits(group->fd, plan);

	if (r >= 0 || r == -EOPNOTSUPP)
		r = leaf_complete(group);
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't write notes on the group %s/%s: %s",
				       group->tenant, group->name, error_text(r))
		     : 0;
}

/* In each round the tenant is another one of that name: what its budget says counts. */
static int create(const struct ready_request *request, struct place *group, struct budget_hold *hold, struct keeper *keeper,
		struct ration_error *reterr)
{
	bool kept = !request->keep;
	struct budget_ask ask;
	int r = -ESTALE;

	budget_ask_of(request->plan, &ask);
	for (int round = 0; round < NODES_ROUNDS_MAX && r == -ESTALE; round++) {
		budget_release(hold);
		r = budget_take(group, &ask, request->turn, hold, reterr);
		if (r < 0)
			return r;
		r = kept ? 0 : keeper_start(group, keeper);
		if (r < 0)
			return shortage_fork_error(group->host, "start a keeper", r, reterr);
		kept = true;
		r = leaf_create_owned(group, apply_controllers(request->plan, &group->host->facts), reterr);
	}
	return r;
}

int ready_make(const struct ready_request *request, struct place *group, struct keeper *keeper,
		struct ration_error *reterr)
{
	const struct ration_plan *plan = request->plan;
	const struct host_facts *facts = &group->host->facts;
	CLEANUP(budget_release) struct budget_hold hold = BUDGET_HOLD_NONE;
	int r = create(request, group, &hold, keeper, reterr);

	if (r == 0)
		r = v1_make(group, apply_v1_controllers(plan, facts), reterr);
	if (r == 0)
		r = bound(group, reterr);
	if (r == 0)
		r = apply_group(plan, group, request->oom_group, reterr);
	if (r == 0)
		r = protect_nodes(plan, group, reterr);
	return r < 0 ? r : write_notes(group, plan, reterr);
}
