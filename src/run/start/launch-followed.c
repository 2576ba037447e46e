/* SPDX-License-Identifier: MIT */
/*
 * launch-followed.c - there is one way to hold a run together, and this process supervises it
 */
#include "run/start/launch.h"

#include "host/names.h"
#include "run/contain/containment-followed.h"
#include "run/start/make.h"
#include "run/start/start.h"
#include "util/error.h"

int launch_run(struct ration_run *run, struct ration_error *reterr)
{
	const struct ration_run_options *options = &run->options;
	int r = names_choose(options->tenant, options->name, run->group.tenant, run->group.name, reterr);

	if (r < 0)
		return r;
	make_names(run);
	if (containment_followed_new(run) < 0)
		return error_oom(reterr);
	return start_run(run, reterr);
}
