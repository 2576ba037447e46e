/* SPDX-License-Identifier: MIT */
/*
 * containment-cgroup.c - a run that is held together by a group of cgroup2
 *
 * The kernel keeps track of the processes: a child of a member is a member. A keeper is started
 * before the group is made, so that the group is removed however this process ends. With `descent`,
 * the process that asked for the run is above this one and does that instead. Then processes that
 * move out of the group are found by descent (descent.c).
 */
#include "run/contain/containment-cgroup.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "group/frozen.h"
#include "group/leaf.h"
#include "group/life/gc.h"
#include "group/life/stuck.h"
#include "group/life/watchdog.h"
#include "group/limits/protect.h"
#include "group/nodes.h"
#include "group/record.h"
#include "host/notes.h"
#include "run/contain/descent.h"
#include "run/contain/takeover.h"
#include "run/contain/watch.h"
#include "run/keeper/keeper.h"
#include "run/pool/pool.h"
#include "run/pool/ready.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/kill.h"
#include "sys/cgroup/members.h"
#include "sys/proc/proc-exit.h"
#include "util/cleanup.h"
#include "util/error.h"

/* How long to wait after a failed attempt to start a keeper. */
#define KEEPER_AGAIN_USEC 1000000

struct cgroup {
	struct containment containment;
	struct ration_run *run;
	struct place *group;       /* the run's */
	struct keeper keeper;
	struct loop_source keeper_gone;
	struct loop_deadline renew_keeper;
	struct loop_source events; /* cgroup.events: the last process has gone */
	struct loop_deadline look_again;
	int events_fd;
	bool taken;                /* from a pool: it is made already */
	bool killed;               /* SIGKILL has been sent to all */
	struct descent descent;
	struct watchdog watchdog;
	struct watch *watch;
};

static struct cgroup *of(struct containment *containment)
{
	return (struct cgroup *)containment;
}

/* ----------------------------------------------------------------- keeper */

/* If that fails, the next start on this host notices that the keeper is gone. */
static void watch_keeper(struct cgroup *cgroup)
{
	if (cgroup->keeper.fd >= 0)
		(void)loop_add(&cgroup->run->loop, &cgroup->keeper_gone, cgroup->keeper.fd, LOOP_READABLE);
}

static void forget_keeper(struct cgroup *cgroup)
{
	loop_drop(&cgroup->run->loop, &cgroup->keeper_gone);
	loop_clear(&cgroup->run->loop, &cgroup->renew_keeper);
}

static void renew_keeper(struct cgroup *cgroup)
{
	struct loop *loop = &cgroup->run->loop;

	loop_drop(loop, &cgroup->keeper_gone);
	if (keeper_renew(&cgroup->keeper) < 0)
		loop_set(loop, &cgroup->renew_keeper, loop_after(sys_now_usec(), KEEPER_AGAIN_USEC));
	watch_keeper(cgroup);
}

/* Somebody has killed it. */
static void on_keeper_gone(void *userdata, bool failed)
{
	(void)failed;
	renew_keeper(userdata);
}

static void on_renew_keeper(void *userdata, uint64_t now_usec)
{
	(void)now_usec;
	renew_keeper(userdata);
}

/* ----------------------------------------------------------------- events */

/* 1: the group is empty. 0: it isn't. The kernel reports the next change only after a read. */
static int look_at_events(struct cgroup *cgroup)
{
	struct loop *loop = &cgroup->run->loop;
	char text[256];
	uint64_t populated = 0;
	int r = cg_read_fd(cgroup->events_fd, text, sizeof(text));

	/* The group is gone, so it is empty. After any other failure the kernel keeps reporting. */
	if (r == -ENODEV) {
		loop_drop(loop, &cgroup->events);
		return 1;
	}
	if (r >= 0)
		r = cg_text_key(text, "populated", &populated);
	return r < 0 ? r : populated == 0;
}

