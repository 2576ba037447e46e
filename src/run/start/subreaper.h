/* SPDX-License-Identifier: MIT */
/*
 * subreaper.h - supervision in a process of its own
 */
#ifndef RATION_RUN_START_SUBREAPER_H
#define RATION_RUN_START_SUBREAPER_H

#include "run/run.h"

/* Starts the process, which starts the command and supervises it; `run` is its caller's side from then on. */
int subreaper_start(struct ration_run *run, struct ration_error *reterr);

#endif
