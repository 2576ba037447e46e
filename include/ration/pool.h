/* SPDX-License-Identifier: MIT */
/*
 * ration/pool.h - groups that are ready before there is a command for them
 *
 * For hosts with bursts of requests. A pool does the slow part of a start in advance: it makes the
 * directories of a run, writes its limits, and tells the keeper of it. A start then takes a group
 * that is ready (ration_run_options.pool), and the command is born there. Each group is used once:
 * a run never gets what another one has left. All of this is since 0.2.0.
 */
#ifndef RATION_POOL_H
#define RATION_POOL_H

#include <ration/host.h>
#include <ration/plan.h>

struct ration_pool_options {
	size_t size;        /* sizeof(struct ration_pool_options) */
	const char *tenant; /* of the groups; default "default" */
	size_t groups;      /* how many ration_pool_fill() keeps ready: 1 to RATION_POOL_MAX */
	bool no_oom_group;  /* as in ration_run_options, whose own field is ignored */
};

/* The most groups of a pool. Each takes three fds while it is ready. */
#define RATION_POOL_MAX 10000

struct ration_pool;

RATION_BEGIN

/*
 * Creates a pool, with no group yet. `host` and `plan` must outlive it; the plan is for runs
 * (RATION_PURPOSE_RUN). Several threads can fill a pool and start runs from it at once. Without
 * cgroups a pool is always empty.
 * Errors: -EINVAL (a bad name, a number out of range, a plan for something else), -EOPNOTSUPP (the
 * policy forbids it), -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_pool_new(const struct ration_host *host, const struct ration_plan *plan,
		const struct ration_pool_options *options, struct ration_pool **ret_pool, struct ration_error *reterr);

/*
 * Removes the unused groups. Runs that were started from the pool go on. Accepts NULL, returns
 * NULL. In a copy of the process (fork) it removes nothing: the groups belong to the parent.
 */
RATION_PUBLIC struct ration_pool *ration_pool_free(struct ration_pool *pool);

/*
 * Makes the missing groups, but at most `most`; 0: all. Returns how many it made. A start never
 * does this: call it when there is time, e.g. when no request waits (an event loop makes one at a
 * time), or in a thread of its own. If this process dies, the keeper removes the groups.
 * Errors: those of ration_run_start() before the command; groups made until then are ready.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_pool_fill(struct ration_pool *pool, size_t most, struct ration_error *reterr);

/* Returns how many groups are ready. */
RATION_PUBLIC size_t ration_pool_ready(const struct ration_pool *pool);

RATION_END

#endif /* RATION_POOL_H */
