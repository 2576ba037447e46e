/* SPDX-License-Identifier: MIT */
/*
 * concerns-followed.c - what a supervisor minds where there are no cgroups
 */
#include "run/concern.h"

int concerns_prepare(struct ration_run *run, struct ration_error *reterr)
{
	int r = watched_prepare(run, reterr);

	if (r == 0)
		r = output_prepare(run, reterr);
	return r == 0 ? wall_prepare(run, reterr) : r;
}
