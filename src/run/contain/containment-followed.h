/* SPDX-License-Identifier: MIT */
/*
 * containment-followed.h - a run whose processes are followed
 */
#ifndef RATION_RUN_CONTAIN_CONTAINMENT_FOLLOWED_H
#define RATION_RUN_CONTAIN_CONTAINMENT_FOLLOWED_H

#include "run/run.h"

/* Chooses it for the run. -ENOMEM. */
int containment_followed_new(struct ration_run *run);

#endif
