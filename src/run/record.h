/* SPDX-License-Identifier: MIT */
/*
 * record.h - the receipt of a run that is over
 */
#ifndef RATION_RUN_RECORD_H
#define RATION_RUN_RECORD_H

#include "run/run.h"

/* Fills in the receipt: no process is left, but the group still exists. */
void record_run(struct ration_run *run);

#endif
