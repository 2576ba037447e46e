/* SPDX-License-Identifier: MIT */
/*
 * plan.h - a plan, for the rest of the library
 */
#ifndef RATION_PLAN_PLAN_H
#define RATION_PLAN_PLAN_H

#include "host/facts.h"
#include "plan/limits.h"
#include "ration.h"

struct plan_entry {
	struct ration_plan_item item;
	bool own_policy; /* not that of the plan */
	char text[LIMIT_PAIR_MAX];
	char in_force_key[RATION_TEXT_MAX];
	char reason[700];
	char fix[256];
};

struct ration_plan {
	enum ration_policy policy;
	enum ration_purpose purpose;
	enum ration_os os;
	/* Of a BASE that was named and can't be used; "": there is no such. */
	char base_reason[sizeof(((struct host_facts *)0)->base_reason)];
	char base_fix[sizeof(((struct host_facts *)0)->base_fix)];
	size_t n;
	struct plan_entry entry[LIMIT_INDEX_COUNT + LIMIT_PAIRS_MAX];
};

/* Checks that a plan that a caller hands in is for this purpose and may be carried out. */
int plan_check_purpose(const struct ration_plan *plan, enum ration_purpose purpose, struct ration_error *reterr);

/* The item of `limit`, or NULL where the plan has none, or is NULL. */
const struct ration_plan_item *plan_find(const struct ration_plan *plan, enum ration_limit limit);

/* The same, and NULL where nothing will hold it. */
const struct ration_plan_item *plan_enforced(const struct ration_plan *plan, enum ration_limit limit);

#endif
