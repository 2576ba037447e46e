/* SPDX-License-Identifier: MIT */
/*
 * apply.h - a plan becomes writes to a group, and orders to a child
 */
#ifndef RATION_GROUP_LIMITS_APPLY_H
#define RATION_GROUP_LIMITS_APPLY_H

#include "group/place.h"
#include "plan/mech/mech.h"
#include "plan/plan.h"

/* The controllers that the groups of this plan need: for their limits, and for the counters. */
uint32_t apply_controllers(const struct ration_plan *plan, const struct host_facts *facts);

/* The controllers of cgroup v1 whose hierarchies the group of this plan is to join. */
uint32_t apply_v1_controllers(const struct ration_plan *plan, const struct host_facts *facts);

/*
 * Writes the limits of a plan to a group. If one write fails, those before it
 * are taken back, last first, and the group is as it was.
 */
int apply_group(const struct ration_plan *plan, const struct place *place, bool oom_group, struct ration_error *reterr);

/* Lists what a plan writes to a group, in the order of the table of limits. */
int apply_collect(const struct ration_plan *plan, struct group_writes *writes, struct ration_error *reterr);

/*
 * Writes a list, with the same promise: of a keyed file the field that was written is
 * taken back. `failed` in the list is the index of the write that failed.
 */
int apply_writes(const struct place *place, struct group_writes *writes, struct ration_error *reterr);

/* The same, and then what else belongs to it: where `then` fails, all writes are taken back, and `failed` is `n`. */
int apply_writes_then(const struct place *place, struct group_writes *writes,
		int (*then)(void *data, struct ration_error *reterr), void *data, struct ration_error *reterr);

/* Reads what to write to leave a file, or a key's field, as it is. `ret_text` is to be freed. */
int apply_read(const struct place *place, const struct group_write *write, char **ret_text);

/* Adds to `spawn` what the child is to set for itself. */
int apply_child(const struct ration_plan *plan, const struct host_facts *facts, struct spawn *spawn,
		struct ration_error *reterr);

#endif