/* `again`: look once more if it isn't empty. */
static void check_events(struct cgroup *cgroup, bool again)
{
	int r = look_at_events(cgroup);

	loop_clear(&cgroup->run->loop, &cgroup->look_again);
	if (r > 0 && cgroup->containment.on_empty)
		cgroup->containment.on_empty(cgroup->containment.userdata);
	else if (r < 0 || (r == 0 && again))
		loop_set(&cgroup->run->loop, &cgroup->look_again, loop_after(sys_now_usec(), CG_LOOK_AGAIN_MSEC * 1000));
}

static void on_events(void *userdata, bool failed)
{
	(void)failed;
	check_events(userdata, true);
}

static void on_look_again(void *userdata, uint64_t now_usec)
{
	(void)now_usec;
	check_events(userdata, false);
}

static int watch_events(struct cgroup *cgroup, struct ration_error *reterr)
{
	int r;

	cgroup->events_fd = cg_open_file(cgroup->group->fd, "cgroup.events");
	r = cgroup->events_fd < 0 ? cgroup->events_fd
				  : loop_add(&cgroup->run->loop, &cgroup->events, cgroup->events_fd, LOOP_URGENT);
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_VANISHED, "can't watch cgroup.events of %s: %s",
				       cgroup->run->receipt.group, error_text(r))
		     : 0;
}

/* ----------------------------------------------------------------- making */

static int make_group(struct cgroup *cgroup, struct ration_error *reterr)
{
	const struct ration_run *run = cgroup->run;
	const struct ready_request request = { run->plan, !run->options.descent, !run->options.no_oom_group, &run->turn };

	gc_sweep(cgroup->group, GC_SWEEP_AT_START);
	return ready_make(&request, cgroup->group, &cgroup->keeper, reterr);
}

static int make(struct containment *containment, struct ration_error *reterr)
{
	struct cgroup *cgroup = of(containment);
	int r = cgroup->taken ? 0 : make_group(cgroup, reterr);

	if (r < 0)
		return r;
	record_argv(cgroup->group->fd, cgroup->run->options.argv);
	watch_keeper(cgroup);
	return watch_events(cgroup, reterr);
}

static int enter(struct containment *containment, struct spawn *spawn, struct ration_error *reterr)
{
	const struct place *group = of(containment)->group;
	int r = frozen_check(group, "start a command in", reterr);

	spawn->cgroup_fd = group->fd;
	return r < 0 ? r : watchdog_begin(&of(containment)->watchdog, group, spawn, reterr);
}

static int entered(struct containment *containment, struct spawn *spawn, int r, struct ration_error *reterr)
{
	return watchdog_end(&of(containment)->watchdog, spawn, r, reterr);
}

/* If somebody else has removed the group meanwhile, that is the reason, whichever call failed first. */
static int explain(const struct containment *containment, int code, struct ration_error *reterr)
{
	const struct place *group = ((const struct cgroup *)containment)->group;

	if ((reterr && reterr->cause == RATION_CAUSE_COMMAND) || group->fd < 0)
		return code;
	if (vanished(code) ? !leaf_gone(group) : leaf_alive(group->fd))
		return code;
	(void)error_set(reterr, -ENOENT, RATION_CAUSE_VANISHED, "the group %s/%s was removed before the command ran in it",
			group->tenant, group->name);
	return error_hint(reterr, -ENOENT, "another process removed it, e.g. ration rm; try again");
}

/* -------------------------------------------------------------- processes */

static void signal_all(struct containment *containment, int sig)
{
	(void)cg_signal(of(containment)->group->fd, sig);
}

/* The fds that it takes to kill a group, look at it and remove it. */
#define FILES_NEEDED 64

/*
 * Another process, perhaps the command, has lowered our limit on open files. With CAP_SYS_RESOURCE we can
 * raise it again.
 */
