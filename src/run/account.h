/* SPDX-License-Identifier: MIT */
/*
 * account.h - what the kernel's files say of a run, before and after
 */
#ifndef RATION_RUN_ACCOUNT_H
#define RATION_RUN_ACCOUNT_H

#include <time.h>

#include "group/counters.h"
#include "group/place.h"
#include "plan/plan.h"
#include "ration.h"
#include "run/receipt.h"

/* Reads what verdicts rest on, and if `all` what is evidence only; what can't be read is USAGE_ABSENT. */
void account_counters(const struct place *group, bool all, struct counters *ret);

/*
 * Adds what the group has used to the receipt, in the place of what was made of less; if not `all`,
 * what there is to tell of when the command has succeeded.
 */
void account_usage(const struct place *group, bool all, struct ration_receipt *receipt);

/*
 * System V shared memory outlives its processes, charged to a group that is about to go: where some
 * is left since the run began, that and what is still charged is evidence. It began at `begun`, and that
 * is `wall_usec` ago. Where both don't agree, the clock was set meanwhile: the earlier one counts, so that
 * nothing is hidden; then segments of others can be among those counted.
 */
void account_left(int proc_fd, time_t begun, uint64_t wall_usec, struct ration_receipt *receipt);

/*
 * Reads what is in force now, and finds limits that aren't any more as they were written: the
 * command itself may change them, or anybody.
 */
void account_changes(const struct place *group, const struct ration_plan *plan, struct ration_receipt *receipt);

#endif
