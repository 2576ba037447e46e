/* SPDX-License-Identifier: MIT */
/*
 * start.h - a command starts, and this process supervises it
 */
#ifndef RATION_RUN_START_START_H
#define RATION_RUN_START_START_H

#include "run/run.h"

/*
 * Makes what holds the run together, prepares its limits, and starts the command. `run->containment` is
 * chosen, and the loop is open. After a failure nothing is left.
 */
int start_run(struct ration_run *run, struct ration_error *reterr);

#endif
