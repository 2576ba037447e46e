/* SPDX-License-Identifier: MIT */
/*
 * plan.c - a plan: read, checked against its policy and its purpose, freed
 */
#include "plan/plan.h"

#include <errno.h>
#include <stdlib.h>

#include "util/cleanup.h"
#include "util/error.h"

struct ration_plan *ration_plan_free(struct ration_plan *plan)
{
	free(plan);
	return NULL;
}

static bool allowed(const struct plan_entry *entry)
{
	const struct ration_plan_item *item = &entry->item;
	const struct ration_limit_info *info = ration_limit_info(item->limit);

	/* Nobody asked for it. But a run that escapes its caller's limits isn't acceptable. */
	if (item->implied && item->of_caller && !entry->own_policy)
		return item->mechanism != RATION_MECHANISM_NONE || item->policy == RATION_ENFORCE_ANY;
	/* And nothing that was asked for depends on it. */
	if (item->implied && !entry->own_policy)
		return true;
	/* To lift a limit takes no mechanism. A list has no number, and a protection of all lifts nothing. */
	if (!limit_is_list(info) && !info->protects && item->asked == RATION_UNLIMITED && item->asked_soft == RATION_UNLIMITED)
		return true;
	switch (item->policy) {
	case RATION_ENFORCE_STRICT:
		return !item->weaker;
	case RATION_ENFORCE_FALLBACK:
		return item->mechanism != RATION_MECHANISM_NONE;
	case RATION_ENFORCE_ANY:
		return true;
	}
	return false;
}

int ration_plan_check(const struct ration_plan *plan, struct ration_error *reterr)
{
	/* A caller that names a place and is strict doesn't accept another place, whatever the limits are. */
	if (plan->policy == RATION_ENFORCE_STRICT && plan->base_reason[0]) {
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NOT_DELEGATED, "--base can't be used: %s",
				plan->base_reason);
		return error_hint(reterr, -EOPNOTSUPP, "%s; or use --enforce fallback", plan->base_fix);
	}
	for (size_t i = 0; i < plan->n; i++) {
		const struct ration_plan_item *item = &plan->entry[i].item;
		const struct ration_limit_info *info = ration_limit_info(item->limit);

		if (allowed(&plan->entry[i]))
			continue;
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NOT_ENFORCEABLE, "%s can't be enforced%s: %s",
				info->flag,
				item->mechanism == RATION_MECHANISM_NONE ? " here" : " for the whole group by the kernel",
				item->reason[0] ? item->reason : "no mechanism on this host can enforce it");
		return error_hint(reterr, -EOPNOTSUPP, "%s%suse --enforce %s=%s to run anyway; see ration doctor",
				item->fix, item->fix[0] ? "; or " : "", info->name,
				item->mechanism == RATION_MECHANISM_NONE ? "any" : "fallback");
	}
	return 0;
}

int plan_check_purpose(const struct ration_plan *plan, enum ration_purpose purpose, struct ration_error *reterr)
{
	static const char *const names[] = {
		[RATION_PURPOSE_RUN] = "a run",
		[RATION_PURPOSE_GROUP] = "a group",
		[RATION_PURPOSE_PROCESS] = "a process",
	};

	if (plan->purpose != purpose)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "this plan is for %s, not for %s",
				names[plan->purpose], names[purpose]);
	return ration_plan_check(plan, reterr);
}

size_t ration_plan_count(const struct ration_plan *plan)
{
	return plan->n;
}

const struct ration_plan_item *ration_plan_item(const struct ration_plan *plan, size_t i)
{
	return i < plan->n ? &plan->entry[i].item : NULL;
}

const struct ration_plan_item *plan_find(const struct ration_plan *plan, enum ration_limit limit)
{
	for (size_t i = 0; plan && i < plan->n; i++) {
		if (plan->entry[i].item.limit == limit)
			return &plan->entry[i].item;
	}
	return NULL;
}

const struct ration_plan_item *plan_enforced(const struct ration_plan *plan, enum ration_limit limit)
{
	const struct ration_plan_item *item = plan_find(plan, limit);

	return item && item->mechanism != RATION_MECHANISM_NONE ? item : NULL;
}
