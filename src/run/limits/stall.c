/* SPDX-License-Identifier: MIT */
/*
 * stall.c - a run that memory pressure has brought to a halt
 *
 * A trigger on memory.pressure reports the start of a stall. It is only a hint: the kernel forgets
 * the event once a poll has seen it, so if it wakes the caller's loop around ours, it is gone when
 * we look. So from the hint on we measure, with one read at the end, whether the stall lasts.
 */
#include "group/leaf.h"
#include "group/stats/metrics.h"
#include "run/concern.h"
#include "run/end.h"
#include "sys/cgroup/cgroup.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <signal.h>

/* The shortest window that the kernel takes for a trigger. */
#define WINDOW_USEC 500000
/* What share of the time counts as a full stall. Less than all of it, because now and then a task makes progress. */
#define FULL_PCT 60
#define MEASURE_MIN_USEC 100000

struct stall {
	struct concern concern;
	struct loop_source trigger;
	struct loop_deadline deadline;
	int fd;
	uint64_t limit_usec, window_usec;
	uint64_t mark_usec, mark_full_usec; /* when the measurement began, and the total stall then; USAGE_ABSENT: it hasn't */
	unsigned failures; /* reads, in a row */
};

static uint64_t read_full(const struct stall *stall)
{
	return metrics_memory_pressure(stall->concern.run->group.fd, "full");
}

/* Where memory is short, a read can fail for that. A group that is gone has no processes. */
static void unread(struct stall *stall)
{
	struct ration_run *run = stall->concern.run;

	if (leaf_alive(run->group.fd))
		end_unread(run, &stall->deadline, &stall->failures, "can't read memory.pressure any longer, and so not enforce the "
				"limit of a stall");
}

static void begin_measuring(struct stall *stall)
{
	struct ration_run *run = stall->concern.run;
	uint64_t measure_usec = stall->limit_usec;

	stall->mark_usec = sys_now_usec();
	stall->mark_full_usec = read_full(stall);
	if (stall->mark_full_usec == USAGE_ABSENT) {
		unread(stall);
		return;
	}
	stall->failures = 0;
	/* The stall has already lasted for one window. */
	measure_usec = measure_usec > stall->window_usec + MEASURE_MIN_USEC ? measure_usec - stall->window_usec
									    : MEASURE_MIN_USEC;
	loop_set(&run->loop, &stall->deadline, loop_after(stall->mark_usec, measure_usec));
}

static void measure(struct stall *stall)
{
	if (stall->deadline.at_usec == LOOP_NEVER && !stall->concern.run->killed)
		begin_measuring(stall);
}

static void on_trigger(void *userdata, bool failed)
{
	struct stall *stall = userdata;

	/* The group is gone. */
	if (failed)
		loop_drop(&stall->concern.run->loop, &stall->trigger);
	else
		measure(stall);
}

/* The loop woke up for no visible reason: perhaps it was the trigger. */
static void woken(struct concern *concern)
{
	measure((struct stall *)concern);
}

static void on_deadline(void *userdata, uint64_t now_usec)
{
	struct stall *stall = userdata;
	struct ration_run *run = stall->concern.run;
	uint64_t full_usec, elapsed_usec = now_usec - stall->mark_usec;

	if (run->killed)
		return;
	if (stall->mark_full_usec == USAGE_ABSENT) {
		begin_measuring(stall);
		return;
	}
	full_usec = read_full(stall);
	if (full_usec == USAGE_ABSENT) {
		unread(stall);
		return;
	}
	stall->failures = 0;
	full_usec -= stall->mark_full_usec;
	if (full_usec >= elapsed_usec * FULL_PCT / 100)
		end_run(run, RUN_CAUSE_STALL, SIGKILL, full_usec + stall->window_usec * FULL_PCT / 100);
}

static void stall_free(struct concern *concern)
{
	struct stall *stall = (struct stall *)concern;

	stall->fd = close_fd(stall->fd);
}

static const struct concern_ops ops = { .woken = woken, .free = stall_free };

int stall_prepare(struct ration_run *run, struct ration_error *reterr)
{
	const struct ration_plan_item *item = plan_enforced(run->plan, RATION_LIMIT_STALL_TIMEOUT);
	struct stall *stall;
	int r;

	if (!item || run->group.fd < 0)
		return 0;
	stall = concern_new(run, &ops, sizeof(*stall));
	if (!stall)
		return error_oom(reterr);
	stall->trigger = LOOP_SOURCE(on_trigger, stall);
	stall->deadline = LOOP_DEADLINE(on_deadline, stall);
	stall->limit_usec = item->in_force;
	stall->fd = cg_open_trigger(run->group.fd, "memory.pressure", "full", WINDOW_USEC * FULL_PCT / 100, WINDOW_USEC,
			&stall->window_usec);
	r = stall->fd < 0 ? stall->fd : loop_add(&run->loop, &stall->trigger, stall->fd, LOOP_URGENT);
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't set a trigger on memory.pressure: %s",
				       error_text(r))
		     : 0;
}
