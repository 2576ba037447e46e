/* SPDX-License-Identifier: MIT */
/*
 * supervise.h - this process supervises a run
 */
#ifndef RATION_RUN_SUPERVISE_H
#define RATION_RUN_SUPERVISE_H

#include "run/run.h"

extern const struct supervisor supervisor_here;

#endif
