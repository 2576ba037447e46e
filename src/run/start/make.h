/* SPDX-License-Identifier: MIT */
/*
 * make.h - a run's handle, before anything is started
 */
#ifndef RATION_RUN_START_MAKE_H
#define RATION_RUN_START_MAKE_H

#include "run/run.h"

/* Makes one; `options` are checked. NULL: there is no memory. */
struct ration_run *make_run(const struct host_snapshot *host, const struct ration_plan *plan,
		const struct ration_run_options *options);

/* Writes the address and the id of a run whose group has its names. */
void make_names(struct ration_run *run);

#endif