static bool regain_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= FILES_NEEDED)
		return false;
	limit.rlim_cur = FILES_NEEDED;
	if (limit.rlim_max < FILES_NEEDED)
		limit.rlim_max = FILES_NEEDED;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static int kill_group(struct cgroup *cgroup)
{
	int (*kill_all_of)(int dir_fd) = cgroup->killed ? cg_kill_again : cg_kill;
	int r = kill_all_of(cgroup->group->fd);

	if (r == -EMFILE && regain_files())
		r = kill_all_of(cgroup->group->fd);
	/* Somebody has changed the mode of cgroup.kill. The processes can still be signalled one by one. */
	if ((r == -EACCES || r == -EPERM) && cg_signal_all(cgroup->group->fd) >= 0)
		r = 0;
	cgroup->killed = true;
	return r;
}

static uint64_t kill_all(struct containment *containment, uint64_t *ret_killed)
{
	struct cgroup *cgroup = of(containment);
	int left = ret_killed && !cgroup->killed ? cg_count(cgroup->group->fd) : 0;
	int r;

	if (cgroup->group->fd < 0)
		return LOOP_NEVER;
	if (ret_killed)
		*ret_killed = left > 0 ? (uint64_t)left : 0;
	/* Repeat soon while anybody is alive: see cg_kill_again(). Or this process has no free fd just now. */
	r = kill_group(cgroup);
	/* Before 5.14 a list of pids is needed, and it couldn't be read: kill those that can be found without it. */
	if (r < 0) {
		const struct leader *leader = &cgroup->run->leader;

		if (!leader->ended)
			(void)sys_child_signal(leader->pid, leader->pid_fd, SIGKILL);
		if (cgroup->run->descent)
			(void)descent_kill(&cgroup->descent, NULL);
	}
	return CG_KILL_AGAIN_MSEC * 1000;
}

static int empty(struct containment *containment)
{
	struct cgroup *cgroup = of(containment);
	char text[256];
	uint64_t populated;
	int r = cg_read_fd(cgroup->events_fd, text, sizeof(text));

	if (r >= 0)
		r = cg_text_key(text, "populated", &populated);
	if (r < 0) {
		/* Try another fd, then another file. */
		r = cg_populated(cgroup->group->fd);
		if (r < 0)
			r = cg_count(cgroup->group->fd);
		populated = r > 0;
	}
	if (r < 0 || populated != 0 || !cgroup->run->descent)
		return r < 0 ? r : populated == 0;
	return descent_empty_beside(&cgroup->descent);
}

/* `ration stop` leaves a note on the group. */
static bool stopped(struct containment *containment, int *ret_sig, uint64_t *ret_usec)
{
	char text[48];
	unsigned long long usec;
	int fd = of(containment)->group->fd, sig;

	if (fd < 0 || notes_read(fd, NOTE_STOP, text, sizeof(text)) < 0 || sscanf(text, "%d %llu", &sig, &usec) != 2 ||
			sig <= 0 || sig >= NSIG)
		return false;
	*ret_sig = sig;
	*ret_usec = usec;
	return true;
}

static void stuck(struct containment *containment, char buf[RATION_WAITING_MAX])
{
	struct cgroup *cgroup = of(containment);

	(void)stuck_in(cgroup->group, buf);
	if (!buf[0] && cgroup->run->descent)
		descent_stuck(&cgroup->descent, buf);
}

static int sample_begin(struct containment *containment, const struct sample_limits *limits)
{
	struct cgroup *cgroup = of(containment);

	return watch_new(cgroup->run->host->proc_fd, cgroup->group->fd, getpid(), limits, &cgroup->watch);
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

/* ----------------------------------------------------------------- the end */

static int remove_group(struct cgroup *cgroup)
{
	int r = leaf_remove(cgroup->group);

	/*
	 * The protection that the nodes above had for this group isn't needed any more. If this fails, the
	 * next run corrects it.
	 */
	if (r == 0)
		(void)protect_nodes(cgroup->run->plan, cgroup->group, NULL);
	return r;
}

static int remove_when_over(struct containment *containment, struct ration_error *reterr)
{
	struct cgroup *cgroup = of(containment);
	int r = remove_group(cgroup);

	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_HAS_PROCESSES, "can't remove the group %s: %s",
				cgroup->run->receipt.group, leaf_unremoved(r));
	/* Another run may have a group of that name from now on. */
	place_close(cgroup->group);
	forget_keeper(cgroup);
	keeper_dismiss(&cgroup->keeper);
	return 0;
}

