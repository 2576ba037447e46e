/* SPDX-License-Identifier: MIT */
/*
 * containment-subreaper.h - a run that is held together by descent
 */
#ifndef RATION_RUN_CONTAIN_CONTAINMENT_SUBREAPER_H
#define RATION_RUN_CONTAIN_CONTAINMENT_SUBREAPER_H

#include "run/run.h"

/* Chooses it for the run. The process that makes it is to be a child subreaper without other children. -ENOMEM. */
int containment_subreaper_new(struct ration_run *run);

#endif
