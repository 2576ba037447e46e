/* SPDX-License-Identifier: MIT */
/*
 * ration/pool.h - groups that are ready before there is a command for them
 *
 * For hosts with bursts of requests: the directories of a run are made, its limits are
 * written, and the keeper is told of it ahead, when there is time. A start then takes one that is
 * ready (ration_run_options.pool), and is born there. Each group is used once: a run never gets what
 * another one has left. All of this is since 0.2.0.
 */
#ifndef RATION_POOL_H
#define RATION_POOL_H

#include <ration/host.h>
#include <ration/plan.h>

struct ration_pool_options {
	size_t size;        /* sizeof(struct ration_pool_options) */
	const char *tenant; /* of the groups; default "default" */
	size_t groups;      /* how many ration_pool_fill() keeps ready: 1 to RATION_POOL_MAX */
	bool no_oom_group;  /* as that of ration_run_options, whose own isn't looked at */
};

/* Each takes three fds while it is ready. */
#define RATION_POOL_MAX 10000

struct ration_pool;

RATION_BEGIN

/*
 * Creates a pool, with no group yet. `host` and `plan` must outlive it; the plan is for runs
 * (RATION_PURPOSE_RUN). Any number of threads may fill a pool and start runs from it at once.
 * Where there are no cgroups there is a pool, too, which is always empty.
 * Errors: -EINVAL (a bad name, a number out of range, a plan for something else), -EOPNOTSUPP (the policy
 * forbids it), -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_pool_new(const struct ration_host *host, const struct ration_plan *plan,
		const struct ration_pool_options *options, struct ration_pool **ret_pool, struct ration_error *reterr);

/*
 * Removes the groups that nobody has used. Runs that were started from the pool go on. Accepts NULL,
 * returns NULL. In a copy of the process (fork) nothing is removed: the groups are the parent's.
 */
RATION_PUBLIC struct ration_pool *ration_pool_free(struct ration_pool *pool);

/*
 * Makes the groups that are missing, but at most `most`; 0: all. Returns how many it has made. A start never
 * does this: it is for when there is time, e.g. when no request waits (an event loop makes one at a time), or
 * for a thread of its own. If this process dies, the keeper removes them.
 * Errors: those of ration_run_start() before the command; what was made until then is ready.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_pool_fill(struct ration_pool *pool, size_t most, struct ration_error *reterr);

/* Returns how many groups are ready. */
RATION_PUBLIC size_t ration_pool_ready(const struct ration_pool *pool);

RATION_END

#endif /* RATION_POOL_H */
