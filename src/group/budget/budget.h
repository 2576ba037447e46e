/* SPDX-License-Identifier: MIT */
/*
 * budget.h - what the groups of a tenant, and of the namespace, may take together
 *
 * The budget is a note on the directory of the tenant or the namespace (host/notes.h says which
 * notes are believed). The amount taken isn't written anywhere: it is the sum of the limits of the
 * live groups, counted when needed. So that two starts don't get the same room, each holds the lock
 * of every directory with a budget while it decides and makes its group: first the namespace's,
 * then the tenant's, then, as always, the group's.
 *
 * A group that is half made, or whose owner is dead, counts as long as it has processes.
 */
#ifndef RATION_GROUP_BUDGET_BUDGET_H
#define RATION_GROUP_BUDGET_BUDGET_H

#include "group/budget/budget-account.h"
#include "group/place.h"
#include "plan/plan.h"
#include "ration.h"

/* What a group with the limits of `plan`, may be NULL, is going to take. */
void budget_ask_of(const struct ration_plan *plan, struct budget_ask *ret);

/* Whose turn it is in the queues (sys/cgroup/queue.h) of the two directories. 0: it hasn't waited there. */
struct budget_turn {
	uint64_t of_namespace, of_tenant;
};

/* The first part of the handle of a waiting start (run/start/admit.c); files in src/group know no more of it. */
struct budget_waiting {
	struct budget_turn turn;
};

static inline const struct budget_turn *budget_turn_of(const struct ration_admission *admission)
{
	return admission ? &((const struct budget_waiting *)(const void *)admission)->turn : NULL;
}

/* The locks of those that have a budget. */
struct budget_hold {
	int namespace_fd, tenant_fd;
};

#define BUDGET_HOLD_NONE ((struct budget_hold) { -EBADF, -EBADF })

/*
 * Makes sure that there is room for the group of a place, or for the tenant if it is one, and keeps the room
 * until budget_release(): until the group is made with its limits, or its start has failed. Without a budget
 * it does nothing. `turn` may be NULL.
 * Errors: -EDQUOT (no room now), -EINVAL (a limit is missing), -ERANGE (never any room), -ETIMEDOUT (another
 * process holds the lock all the time), ...
 */
int budget_take(const struct place *place, const struct budget_ask *ask, const struct budget_turn *turn,
		struct budget_hold *ret_hold, struct ration_error *reterr);

/* The same for new limits of a group or a tenant that is there. */
int budget_take_more(const struct place *place, const struct ration_plan *plan, struct budget_hold *ret_hold,
		struct ration_error *reterr);

void budget_release(struct budget_hold *hold);

/*
 * Checks whether there is room at one level, whoever holds its lock. As budget_take(), but keeps nothing, and
 * doesn't open the file of the queue, which would wake those that watch it. `ahead`: how many are before it
 * there. 1: there is no budget.
 */
int budget_look(const struct budget_node *node, const struct budget_ask *ask, uint64_t ahead, struct ration_error *reterr);

/* Reads a directory's budget. 0: none. Negative: it isn't known. */
int budget_read(int fd, struct budget *ret);

/*
 * Changes what `text` says of a directory's budget, with its lock. `before`, may be NULL: as it was.
 * Errors: -EINVAL, -ERANGE; of fsetxattr(2).
 */
int budget_change(int fd, const char *flag, const char *text, struct budget *before, struct ration_error *reterr);

/* Writes it as a note on the directory. Errors: of fsetxattr(2). */
int budget_write(int fd, const struct budget *budget);

#endif
