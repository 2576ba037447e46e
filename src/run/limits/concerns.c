/* SPDX-License-Identifier: MIT */
/*
 * concerns.c - what a supervisor minds on Linux
 */
#include "run/concern.h"

#include "util/cleanup.h"

int concerns_prepare(struct ration_run *run, struct ration_error *reterr)
{
	/* CPU time comes before the samples: it is sampled only if no file has it. */
	static int (*const prepare[])(struct ration_run *, struct ration_error *) = {
		escape_prepare, stall_prepare, oom_v1_prepare, cpu_prepare, watched_prepare, output_prepare, wall_prepare,
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(prepare); i++)
		r = prepare[i](run, reterr);
	return r;
}
