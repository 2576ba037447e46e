/* SPDX-License-Identifier: MIT */
/*
 * containment-followed.c - a run whose processes are followed
 *
 * The system keeps no set of its processes (follow.h). So we search for them with each sample, and whenever
 * one of them forks or ends, if the system reports that.
 */
#include "run/contain/containment-followed.h"

#include <poll.h>
#include <signal.h>

#include "run/contain/follow.h"
#include "run/contain/keeper-followed.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"

/* When to send SIGKILL again to processes that survived it. */
#define KILL_AGAIN_USEC 10000

struct followed {
	struct containment containment;
	struct ration_run *run;
	struct follow_keeper keeper;
	struct follow follow;
	struct loop_source source;   /* a process has forked or ended */
	struct loop_deadline missed; /* a process ended before we could watch it */
	bool killed;                 /* SIGKILL has been sent to all */
};

static struct followed *of(struct containment *containment)
{
	return (struct followed *)containment;
}

/* ----------------------------------------------------------------- making */

static int make(struct containment *containment, struct ration_error *reterr)
{
	int r = follow_keeper_begin(&of(containment)->keeper);

	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't fork a keeper: %s", error_text(r)) : 0;
}

/* The processes first: their children get another parent when they end. */
static void look_around(struct followed *followed)
{
	(void)follow_update(&followed->follow);
	leader_check(&followed->run->leader);
}

static void on_source(void *userdata, bool failed)
{
	(void)failed;
	look_around(userdata);
}

static void on_missed(void *userdata, uint64_t now_usec)
{
	(void)now_usec;
	look_around(userdata);
}

/* From now on its forks and its end wake us, and the keeper knows it. */
static void joined(void *userdata, const struct os_process *process)
{
	struct followed *followed = userdata;
	struct loop *loop = &followed->run->loop;

	/* It is dead already, so no event will come. */
	if (loop_add_process(loop, &followed->source, process->pid) < 0)
		loop_set(loop, &followed->missed, sys_now_usec());
	follow_keeper_tell(&followed->keeper, process, followed->follow.group);
}

/* The child exists and waits: follow it from now on, and tell the keeper. */
static int born(void *userdata, pid_t pid)
{
	struct followed *followed = userdata;
	int r = follow_start(&followed->follow, &os_ops, pid, followed->containment.own_process_group ? pid : 0);

	if (r < 0)
		return r;
	followed->run->leader.pid = pid;
	followed->follow.joined = joined;
	followed->follow.userdata = followed;
	r = follow_update(&followed->follow);
	return r < 0 ? r : 0;
}

/*
 * In a process group of its own, orphans of the command can be found. But that group would be in the
 * background of a terminal; so with a terminal the command stays in ours.
 */
static bool has_terminal(const struct spawn *spawn)
{
	return isatty(spawn->fds[0]) || isatty(spawn->fds[1]) || isatty(spawn->fds[2]);
}

static int enter(struct containment *containment, struct spawn *spawn, struct ration_error *reterr)
{
	(void)reterr;
	containment->own_process_group = spawn->own_group = !has_terminal(spawn);
	spawn->born = born;
	spawn->userdata = of(containment);
	return 0;
}

/* One that failed to start is reaped already. */
static int entered(struct containment *containment, struct spawn *spawn, int r, struct ration_error *reterr)
{
	(void)spawn;
	(void)reterr;
	if (r < 0)
		of(containment)->run->leader.pid = 0;
	return r;
}

/* -------------------------------------------------------------- processes */

static void signal_all(struct containment *containment, int sig)
{
	follow_signal(&of(containment)->follow, sig);
}

static uint64_t kill_all(struct containment *containment, uint64_t *ret_killed)
{
	struct followed *followed = of(containment);
	int killed = followed->follow.n > 0 ? follow_kill(&followed->follow) : 0;

	if (ret_killed && !followed->killed)
		*ret_killed = (uint64_t)killed;
	followed->killed = true;
	return KILL_AGAIN_USEC;
}

static int empty(struct containment *containment)
{
	int live = follow_update(&of(containment)->follow);

	return live < 0 ? live : live == 0;
}

static int sample_begin(struct containment *containment, const struct sample_limits *limits)
{
	(void)containment;
	(void)limits;
	return 0;
}

static int sample(struct containment *containment, const struct sample_limits *limits, struct sample *ret)
{
	return follow_sample(&of(containment)->follow, limits, ret);
}

static bool is_dead(struct containment *containment, pid_t pid)
{
	struct os_process process;
	int r = os_ops.look(pid, &process);

	(void)containment;
	return r == -ESRCH || (r == 0 && process.dead);
}

static int read_end(struct containment *containment, pid_t pid, struct sys_wait *ret)
{
	(void)containment;
	(void)pid;
	(void)ret;
	return -EOPNOTSUPP;
}

/* While it exists, dead or not, the members of its process group can be found: do so for the last time. */
static bool may_reap(struct containment *containment, pid_t pid)
{
	struct os_process process;
	int r = os_ops.look(pid, &process);

	if (r == 0 && !process.dead)
		return false;
	(void)follow_update(&of(containment)->follow);
	return true;
}

static void reaped(struct containment *containment, pid_t pid, const struct rusage *rusage)
{
	follow_reaped(&of(containment)->follow, pid, clock_timeval_usec(rusage->ru_utime) + clock_timeval_usec(rusage->ru_stime));
}

/* ----------------------------------------------------------------- the end */

static int remove_when_over(struct containment *containment, struct ration_error *reterr)
{
	(void)reterr;
	follow_keeper_dismiss(&of(containment)->keeper);
	return 0;
}

static void followed_free(struct containment *containment, uint64_t deadline_usec)
{
	struct followed *followed = of(containment);
	int live;

	while ((live = follow_update(&followed->follow)) > 0 && sys_now_usec() < deadline_usec) {
		(void)follow_kill(&followed->follow);
		(void)poll(NULL, 0, 1);
	}
	if (live > 0)
		follow_keeper_inherit(&followed->keeper);
	else
		follow_keeper_dismiss(&followed->keeper);
	loop_clear(&followed->run->loop, &followed->missed);
	follow_end(&followed->follow);
	free(followed);
}

static const struct containment_ops ops = {
	.kind = RATION_CONTAINMENT_FOLLOWED,
	.always_sampled = true,
	.make = make,
	.enter = enter,
	.entered = entered,
	.signal = signal_all,
	.kill = kill_all,
	.empty = empty,
	.sample_begin = sample_begin,
	.sample = sample,
	.is_dead = is_dead,
	.read_end = read_end,
	.may_reap = may_reap,
	.reaped = reaped,
	.remove = remove_when_over,
	.free = followed_free,
};

int containment_followed_new(struct ration_run *run)
{
	struct followed *followed = calloc(1, sizeof(*followed));

	if (!followed)
		return -ENOMEM;
	followed->containment.ops = &ops;
	followed->containment.by_pid = true;
	followed->run = run;
	followed->keeper = FOLLOW_KEEPER_NONE;
	followed->source = LOOP_SOURCE(on_source, followed);
	followed->source.first = true;
	followed->missed = LOOP_DEADLINE(on_missed, followed);
	run->containment = &followed->containment;
	return 0;
}
