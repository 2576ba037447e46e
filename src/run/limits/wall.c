/* SPDX-License-Identifier: MIT */
/*
 * wall.c - the wall time of a run
 *
 * SOFT sends the signal, and HARD, counted from the start as well, kills; without SOFT, HARD sends the
 * signal, and the run's kill_after counts from there.
 */
#include "run/concern.h"
#include "run/end.h"
#include "util/error.h"

struct wall {
	struct concern concern;
	struct loop_deadline deadline;
	uint64_t soft_usec, hard_usec; /* soft: RATION_UNLIMITED: none */
};

static void on_deadline(void *userdata, uint64_t now_usec)
{
	const struct wall *wall = userdata;
	struct ration_run *run = wall->concern.run;
	uint64_t observed = now_usec - run->leader.start_usec;

	if (wall->soft_usec == RATION_UNLIMITED)
		end_run(run, RUN_CAUSE_WALL_TIME, run->options.signal, observed);
	else
		end_run_by(run, RUN_CAUSE_WALL_TIME, run->options.signal, observed,
				loop_after(run->leader.start_usec, wall->hard_usec));
}

static void begin(struct concern *concern)
{
	struct wall *wall = (struct wall *)concern;
	struct ration_run *run = concern->run;
	uint64_t limit_usec = wall->soft_usec == RATION_UNLIMITED ? wall->hard_usec : wall->soft_usec;

	/*
	 * It took the command longer than this to start, and it was killed for that: don't take it for the
	 * command's own end.
	 */
	if (sys_now_usec() >= loop_after(run->leader.start_usec, limit_usec))
		on_deadline(wall, sys_now_usec());
	else
		loop_set(&run->loop, &wall->deadline, loop_after(run->leader.start_usec, limit_usec));
}

static void wall_free(struct concern *concern)
{
	(void)concern;
}

static const struct concern_ops ops = { .begin = begin, .free = wall_free };

int wall_prepare(struct ration_run *run, struct ration_error *reterr)
{
	const struct ration_plan_item *item = plan_enforced(run->plan, RATION_LIMIT_TIMEOUT);
	struct wall *wall = item ? concern_new(run, &ops, sizeof(*wall)) : NULL;

	if (!wall)
		return item ? error_oom(reterr) : 0;
	wall->deadline = LOOP_DEADLINE(on_deadline, wall);
	wall->soft_usec = item->asked_soft;
	wall->hard_usec = item->in_force;
	return 0;
}
