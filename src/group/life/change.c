/* SPDX-License-Identifier: MIT */
/*
 * change.c - change the limits and the budget of a tenant or a group that lives
 *
 * Checks permissions and the room in the budgets above, and what belongs to the change. limits/update.c
 * changes the limits themselves.
 */
#include <errno.h>

#include "group/budget/budget.h"
#include "group/handle.h"
#include "group/limits/update.h"
#include "group/owner.h"
#include "group/record.h"
#include "host/notes.h"
#include "plan/plan.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/size.h"

/* Changing a live group's limits atomically, as above, only works in cgroup2. */
static int check_v1(const struct ration_group *group, const struct ration_plan *plan,
		struct ration_update_report *report, struct ration_error *reterr)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct ration_plan_item *item = &plan->entry[i].item;
		const struct ration_update_report refused = { .has_failed = true, .failed = item->limit,
			.memory_before_bytes = RATION_UNKNOWN, .memory_after_bytes = RATION_UNKNOWN };

		if (item->mechanism != RATION_MECHANISM_CGROUP1)
			continue;
		(void)GIVE_RESULT(struct ration_update_report, report, &refused, NULL);
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NOT_ENFORCEABLE,
				"can't change %s of %s: cgroup v1 enforces it, and only ration create sets "
				"limits there",
				ration_limit_info(item->limit)->flag, group->address);
		return error_hint(reterr, -EOPNOTSUPP,
				"recreate it: ration rm %s; ration create %s ... %s",
				group->address, ration_limit_info(item->limit)->flag, group->address);
	}
	return 0;
}

static void disown(const struct ration_group *group)
{
	(void)notes_write(group->at.fd, NOTE_CREATED, "");
	(void)notes_write(group->at.fd, NOTE_KEEP, "");
}

/* A tenant made by a run would be removed with that run, along with its limits. */
static int adopt(const struct ration_group *group, struct ration_error *reterr)
{
	int r = owner_keep(group->at.fd);

	if (r >= 0 || r == -EOPNOTSUPP)
		r = record_created(group->at.fd);
	return r < 0 ? handle_error(group, r, "write notes on", reterr) : 0;
}

/* Only a tenant can have a budget. */
static int check_budget(const struct ration_group *group, const char *budget, struct ration_error *reterr)
{
	if (!budget || group->tenant)
		return budget ? ration_budget_check(budget, reterr) : 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "--budget: %s is a group, and only a tenant has a budget",
			group->address);
	return error_hint(reterr, -EINVAL, "set it on the tenant: ration set %s --budget ...", group->at.tenant);
}

/* What it gets in addition is taken from the budgets above. A tenant of ours takes nothing: its groups do. */
static int take_more(const struct ration_group *group, const struct ration_plan *plan, struct budget_hold *hold,
		struct ration_error *reterr)
{
	int r;

	if (group->tenant && whose_is(group->at.fd, NULL) != WHOSE_DELEGATED)
		return 0;
	r = budget_take_more(&group->at, plan, hold, reterr);
	/* Removed while it was asked what it has. */
	return vanished(r) ? handle_error(group, r, "read limits of", reterr) : r;
}

/* The budget first: it is easy to set back. */
static int change_all(struct ration_group *group, const struct ration_plan *plan,
		const struct ration_update_options *options, struct ration_update_report *report, struct ration_error *reterr)
{
	struct budget before = BUDGET_NONE;
	int r = options->budget ? budget_change(group->at.fd, "--budget", options->budget, &before, reterr) : 0;

	if (r < 0)
		return r;
	r = update_apply(group, plan, options, report, reterr);
	if (r < 0 && options->budget)
		(void)budget_write(group->at.fd, &before);
	return r;
}

int ration_group_update(struct ration_group *group, const struct ration_plan *plan,
		const struct ration_update_options *given, struct ration_update_report *report,
		struct ration_error *reterr)
{
	CLEANUP(budget_release) struct budget_hold hold = BUDGET_HOLD_NONE;
	struct ration_update_options options;
	int r = handle_check(group, reterr);
	bool adopts;

	if (r == 0)
		r = TAKE_OPTIONS(struct ration_update_options, &options, given, reterr);
	options.size = sizeof(options);
	if (r == 0)
		r = plan_check_purpose(plan, RATION_PURPOSE_GROUP, reterr);
	if (r == 0)
		r = handle_check_plan(group, plan, reterr);
	if (r == 0)
		r = check_v1(group, plan, report, reterr);
	if (r == 0)
		r = check_budget(group, options.budget, reterr);
	if (r == 0)
		r = handle_check_limits(group, reterr);
	if (r == 0)
		r = take_more(group, plan, &hold, reterr);
	if (r == 0)
		r = handle_lock(group, reterr);
	if (r < 0)
		return r;
	adopts = group->tenant && !owner_recorded(group->at.fd) && whose_is(group->at.fd, NULL) == WHOSE_OWN;
	if (adopts)
		r = adopt(group, reterr);
	if (r == 0)
		r = change_all(group, plan, &options, report, reterr);
	if (r < 0 && adopts)
		disown(group);
	handle_unlock(group);
	return r;
}
