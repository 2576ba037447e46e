/* SPDX-License-Identifier: MIT */
/*
 * pool.h - groups that are ready before there is a command for them
 */
#ifndef RATION_RUN_POOL_H
#define RATION_RUN_POOL_H

#include "run/keeper.h"
#include "run/run.h"

/* Checks that these options can be had from the pool: its host, its plan, its tenant, and no other name. */
int pool_check(const struct ration_pool *pool, const struct host_snapshot *host, const struct ration_plan *plan,
		const struct ration_run_options *options, struct ration_error *reterr);

/*
 * Takes a group that is ready; it is the caller's then, and so is its keeper's part. False: there is none. One
 * that somebody has removed, or has put a process into, isn't ready: it goes.
 */
bool pool_take(struct ration_pool *pool, struct place *ret_group, struct keeper *ret_keeper);

#endif
