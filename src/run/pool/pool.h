/* SPDX-License-Identifier: MIT */
/*
 * pool.h - groups that are ready before there is a command for them
 */
#ifndef RATION_RUN_POOL_POOL_H
#define RATION_RUN_POOL_POOL_H

#include "run/keeper/keeper.h"
#include "run/run.h"

/* Checks that the options of a run agree with the pool: its host, plan and tenant, and no name. */
int pool_check(const struct ration_pool *pool, const struct host_snapshot *host, const struct ration_plan *plan,
		const struct ration_run_options *options, struct ration_error *reterr);

/*
 * Takes a group that is ready, with its keeper's entry; both are the caller's then. False: none is ready.
 * Groups that somebody has removed or put a process into aren't ready, and are dropped.
 */
bool pool_take(struct ration_pool *pool, struct place *ret_group, struct keeper *ret_keeper);

#endif
