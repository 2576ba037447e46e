/* SPDX-License-Identifier: MIT */
/*
 * containment-cgroup.h - a run that is held together by a group of cgroup2
 */
#ifndef RATION_RUN_CONTAIN_CONTAINMENT_CGROUP_H
#define RATION_RUN_CONTAIN_CONTAINMENT_CGROUP_H

#include "run/run.h"

/* Chooses it for the run, whose group has been prepared. Makes nothing yet. -ENOMEM. */
int containment_cgroup_new(struct ration_run *run);

/* Takes a group of the pool for it, instead of one that has to be made. False: none is ready. */
bool containment_cgroup_take(struct ration_run *run, struct ration_pool *pool);

#endif
