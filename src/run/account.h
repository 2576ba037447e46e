/* SPDX-License-Identifier: MIT */
/*
 * account.h - what the kernel's files say of a run, before and after
 */
#ifndef RATION_RUN_ACCOUNT_H
#define RATION_RUN_ACCOUNT_H

#include <time.h>

#include "group/place.h"
#include "group/stats/counters.h"
#include "plan/plan.h"
#include "ration.h"
#include "run/receipt.h"

/*
 * Reads the counters that verdicts depend on; with `all` also those that are only evidence. Unreadable ones
 * are USAGE_ABSENT.
 */
void account_counters(const struct place *group, bool all, struct counters *ret);

/*
 * Adds what the group has used to the receipt, and replaces less exact values there. Without `all`: only what
 * is worth reporting after success.
 */
void account_usage(const struct place *group, bool all, struct ration_receipt *receipt);

/*
 * System V shared memory outlives its processes, and is charged to a group that is about to be removed. If
 * there are segments from the time of the run, their number and the memory still charged become evidence. The
 * run began at `begun`, which is `wall_usec` ago. If the two disagree, somebody set the clock meanwhile; the
 * earlier time counts, so that no segment is missed. Then segments of others can be counted, too.
 */
void account_left(int proc_fd, time_t begun, uint64_t wall_usec, struct ration_receipt *receipt);

/*
 * Reads the limits in force now, and finds those that differ from what was written: the command itself or
 * anybody else may have changed them.
 */
void account_changes(const struct place *group, const struct ration_plan *plan, struct ration_receipt *receipt);

#endif