static int msec_left(uint64_t deadline_usec)
{
	uint64_t now = sys_now_usec();

	return now < deadline_usec ? (int)((deadline_usec - now) / 1000) : 0;
}

static void cgroup_free(struct containment *containment, uint64_t deadline_usec)
{
	struct cgroup *cgroup = of(containment);
	int r;

	/* A run that ended has no processes left. If no command was started, nobody should be in the group. */
	if (cgroup->group->fd >= 0 && cgroup->run->leader.pid > 0)
		(void)cg_end(cgroup->group->fd, msec_left(deadline_usec));
	if (cgroup->group->fd >= 0 && cgroup->run->descent)
		(void)takeover_end(cgroup->run->host->proc_fd, deadline_usec);
	descent_done(&cgroup->descent);
	forget_keeper(cgroup);
	r = remove_group(cgroup);
	/* Busy nevertheless: somebody has moved a process into it. */
	if (r == -EBUSY && cgroup->run->leader.pid <= 0 && cg_end(cgroup->group->fd, msec_left(deadline_usec)) == 0)
		r = remove_group(cgroup);
	if (r == 0) {
		keeper_dismiss(&cgroup->keeper);
	} else {
		/* With `descent`, the process above us was the keeper, and it won't wait any longer. */
		if (cgroup->run->descent)
			(void)keeper_start(cgroup->group, &cgroup->keeper);
		keeper_inherit(&cgroup->keeper);
	}
	place_close(cgroup->group);
	loop_drop(&cgroup->run->loop, &cgroup->events);
	loop_clear(&cgroup->run->loop, &cgroup->look_again);
	cgroup->events_fd = close_fd(cgroup->events_fd);
	cgroup->watch = watch_free(cgroup->watch);
	free(cgroup);
}

static const struct containment_ops ops = {
	.kind = RATION_CONTAINMENT_CGROUP,
	.make = make,
	.enter = enter,
	.entered = entered,
	.explain = explain,
	.signal = signal_all,
	.kill = kill_all,
	.empty = empty,
	.stuck = stuck,
	.stopped = stopped,
	.sample_begin = sample_begin,
	.sample = sample,
	.is_dead = is_dead,
	.read_end = read_end,
	.remove = remove_when_over,
	.free = cgroup_free,
};

int containment_cgroup_new(struct ration_run *run)
{
	struct cgroup *cgroup = calloc(1, sizeof(*cgroup));

	if (!cgroup)
		return -ENOMEM;
	cgroup->containment.ops = &ops;
	cgroup->run = run;
	cgroup->group = &run->group;
	cgroup->keeper = KEEPER_NONE;
	descent_init(&cgroup->descent, run);
	cgroup->events_fd = -EBADF;
	cgroup->events = LOOP_SOURCE(on_events, cgroup);
	cgroup->keeper_gone = LOOP_SOURCE(on_keeper_gone, cgroup);
	cgroup->renew_keeper = LOOP_DEADLINE(on_renew_keeper, cgroup);
	cgroup->look_again = LOOP_DEADLINE(on_look_again, cgroup);
	run->containment = &cgroup->containment;
	return 0;
}

bool containment_cgroup_take(struct ration_run *run, struct ration_pool *pool)
{
	struct cgroup *cgroup = of(run->containment);

	cgroup->taken = pool_take(pool, cgroup->group, &cgroup->keeper);
	return cgroup->taken;
}
