/* SPDX-License-Identifier: MIT */
/*
 * launch.h - chooses what holds a run together, and which process supervises it
 */
#ifndef RATION_RUN_START_LAUNCH_H
#define RATION_RUN_START_LAUNCH_H

#include "run/run.h"

/* Names the run, chooses, and starts its command. After a failure release() is the caller's. */
int launch_run(struct ration_run *run, struct ration_error *reterr);

#endif
