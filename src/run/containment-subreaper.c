/* SPDX-License-Identifier: MIT */
/*
 * containment-subreaper.c - a run that is held together by descent
 *
 * This process is a child subreaper (subreaper.c), and has no other children: so the
 * run is exactly its descendants. Directories in cgroup v1 may hold limits of the run,
 * and a freezer there tells others of its processes.
 */
#include "run/containment-subreaper.h"

#include <signal.h>

#include "group/birth.h"
#include "group/cgroup1.h"
#include "group/frozen.h"
#include "group/leaf.h"
#include "group/stuck.h"
#include "run/corpse.h"
#include "run/reaper.h"
#include "run/watch.h"
#include "sys/cgroup.h"
#include "sys/kill.h"
#include "sys/cgroup1.h"
#include "sys/tree-kill.h"
#include "sys/tree.h"
#include "util/cleanup.h"
#include "util/error.h"

/* How long the kill of all may take at a time; a fork bomb of thousands has taken 1.7 s. */
#define TREE_KILL_USEC 2000000
#define KILL_AGAIN_USEC 10000

/* How long tracers have to take note of the death of those whom they trace. */
#define TRACER_USEC 1000000

struct descent {
	struct containment containment;
	struct ration_run *run;
	pid_t root;              /* the subreaper, when it has begun; or 0 */
	uint64_t traced_usec;    /* when the dead that tracers have aren't waited for any more */
	struct birth birth;
	struct watch *watch;
};

static struct descent *of(struct containment *containment)
{
	return (struct descent *)containment;
}

static int make(struct containment *containment, struct ration_error *reterr)
{
	(void)reterr;
	of(containment)->root = getpid();
	return 0;
}

static int enter(struct containment *containment, struct spawn *spawn, struct ration_error *reterr)
{
	const struct place *group = &of(containment)->run->group;
	int r = frozen_check(group, "start a command in", reterr);

	spawn->die_with_parent = true;
	if (r == 0)
		r = v1_open_joins(group, spawn, reterr);
	if (r == 0)
		birth_watch(&of(containment)->birth, group, spawn);
	return r;
}

static int entered(struct containment *containment, struct spawn *spawn, int r, struct ration_error *reterr)
{
	v1_close_joins(spawn);
	return r < 0 ? r : birth_check(&of(containment)->birth, reterr);
}

/* -------------------------------------------------------------- processes */

static void signal_all(struct containment *containment, int sig)
{
	struct descent *descent = of(containment);

	(void)proc_tree_signal(descent->run->host->proc_fd, descent->root, sig, &(uint64_t){ 0 });
}

static uint64_t kill_all(struct containment *containment, uint64_t *ret_killed)
{
	struct descent *descent = of(containment);
	int members_fd = v1_members_fd(&descent->run->group), r;
	uint64_t killed = 0, again_usec;

	/* In the process that asked, other children are none of the run's. */
	if (descent->root != getpid())
		return LOOP_NEVER;
	/* A process that the freezer holds would never die. */
	if (members_fd >= 0)
		(void)cg1_thaw(members_fd);
	r = proc_tree_stop_kill(descent->run->host->proc_fd, descent->root, TREE_KILL_USEC, &killed);
	if (ret_killed)
		*ret_killed = killed;
	/* All dead: what is left then is held by a tracer, of which nothing tells. */
	again_usec = r < 0 ? KILL_AGAIN_USEC : TRACER_USEC;
	if (r == 0 && descent->traced_usec == LOOP_NEVER)
		descent->traced_usec = loop_after(sys_now_usec(), again_usec);
	return again_usec;
}

/* All that is left are dead whom a tracer has, and has had its time for. */
static bool left_to_tracers(const struct descent *descent)
{
	CLEANUP(proc_list_free) struct proc_list list = { 0 };

	if (!descent->run->leader.unreaped && sys_now_usec() < descent->traced_usec)
		return false;
	if (proc_descendants(descent->run->host->proc_fd, descent->root, &list) < 0)
		return false;
	for (size_t i = 0; i < list.n; i++) {
		if (!proc_is_dead(&list.items[i]))
			return false;
	}
	return true;
}

static int empty(struct containment *containment)
{
	int r = reaper_sweep(&of(containment)->run->leader);

	if (r == -ECHILD)
		return 1;
	return r < 0 ? r : left_to_tracers(of(containment));
}

static void stuck(struct containment *containment, char buf[RATION_WAITING_MAX])
{
	struct descent *descent = of(containment);
	CLEANUP(proc_list_free) struct proc_list list = { 0 };
	struct stuck stuck = { .place = &descent->run->group, .proc_fd = descent->run->host->proc_fd };

	if (proc_descendants(stuck.proc_fd, descent->root, &list) < 0)
		return;
	for (size_t i = 0; i < list.n; i++)
		(void)stuck_look(&stuck, list.items[i].pid);
	(void)stuck_words(&stuck, buf);
}

static int sample_begin(struct containment *containment, const struct sample_limits *limits)
{
	struct descent *descent = of(containment);

	return watch_new(descent->run->host->proc_fd, -EBADF, descent->root, limits, &descent->watch);
}

static int sample(struct containment *containment, const struct sample_limits *limits, struct sample *ret)
{
	watch_set_limits(of(containment)->watch, limits);
	return watch_sample(of(containment)->watch, ret);
}

static bool is_dead(struct containment *containment, pid_t pid)
{
	return corpse_is_dead(of(containment)->run->host->proc_fd, pid);
}

static int read_end(struct containment *containment, pid_t pid, struct sys_wait *ret)
{
	return corpse_read(of(containment)->run->host->proc_fd, pid, ret);
}

/* The subreaper has reaped everybody, and nobody else. */
static bool rusage(struct containment *containment, struct rusage *ret)
{
	(void)containment;
	return getrusage(RUSAGE_CHILDREN, ret) == 0;
}

/* ----------------------------------------------------------------- the end */

static int remove_when_over(struct containment *containment, struct ration_error *reterr)
{
	struct ration_run *run = of(containment)->run;
	int r = leaf_remove(&run->group);

	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_HAS_PROCESSES, "can't remove the group %s: %s",
				run->receipt.group, error_text(r));
	place_close(&run->group);
	return 0;
}

/* Those in the directories of cgroup v1 can be found by whoever has made them. */
static void descent_free(struct containment *containment, uint64_t deadline_usec)
{
	struct descent *descent = of(containment);
	struct place *group = &descent->run->group;
	uint64_t now = sys_now_usec();

	if (v1_members_fd(group) >= 0)
		(void)cg_end(v1_members_fd(group), now < deadline_usec ? (int)((deadline_usec - now) / 1000) : 0);
	(void)leaf_remove(group);
	place_close(group);
	descent->watch = watch_free(descent->watch);
	free(descent);
}

static const struct containment_ops ops = {
	.kind = RATION_CONTAINMENT_SUBREAPER,
	.make = make,
	.enter = enter,
	.entered = entered,
	.signal = signal_all,
	.kill = kill_all,
	.empty = empty,
	.stuck = stuck,
	.sample_begin = sample_begin,
	.sample = sample,
	.is_dead = is_dead,
	.read_end = read_end,
	.rusage = rusage,
	.remove = remove_when_over,
	.free = descent_free,
};

int containment_subreaper_new(struct ration_run *run)
{
	struct descent *descent = calloc(1, sizeof(*descent));

	if (!descent)
		return -ENOMEM;
	descent->containment.ops = &ops;
	descent->containment.by_pid = true;
	descent->run = run;
	descent->traced_usec = LOOP_NEVER;
	run->containment = &descent->containment;
	return 0;
}
