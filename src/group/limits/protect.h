/* SPDX-License-Identifier: MIT */
/*
 * protect.h - what is protected in a group is protected above it as well
 */
#ifndef RATION_GROUP_LIMITS_PROTECT_H
#define RATION_GROUP_LIMITS_PROTECT_H

#include "group/place.h"
#include "plan/plan.h"

/*
 * Gives the nodes above a group or tenant the sum of their children's memory.low and memory.min: call it once
 * the group has its own, and again once it is gone. For a plan that protects nothing it does nothing; NULL:
 * it isn't known what was protected. A node for which the limit was asked for keeps its own, and nodes that
 * aren't ours keep theirs.
 * Errors: -EACCES, -EIO, …
 */
int protect_nodes(const struct ration_plan *plan, const struct place *place, struct ration_error *reterr);

/*
 * The same after a group of a dead owner was removed, because the owner can't lower the sums. Call it before
 * the nodes themselves are removed.
 */
void protect_without(const struct host_snapshot *host, int tenant_fd);

#endif
