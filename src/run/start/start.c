/* SPDX-License-Identifier: MIT */
/*
 * start.c - a command starts, and this process supervises it
 *
 * The steps of a start can be undone in reverse order:
 *
 *   1. what holds the processes is made, and its limits are written
 *   2. each limit that the supervisor has to mind is registered with the loop
 *   3. the baseline of the counters is read
 *   4. the command is born inside
 */
#include "run/start/start.h"

#include "group/life/watchdog.h"
#include "group/limits/apply.h"
#include "group/shortage.h"
#include "run/account.h"
#include "run/concern.h"
#include "util/clock.h"
#include "util/error.h"

static int spawn(struct ration_run *run, struct spawn *spawn, struct ration_error *reterr)
{
	struct containment *containment = run->containment;
	int r;

	/*
	 * The command's time starts before it is executed: if starting takes longer than the time limit, the
	 * limit has ended it.
	 */
	run->leader.start_usec = run->receipt.started_monotonic_usec = sys_now_usec();
	run->receipt.started_usec = clock_usec(CLOCK_REALTIME);
	run->leader.start_time = (time_t)(run->receipt.started_usec / 1000000);
	r = containment->ops->enter(containment, spawn, reterr);
	if (r == 0) {
		r = spawn_start(spawn, &run->leader.pid, &run->leader.pid_fd, &run->receipt.birth);
		if (r < 0)
			r = shortage_start_error(&run->group, spawn, r, reterr);
		/* Not earlier: other threads may have used more memory meanwhile. */
		run->leader.foreign_maxrss = spawn_inherited_maxrss();
	}
	r = containment->ops->entered(containment, spawn, r, reterr);
	if (r == 0 && run->leader.pid_fd < 0 && !containment->by_pid)
		r = error_set(reterr, -ENOSYS, RATION_CAUSE_KERNEL_TOO_OLD,
				"can't supervise the command: no pidfd");
	return r;
}

static int start_command(struct ration_run *run, struct ration_error *reterr)
{
	const struct ration_plan_item *timeout = plan_enforced(run->plan, RATION_LIMIT_TIMEOUT);
	struct spawn *child = &run->command->spawn;
	int r;

	if (child->identity) {
		run->receipt.as_user = true;
		run->receipt.uid = child->identity->uid;
		run->receipt.gid = child->identity->gid;
	}
	if (timeout && timeout->in_force < SPAWN_WITHIN_USEC)
		child->within_usec = timeout->in_force + SPAWN_PATIENCE_USEC;
	child->foreground = run->containment->own_process_group = run->tty_fd >= 0;
	child->tty_fd = run->tty_fd;
	concerns_enter(run, child);
	r = apply_child(run->plan, &run->host->facts, child, reterr);
	return r < 0 ? r : spawn(run, child, reterr);
}

/* The command runs, and its time counts. */
static int begin(struct ration_run *run, struct ration_error *reterr)
{
	int r = leader_begin(&run->leader);

	if (r == 0) {
		concerns_begin(run);
		r = loop_arm(&run->loop);
	}
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't supervise the command: %s", error_text(r)) : 0;
}

static int start(struct ration_run *run, struct ration_error *reterr)
{
	int r = run->containment->ops->make(run->containment, reterr);

	run->leader.containment = run->containment;
	run->receipt.containment = run->containment->ops->kind;
	if (r == 0)
		r = concerns_prepare(run, reterr);
	if (r < 0)
		return r;
	account_counters(&run->group, true, &run->before);
	r = start_command(run, reterr);
	return r < 0 ? r : begin(run, reterr);
}

int start_run(struct ration_run *run, struct ration_error *reterr)
{
	const struct containment_ops *ops = run->containment->ops;
	int r = start(run, reterr);

	if (r < 0 && ops->explain)
		r = ops->explain(run->containment, r, reterr);
	if (r < 0)
		run->supervisor->release(run);
	return r < 0 ? r : 0;
}
