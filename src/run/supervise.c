/* SPDX-License-Identifier: MIT */
/*
 * supervise.c - sleep until something happens, and act on it
 *
 * Nothing ticks while a cgroup does the work. Each file registers what it waits for: leader.c the
 * command's end, hold/containment-cgroup.c the group's events, the concerns in limits/ their limits.
 * The loop calls them all. Then end.c decides whether the run is over, and the receipt is written.
 */
#include "run/supervise.h"

#include <signal.h>

#include "run/concern.h"
#include "run/end.h"
#include "run/receipt-make.h"
#include "util/error.h"

/*
 * If the group can't be removed, the run has its status all the same: the group is left to the keeper, and
 * the receipt says so.
 */
static int finish(struct ration_run *run)
{
	struct ration_error error;
	int r;

	if (!run->recorded)
		receipt_make(run);
	run->recorded = true;
	r = run->containment->ops->remove(run->containment, &error);
	if (r < 0 && end_retry(run, r) == 0)
		return 0;
	if (r < 0)
		receipt_fail(&run->receipt, "%s", error.message);
	run->over = true;
	return 1;
}

/* Processes that don't die are left to the keeper, when the run is freed. The receipt has what is known. */
static int give_up(struct ration_run *run)
{
	struct leader *leader = &run->leader;

	receipt_fail(&run->receipt, "gave up waiting for %.180s", run->waiting);
	run->end.cause = RUN_CAUSE_INTERNAL;
	if (!leader->ended) {
		leader->lost = true;
		leader->wall_usec = sys_now_usec() - leader->start_usec;
	}
	receipt_make(run);
	run->recorded = run->over = true;
	return 1;
}

static int arm(struct ration_run *run, struct ration_error *reterr)
{
	int r = loop_arm(&run->loop);

	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't set the timer: %s", error_text(r)) : 0;
}

static int dispatch(struct ration_run *run, struct ration_error *reterr)
{
	int r;

	if (run->over)
		return 1;
	r = loop_dispatch(&run->loop);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't wait for the run: %s", error_text(r));
	if (r == 0)
		concerns_woken(run);
	/* For a command known only by its pid, not every system reports in time that it can be reaped. */
	if (run->leader.pid_fd < 0)
		leader_check(&run->leader);
	if (run->give_up && !run->recorded && end_settle(run) == 0)
		return give_up(run);
	r = run->recorded ? 1 : end_settle(run);
	if (r > 0)
		r = finish(run);
	return r != 0 ? r : arm(run, reterr);
}

static int send_signal(struct ration_run *run, int sig, struct ration_error *reterr)
{
	const struct leader *leader = &run->leader;
	int r;

	if (leader->ended)
		return 0;
	r = sys_child_signal(leader->pid, leader->pid_fd, sig);
	if (r < 0 && r != -ESRCH)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't send signal %d to the command: %s", sig,
				error_text(r));
	return 0;
}

static int interrupt(struct ration_run *run, int sig, bool delivered, struct ration_error *reterr)
{
	if (run->over)
		return 0;
	/* The first request asks for the end. A second one, after the caller was told what hangs, stops the wait. */
	if (++run->wishes > 1 && run->waiting[0])
		run->give_up = true;
	if (run->give_up) {
		loop_set(&run->loop, &run->again, sys_now_usec());
		return arm(run, reterr);
	}
	if (!delivered || run->containment->own_process_group) {
		end_run(run, RUN_CAUSE_INTERRUPT, sig, 0);
		return arm(run, reterr);
	}
	if (run->end.cause == RUN_CAUSE_NONE && !run->leader.ended) {
		run->end.cause = RUN_CAUSE_TERMINAL;
		run->end.signal = sig;
	}
	return 0;
}

static void release(struct ration_run *run)
{
	uint64_t deadline_usec = sys_now_usec() + RELEASE_MSEC * 1000;

	if (run->containment) {
		if (!run->recorded)
			end_kill(run);
		leader_release(&run->leader, deadline_usec);
		run->containment->ops->free(run->containment, deadline_usec);
		run->containment = NULL;
	}
	loop_close(&run->loop);
	concerns_free(run);
}

const struct supervisor supervisor_here = {
	.dispatch = dispatch,
	.signal = send_signal,
	.interrupt = interrupt,
	.release = release,
};
