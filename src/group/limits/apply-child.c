/* SPDX-License-Identifier: MIT */
/*
 * apply-child.c - a plan becomes orders to a child
 */
#include "group/limits/apply.h"

#include "plan/mech/table.h"
#include "util/cleanup.h"
#include "util/error.h"

int apply_child(const struct ration_plan *plan, const struct host_facts *facts, struct spawn *spawn,
		struct ration_error *reterr)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct ration_plan_item *item = &plan->entry[i].item;
		const enum ration_mechanism mechanisms[] = { item->mechanism, item->backstop };

		for (size_t k = 0; k < ARRAY_SIZE(mechanisms); k++) {
			const struct mech_ops *ops = mech_ops(mechanisms[k]);
			int r = ops && ops->apply_child ? ops->apply_child(item, facts, spawn) : 0;

			if (r < 0)
				return error_set(reterr, r, RATION_CAUSE_INVALID, "can't set %s in the command",
						ration_limit_info(item->limit)->flag);
		}
	}
	return 0;
}
