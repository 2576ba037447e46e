/* SPDX-License-Identifier: MIT */
/*
 * containment-subreaper.c - a run that is held together by descent
 *
 * This process is a child subreaper (start/subreaper.c) and has no other children, so its descendants
 * are exactly the run. Directories in cgroup v1 can enforce limits of the run; a freezer there also
 * shows other programs its processes.
 */
#include "run/contain/containment-subreaper.h"

#include <signal.h>

#include "group/cgroup1.h"
#include "group/frozen.h"
#include "group/leaf.h"
#include "group/life/watchdog.h"
#include "run/contain/descent.h"
#include "run/contain/watch.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/cgroup1.h"
#include "sys/cgroup/kill.h"
#include "sys/precedence.h"
#include "sys/proc/proc-exit.h"
#include "sys/proc/tree.h"
#include "util/cleanup.h"
#include "util/error.h"

struct below {
	struct containment containment;
	struct ration_run *run;
	pid_t root;              /* the subreaper, when it has begun; or 0 */
	struct descent descent;
	struct precedence precedence;
	struct spared spared;
	struct watchdog watchdog;
	struct watch *watch;
};

static struct below *of(struct containment *containment)
{
	return (struct below *)containment;
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
	return r < 0 ? r : watchdog_begin(&of(containment)->watchdog, group, spawn, reterr);
}

static int entered(struct containment *containment, struct spawn *spawn, int r, struct ration_error *reterr)
{
	r = watchdog_end(&of(containment)->watchdog, spawn, r, reterr);
	/*
	 * Only now: the command runs already and doesn't inherit it. Without it, a fork bomb would leave us
	 * hardly any CPU time.
	 */
	if (r == 0) {
		precedence_spare(&of(containment)->spared);
		precedence_raise(&of(containment)->precedence);
	}
	return r;
}

/* -------------------------------------------------------------- processes */

static void signal_all(struct containment *containment, int sig)
{
	struct below *below = of(containment);

	(void)proc_tree_signal(below->run->host->proc_fd, below->root, sig, &(uint64_t){ 0 });
}

static uint64_t kill_all(struct containment *containment, uint64_t *ret_killed)
{
	struct below *below = of(containment);
	int members_fd = v1_members_fd(&below->run->group);

	/* In the caller's process, other children aren't part of the run. */
	if (below->root != getpid())
		return LOOP_NEVER;
	/* A process that the freezer holds doesn't die before it is thawed. */
	if (members_fd >= 0)
		(void)cg1_thaw(members_fd);
	return descent_kill(&below->descent, ret_killed);
}

static int empty(struct containment *containment)
{
	return descent_empty(&of(containment)->descent);
}

static void stuck(struct containment *containment, char buf[RATION_WAITING_MAX])
{
	descent_stuck(&of(containment)->descent, buf);
}

static int sample_begin(struct containment *containment, const struct sample_limits *limits)
{
	struct below *below = of(containment);

	return watch_new(below->run->host->proc_fd, -EBADF, below->root, limits, &below->watch);
}

static int sample(struct containment *containment, const struct sample_limits *limits, struct sample *ret)
{
	watch_set_limits(of(containment)->watch, limits);
	return watch_sample(of(containment)->watch, ret);
}

static bool is_dead(struct containment *containment, pid_t pid)
{
	return proc_has_exited(of(containment)->run->host->proc_fd, pid);
}

static int read_end(struct containment *containment, pid_t pid, struct sys_wait *ret)
{
	return proc_exit_read(of(containment)->run->host->proc_fd, pid, ret);
}

/* The subreaper has reaped all processes of the run, and no others. */
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
				run->receipt.group, leaf_unremoved(r));
	place_close(&run->group);
	return 0;
}

/* The process that made the directories in cgroup v1 can find who is in them. */
static void below_free(struct containment *containment, uint64_t deadline_usec)
{
	struct below *below = of(containment);
	struct place *group = &below->run->group;
	uint64_t now = sys_now_usec();

	if (v1_members_fd(group) >= 0)
		(void)cg_end(v1_members_fd(group), now < deadline_usec ? (int)((deadline_usec - now) / 1000) : 0);
	(void)leaf_remove(group);
	place_close(group);
	below->watch = watch_free(below->watch);
	descent_done(&below->descent);
	free(below);
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
	.free = below_free,
};

int containment_subreaper_new(struct ration_run *run)
{
	struct below *below = calloc(1, sizeof(*below));

	if (!below)
		return -ENOMEM;
	below->containment.ops = &ops;
	below->containment.by_pid = true;
	below->run = run;
	descent_init(&below->descent, run);
	run->containment = &below->containment;
	return 0;
}
