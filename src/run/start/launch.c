/* SPDX-License-Identifier: MIT */
/*
 * launch.c - chooses what holds a run together, and which process supervises it
 *
 * With a cgroup: the group, and this process supervises. Without a cgroup: the descendants of a
 * subreaper, which supervises them. The subreaper also supervises a group in two cases. Without
 * pidfds, only the parent of the command can be sure of its pid, and only if it has no other
 * children. And with `descent` the caller wants processes that leave the group to be ended.
 */
#include "run/start/launch.h"

#include "group/cgroup1.h"
#include "group/leaf.h"
#include "group/life/gc.h"
#include "group/limits/apply.h"
#include "run/contain/containment-cgroup.h"
#include "run/contain/containment-subreaper.h"
#include "run/pool/pool.h"
#include "run/start/admit.h"
#include "run/start/make.h"
#include "run/start/start.h"
#include "run/start/subreaper.h"
#include "util/error.h"

/* Neither a group nor /proc shows the processes of the run, so nobody could end them all. */
static int refuse_foreign(struct ration_error *reterr)
{
	(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NOT_ENFORCEABLE,
			"no cgroup is available, and /proc belongs to another pid namespace");
	return error_hint(reterr, -EOPNOTSUPP, "mount /proc of this pid namespace: unshare --mount-proc");
}

/*
 * This process makes the directories in cgroup v1, and the subreaper inherits them. So either can remove them
 * alone.
 */
static int launch_below_subreaper(struct ration_run *run, struct ration_error *reterr)
{
	const struct host_facts *facts = &run->host->facts;
	int r;

	if (facts->proc_foreign)
		return refuse_foreign(reterr);
	gc_sweep(&run->group, GC_SWEEP_AT_START);
	r = v1_make(&run->group, apply_v1_controllers(run->plan, facts), reterr);
	if (r == 0)
		r = apply_group(run->plan, &run->group, !run->options.no_oom_group, reterr);
	return r < 0 ? r : subreaper_start(run, reterr);
}

/* Whether this process supervises a run in a group. */
static bool runs_here(const struct ration_run *run)
{
	return run->host->facts.features & RATION_FEATURE_PIDFD && !run->options.descent;
}

static int launch_in_group(struct ration_run *run, struct ration_error *reterr)
{
	return runs_here(run) ? start_run(run, reterr) : subreaper_start(run, reterr);
}

/* 1: the run has got a group of the pool. */
static int take_ready(struct ration_run *run, struct ration_error *reterr)
{
	const struct ration_run_options *options = &run->options;
	int r = pool_check(options->pool, run->host, run->plan, options, reterr);

	if (r < 0 || run->host->base_fd < 0 || !runs_here(run))
		return r;
	return containment_cgroup_take(run, options->pool);
}

/* The admission keeps its place in the queue until the group is made or the start has failed. */
static int take_turn(struct ration_run *run, struct ration_error *reterr)
{
	int r = admit_check(run->options.admission, run->host, run->options.tenant, reterr);

	if (r == 0)
		run->turn = *budget_turn_of(run->options.admission);
	return r;
}

int launch_run(struct ration_run *run, struct ration_error *reterr)
{
	const struct ration_run_options *options = &run->options;
	bool grouped = run->host->base_fd >= 0;
	int r = grouped ? containment_cgroup_new(run) : containment_subreaper_new(run);

	if (r < 0)
		return error_oom(reterr);
	/* Nobody's children can be found in a foreign /proc. */
	if (run->host->facts.proc_foreign)
		run->options.descent = false;
	r = options->pool ? take_ready(run, reterr) : 0;
	if (r == 0 && options->admission)
		r = take_turn(run, reterr);
	if (r == 0)
		r = leaf_prepare(run->host, options->tenant, options->name,
				apply_controllers(run->plan, &run->host->facts), &run->group, reterr);
	if (r < 0)
		return r;
	make_names(run);
	return grouped ? launch_in_group(run, reterr) : launch_below_subreaper(run, reterr);
}
