/* SPDX-License-Identifier: MIT */
/*
 * supervise.c - sleep until something happens, and act on it
 *
 * One epoll, and nothing in it ticks while a cgroup does the work:
 *
 *   the command's pidfd     it ended: what it leaves behind is killed. Without one
 *                           (before 5.4, or refused), SIGCHLD tells, in a subreaper
 *   cgroup.events           the last process of the group has gone
 *   one timer               the next of: wall time, SIGKILL after a warning,
 *                           the earliest moment at which the CPU time could be
 *                           used up, the next look of the watch, the end of a
 *                           tracer's time
 *   memory.pressure         the group has been stalled for long
 *   the keeper's end        somebody has killed it: there has to be another
 *   memory.oom_control      of cgroup v1, which kills one process and not all
 *   pipes, the peer         output; wishes from the caller of a subreaper
 *
 * Whatever ends a run goes the same way: a cause is noted, once; everything is
 * killed; the group is seen to be empty; the counters are read; the directory
 * is removed. The end of the command comes first in each round, so that a
 * command which ended in time isn't blamed for a clock that ran on.
 */
#include "run/run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include "group/cgroup1.h"
#include "plan/mech/mech.h"
#include "sys/cgroup.h"
#include "sys/cgroup1.h"
#include "sys/kill.h"
#include "sys/proc.h"
#include "sys/tree-kill.h"
#include "sys/tree.h"
#include "util/cleanup.h"
#include "util/error.h"

enum event {
	EVENT_LEADER,
	EVENT_GROUP,
	EVENT_TIMER,
	EVENT_STALL,
	EVENT_CHILD, /* SIGCHLD, in a subreaper */
	EVENT_PEER,
	EVENT_OOM,   /* of cgroup v1 */
	EVENT_KEEPER,
	EVENT_OUTPUT,
	EVENT_OUTPUT_LAST = EVENT_OUTPUT + 1,
};

/* The shortest window that the kernel takes for a trigger. */
#define STALL_WINDOW_USEC 500000
/* How much of the time must be a full stall. Less than all: now and then a task gets through. */
#define STALL_PCT 60
#define STALL_MEASURE_MIN_USEC 100000

/* The earliest that the CPU time is looked at again. */
#define CPU_LOOK_MIN_USEC 1000

/* How long the kill of a subreaper's tree may take at a time; a fork bomb of thousands has taken 1.7 s. */
#define TREE_KILL_USEC 2000000
#define KILL_RETRY_USEC 10000

/* How long a command that has left its group may take to stop. */
#define STOP_USEC 1000000

/*
 * How long a tracer (a debugger, strace) has to take note of the death of one whom
 * it traces. Until then its parent can't reap it; a tracer that is at work at all
 * does so at once.
 */
#define TRACER_USEC 1000000

/* From an OOM that cgroup v1 tells of to its kill: a moment, or none, if something was given back meanwhile. */
#define OOM_LOOK_USEC 2000
#define OOM_LOOKS 500
/* How long until the next attempt to start a keeper, after one that has failed. */
#define KEEPER_RETRY_USEC 1000000

/* How often a command without a pidfd is looked at: for the sake of tracers alone. */
#define LEADER_LOOK_USEC 1000000

static int add(const struct ration_run *run, int fd, enum event event, uint32_t events)
{
	struct epoll_event wanted = { .events = events, .data.u32 = event };

	return epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, fd, &wanted) < 0 ? -errno : 0;
}

static void drop(const struct ration_run *run, int fd)
{
	if (fd >= 0)
		(void)epoll_ctl(run->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

bool supervise_is_dead(const struct ration_run *run)
{
	struct proc_stat stat;
	int r = proc_stat_read(run->host->proc_fd, run->pid, &stat);

	return r == -ESRCH || (r == 0 && proc_is_dead(&stat));
}

static void watch_keeper(const struct ration_run *run)
{
	/* Without that, the next start on this host notices. */
	if (run->keeper.fd >= 0)
		(void)add(run, run->keeper.fd, EVENT_KEEPER, EPOLLIN | EPOLLRDHUP);
}

static bool in_group(const struct ration_run *run)
{
	return run->group.fd >= 0;
}

/* ------------------------------------------------------------------ clocks */

static int arm_timer(struct ration_run *run)
{
	struct itimerspec when = { .it_value = { 0 } };
	uint64_t next = RUN_NEVER;

	for (size_t i = 0; i < RUN_DEADLINES; i++) {
		if (run->deadline[i] < next)
			next = run->deadline[i];
	}
	if (next == run->armed_usec)
		return 0;
	if (next != RUN_NEVER) {
		when.it_value.tv_sec = (time_t)(next / 1000000);
		when.it_value.tv_nsec = (long)(next % 1000000) * 1000;
		if (next == 0)
			when.it_value.tv_nsec = 1; /* 0 would disarm it */
	}
	if (timerfd_settime(run->timer_fd, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		return -errno;
	run->armed_usec = next;
	return 0;
}

int supervise_arm(struct ration_run *run, struct ration_error *reterr)
{
	int r = arm_timer(run);

	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't set the timer: %s", error_text(r)) : 0;
}

/* A sum that stays at "never" instead of wrapping. */
static uint64_t after(uint64_t now, uint64_t usec)
{
	uint64_t sum;

	/* A time_t of the kernel ends before 2^63 nanoseconds do; nobody waits 100 years. */
	if (__builtin_add_overflow(now, usec, &sum) || usec > UINT64_C(100) * 365 * 86400 * 1000000)
		return RUN_NEVER;
	return sum;
}

/* ------------------------------------------------------------------ ending */

static bool note_cause(struct ration_run *run, enum run_cause cause, int sig, uint64_t observed)
{
	return receipt_note(&run->end, run->ended && !run->options.wait_all, cause, sig, observed);
}

static void signal_all(const struct ration_run *run, int sig)
{
	if (in_group(run))
		(void)cg_signal(run->group.fd, sig);
	else
		(void)proc_tree_signal(run->host->proc_fd, getpid(), sig, &(uint64_t){ 0 });
}

void supervise_kill(struct ration_run *run)
{
	uint64_t killed = 0;
	int left = 0;

	run->deadline[RUN_DEADLINE_KILL] = RUN_NEVER;
	if (in_group(run)) {
		/* What outlives the command by itself is leftover; what we end with it isn't. */
		if (run->ended && run->end.cause == RUN_CAUSE_NONE && !run->killed)
			left = cg_count(run->group.fd);
		/*
		 * Again soon, as long as anybody is alive: see cg_kill(); and this
		 * process may have no fd to spare just now.
		 */
		(void)cg_kill(run->group.fd);
		run->deadline[RUN_DEADLINE_KILL] = after(sys_now_usec(), CG_KILL_AGAIN_MSEC * 1000);
		killed = left > 0 ? (uint64_t)left : 0;
	} else {
		int members_fd = v1_members_fd(&run->group), r;

		/* A process that the freezer holds would never die. */
		if (members_fd >= 0)
			(void)cg1_thaw(members_fd);
		r = proc_tree_stop_kill(run->host->proc_fd, getpid(), TREE_KILL_USEC, &killed);
		/* All dead: what is left then is held by a tracer, of which nothing tells. */
		run->deadline[RUN_DEADLINE_KILL] =
				after(sys_now_usec(), r < 0 ? KILL_RETRY_USEC : TRACER_USEC);
		if (r == 0 && run->traced_usec == RUN_NEVER)
			run->traced_usec = run->deadline[RUN_DEADLINE_KILL];
		if (!run->ended || run->end.cause != RUN_CAUSE_NONE)
			killed = 0;
	}
	run->receipt.leftover_killed += killed;
	run->killed = true;
	run->deadline[RUN_DEADLINE_CPU] = RUN_NEVER;
	run->deadline[RUN_DEADLINE_WATCH] = RUN_NEVER;
	run->deadline[RUN_DEADLINE_STALL] = RUN_NEVER;
	run->deadline[RUN_DEADLINE_OOM] = RUN_NEVER;
	/* The wall time goes on: a reader of the output who never reads isn't waited for any longer than that. */
}

void supervise_end(struct ration_run *run, enum run_cause cause, int sig, uint64_t observed)
{
	bool first = note_cause(run, cause, sig, observed);

	if (run->ended)
		run->give_up_output = true;
	if (sig == SIGKILL) {
		if (first)
			supervise_kill(run);
		return;
	}
	signal_all(run, sig);
	/* A stopped process can't die of a signal that it can't take. */
	signal_all(run, SIGCONT);
	if (first && !run->lifted_kill)
		run->deadline[RUN_DEADLINE_KILL] = after(sys_now_usec(), run->options.kill_after_usec);
}

/* ------------------------------------------------------------ CPU and watch */

static void look_at_cpu(struct ration_run *run, uint64_t now)
{
	uint64_t used = counters_cpu_usec(run->cpu_stat_fd), target, wait;

	if (used == COUNTER_ABSENT) {
		run->deadline[RUN_DEADLINE_CPU] = RUN_NEVER;
		return;
	}
	if (used >= run->cpu_hard_usec) {
		supervise_end(run, RUN_CAUSE_CPU_TIME, SIGKILL, used);
		return;
	}
	if (used >= run->cpu_soft_usec) {
		run->cpu_soft_usec = RATION_UNLIMITED;
		/* A warning and no more: what becomes of it is up to the command, and to the hard limit. */
		if (note_cause(run, RUN_CAUSE_CPU_TIME_SOFT, run->options.signal, used))
			signal_all(run, run->options.signal);
	}
	target = run->cpu_soft_usec < run->cpu_hard_usec ? run->cpu_soft_usec : run->cpu_hard_usec;
	if (target == RATION_UNLIMITED) {
		run->deadline[RUN_DEADLINE_CPU] = RUN_NEVER;
		return;
	}
	/* All CPUs busy from now on: that is the earliest moment. */
	wait = (target - used) / (run->host->facts.cpus > 0 ? run->host->facts.cpus : 1);
	run->deadline[RUN_DEADLINE_CPU] = after(now, wait > CPU_LOOK_MIN_USEC ? wait : CPU_LOOK_MIN_USEC);
}

static void watch_cpu(struct ration_run *run)
{
	if (run->sample.cpu_usec >= run->cpu_hard_usec) {
		supervise_end(run, RUN_CAUSE_CPU_TIME, SIGKILL, run->sample.cpu_usec);
		return;
	}
	run->cpu_soft_usec = RATION_UNLIMITED;
	run->sample_limits.cpu_usec = run->cpu_hard_usec;
	watch_set_limits(run->watch, &run->sample_limits);
	if (note_cause(run, RUN_CAUSE_CPU_TIME_SOFT, run->options.signal, run->sample.cpu_usec))
		signal_all(run, run->options.signal);
}

static void look(struct ration_run *run, uint64_t now)
{
	int r = watch_sample(run->watch, &run->sample);

	run->deadline[RUN_DEADLINE_WATCH] = RUN_NEVER;
	if (r == -ENODEV || r == -ESRCH)
		return;
	if (r < 0) {
		/* A limit that can't be watched any more is a limit that isn't held. */
		supervise_end(run, RUN_CAUSE_INTERNAL, SIGKILL, 0);
		return;
	}
	run->deadline[RUN_DEADLINE_WATCH] = after(now, run->sample.next_usec);
	switch (run->sample.over) {
	case SAMPLE_OVER_NONE:
		break;
	case SAMPLE_OVER_MEMORY:
		supervise_end(run, RUN_CAUSE_WATCH_MEMORY, SIGKILL, run->sample.memory_bytes);
		break;
	case SAMPLE_OVER_TASKS:
		supervise_end(run, RUN_CAUSE_WATCH_PIDS, SIGKILL, run->sample.tasks);
		break;
	case SAMPLE_OVER_CPU:
		watch_cpu(run);
		break;
	}
}

/* ------------------------------------------------------------------- stall */

/*
 * A trigger on memory.pressure tells that a stall has begun, and is only a hint:
 * the kernel forgets an event when a poll has seen it, so that one which woke
 * the caller's own loop around ours is gone when we look. Whether the stall
 * lasts is measured here, from the hint on, with one look at its end.
 */
static int prepare_stall(struct ration_run *run, struct ration_error *reterr)
{
	const struct ration_plan_item *item = plan_held(run->plan, RATION_LIMIT_STALL_TIMEOUT);
	int r;

	if (!item)
		return 0;
	run->stall_usec = item->in_force;
	r = cg_open_trigger(run->group.fd, "memory.pressure", "full", STALL_WINDOW_USEC * STALL_PCT / 100,
			STALL_WINDOW_USEC, &run->stall_window_usec);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't set a trigger on memory.pressure: %s",
				error_text(r));
	run->stall_fd = r;
	return add(run, run->stall_fd, EVENT_STALL, EPOLLPRI);
}

static void on_stall(struct ration_run *run)
{
	uint64_t measure = run->stall_usec;

	if (run->deadline[RUN_DEADLINE_STALL] != RUN_NEVER || run->killed)
		return;
	run->stall_mark_usec = sys_now_usec();
	run->stall_mark_full_usec = counters_pressure(run->group.fd, "memory.pressure", "full");
	if (run->stall_mark_full_usec == COUNTER_ABSENT)
		return;
	/* By then it has lasted for one window. */
	measure = measure > run->stall_window_usec + STALL_MEASURE_MIN_USEC ? measure - run->stall_window_usec
									    : STALL_MEASURE_MIN_USEC;
	run->deadline[RUN_DEADLINE_STALL] = after(run->stall_mark_usec, measure);
}

static void look_at_stall(struct ration_run *run, uint64_t now)
{
	uint64_t full = counters_pressure(run->group.fd, "memory.pressure", "full");
	uint64_t elapsed = now - run->stall_mark_usec;

	run->deadline[RUN_DEADLINE_STALL] = RUN_NEVER;
	if (full == COUNTER_ABSENT)
		return;
	full -= run->stall_mark_full_usec;
	if (full >= elapsed * STALL_PCT / 100)
		supervise_end(run, RUN_CAUSE_STALL, SIGKILL, full + run->stall_window_usec * STALL_PCT / 100);
}

/* --------------------------------------------------------------------- OOM in v1 */

/*
 * Of an OOM in a group the kernel tells all who listen there and in the groups below,
 * before it kills. So what is told to us, and not to those who listen above us, was
 * our limit. (memory.failcnt would say the same, but stays 0 on 6.18.)
 *
 * cgroup2 takes the whole group at an OOM kill (memory.oom.group), cgroup v1 one
 * process: the others are left to us.
 */
static int listen_to_oom(int dir_fd)
{
	CLEANUP(closep) int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	CLEANUP(closep) int control = cg_open_file(dir_fd, "memory.oom_control");
	char text[32];
	int r;

	if (event < 0 || control < 0)
		return event < 0 ? -errno : control;
	(void)snprintf(text, sizeof(text), "%d %d", event, control);
	r = cg_write(dir_fd, "cgroup.event_control", text);
	return r < 0 ? r : TAKE_FD(event);
}

static int prepare_oom(struct ration_run *run, struct ration_error *reterr)
{
	int dir_fd = v1_fd(&run->group, RATION_CONTROLLER_MEMORY), r;
	CLEANUP(closep) int above = -EBADF;

	if (dir_fd < 0)
		return 0;
	above = openat(dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = above < 0 ? -errno : 0;
	if (r == 0)
		r = run->oom_above_fd = listen_to_oom(above);
	if (r >= 0)
		r = run->oom_fd = listen_to_oom(dir_fd);
	if (r >= 0)
		r = add(run, run->oom_fd, EVENT_OOM, EPOLLIN);
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't watch memory.oom_control of %s: %s",
				       run->receipt.group, error_text(r))
		     : 0;
}

static void hear_oom(struct ration_run *run)
{
	uint64_t count;

	if (run->oom_fd >= 0 && read(run->oom_fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		run->oom_events += count;
	if (run->oom_above_fd >= 0 && read(run->oom_above_fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		run->oom_events_above += count;
}

/* What was heard of, among what has been counted. */
static void add_oom_events(struct ration_run *run, struct counters *counters)
{
	struct counter_level *at = &counters->level[counters->n_levels];
	const struct host_snapshot *host = run->host;

	hear_oom(run);
	if (!counters->v1)
		return;
	counters->oom = run->oom_events_above > 0 ? 0 : run->oom_events;
	if (run->oom_events_above == 0 || counters->n_levels == COUNTER_LEVELS_MAX)
		return;
	*at = (struct counter_level) { .level = RATION_LEVEL_ANCESTOR, .oom = run->oom_events_above };
	for (size_t i = 0; i < host->n_v1; i++) {
		if (host->v1[i].controllers & RATION_CONTROLLER_MEMORY)
			(void)snprintf(at->where, sizeof(at->where), "%.199s", host->v1[i].path);
	}
	counters->n_levels++;
}

static void look_for_oom(struct ration_run *run, uint64_t now)
{
	uint64_t kills = counters_v1_oom_kill(&run->group);

	run->deadline[RUN_DEADLINE_OOM] = RUN_NEVER;
	if (run->killed)
		return;
	if (kills != COUNTER_ABSENT && kills > 0)
		supervise_kill(run);
	else if (run->oom_looks-- > 0)
		run->deadline[RUN_DEADLINE_OOM] = after(now, OOM_LOOK_USEC);
}

static void on_oom(struct ration_run *run)
{
	hear_oom(run);
	if (run->options.no_oom_group)
		return;
	run->oom_looks = OOM_LOOKS;
	look_for_oom(run, sys_now_usec());
}

/* ------------------------------------------------------------------ keeper */

static void renew_keeper(struct ration_run *run)
{
	bool failed;

	drop(run, run->keeper.fd);
	failed = keeper_renew(&run->keeper) < 0;
	run->deadline[RUN_DEADLINE_KEEPER] = failed ? after(sys_now_usec(), KEEPER_RETRY_USEC) : RUN_NEVER;
	watch_keeper(run);
}

/* ------------------------------------------------------------------ output */

static void on_output(struct ration_run *run, size_t i)
{
	struct output *output = &run->output[i];
	bool done;

	drop(run, output->source_fd);
	if (output->target_polls)
		drop(run, output->target_fd);
	done = output_move(output) == 1;
	if (output->over && run->options.output_mode == RATION_OUTPUT_KILL)
		supervise_end(run, RUN_CAUSE_OUTPUT, SIGKILL, output->limit + 1);
	if (done)
		return;
	if (output_waits_for_target(output))
		(void)add(run, output->target_fd, EVENT_OUTPUT + (enum event)i, EPOLLOUT);
	else
		(void)add(run, output->source_fd, EVENT_OUTPUT + (enum event)i, EPOLLIN);
}

/*
 * All processes are dead: what is in the pipes is all that will come. A command
 * that ended by itself has its output delivered, however slow the reader; one
 * that we ended may lose what nobody has taken by now.
 */
static bool outputs_done(struct ration_run *run)
{
	bool give_up = run->give_up_output || run->end.cause != RUN_CAUSE_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(run->output); i++) {
		if (run->output[i].source_fd < 0)
			continue;
		on_output(run, i);
		if (!output_waits_for_target(&run->output[i]))
			continue;
		if (!give_up)
			return false;
		run->output[i].over = true;
	}
	return true;
}

/* ------------------------------------------------------------------ the end */

static void leader_ended(struct ration_run *run)
{
	drop(run, run->pid_fd);
	run->ended = true;
	run->deadline[RUN_DEADLINE_TRACER] = run->deadline[RUN_DEADLINE_LEADER] = RUN_NEVER;
	receipt_set(&run->receipt, RATION_METRIC_WALL_USEC, sys_now_usec() - run->start_usec,
			RATION_SOURCE_CLOCK);
	if (run->end.cause == RUN_CAUSE_WALL_TIME)
		(void)usage_get(&run->receipt.usage, RATION_METRIC_WALL_USEC, &run->end.observed);
}

static void on_leader(struct ration_run *run)
{
	int r = run->ended ? 0 : sys_reap(run->pid, run->pid_fd, &run->end.wait);

	if (r == 0) {
		/* Dead, and a tracer has it. When that lets go, the kernel tells us again. */
		if (!run->ended && run->deadline[RUN_DEADLINE_TRACER] == RUN_NEVER &&
				(run->pid_fd >= 0 || supervise_is_dead(run)))
			run->deadline[RUN_DEADLINE_TRACER] = after(sys_now_usec(), TRACER_USEC);
		return;
	}
	/* SIGCHLD is ignored in this process, or the program has waited for whatever child there is. */
	if (r < 0) {
		run->end.wait = (struct sys_wait) { .exit_code = -1 };
		run->end.lost = true;
	}
	leader_ended(run);
}

/* How a command ended that isn't reaped: of a zombie, too, that can be read. */
static int read_end(const struct ration_run *run, struct sys_wait *ret)
{
	struct sys_wait wait = { .exit_code = -1 };
	struct proc_stat stat;
	int status, r = proc_stat_read(run->host->proc_fd, run->pid, &stat);

	if (r == 0)
		r = proc_exit_status(run->host->proc_fd, run->pid, &status);
	if (r < 0)
		return r;
	if (WIFEXITED(status)) {
		wait.exit_code = WEXITSTATUS(status);
	} else {
		wait.signal = WTERMSIG(status);
		wait.core = WCOREDUMP(status);
	}
	wait.rusage.ru_utime.tv_sec = (time_t)((stat.utime_usec + stat.cutime_usec) / 1000000);
	wait.rusage.ru_utime.tv_usec = (suseconds_t)((stat.utime_usec + stat.cutime_usec) % 1000000);
	wait.rusage.ru_stime.tv_sec = (time_t)((stat.stime_usec + stat.cstime_usec) / 1000000);
	wait.rusage.ru_stime.tv_usec = (suseconds_t)((stat.stime_usec + stat.cstime_usec) % 1000000);
	*ret = wait;
	return 0;
}

/*
 * The tracer has had its time and holds the command still: nobody waits for it any
 * longer.
 */
static void leave_to_tracer(struct ration_run *run)
{
	run->deadline[RUN_DEADLINE_TRACER] = RUN_NEVER;
	on_leader(run);
	if (run->ended)
		return;
	if (read_end(run, &run->end.wait) < 0) {
		run->end.wait = (struct sys_wait) { .exit_code = -1 };
		run->end.lost = true;
	}
	run->unreaped = true;
	leader_ended(run);
}

/* Nobody but the command is reaped by on_leader(), so it is left where it is. */
static void reap_orphans(const struct ration_run *run)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
			return;
		if (info.si_pid == run->pid && !run->ended)
			return;
		(void)waitpid(info.si_pid, NULL, WNOHANG);
	}
}

static void on_child(struct ration_run *run)
{
	struct signalfd_siginfo info;

	while (read(run->child_fd, &info, sizeof(info)) > 0)
		;
	if (run->pid_fd < 0)
		on_leader(run);
	reap_orphans(run);
}

/* In a subreaper: all that is left are dead whom a tracer has, and has had its time for. */
static bool left_to_tracers(const struct ration_run *run)
{
	CLEANUP(proc_list_free) struct proc_list list = { 0 };

	if (!run->unreaped && sys_now_usec() < run->traced_usec)
		return false;
	if (proc_descendants(run->host->proc_fd, getpid(), &list) < 0)
		return false;
	for (size_t i = 0; i < list.n; i++) {
		if (!proc_is_dead(&list.items[i]))
			return false;
	}
	return true;
}

/* 1: no process of the run is left. */
static int empty(struct ration_run *run)
{
	char text[256];
	uint64_t populated;
	siginfo_t info = { .si_pid = 0 };
	int r;

	if (!in_group(run)) {
		reap_orphans(run);
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD)
			return 1;
		return left_to_tracers(run);
	}
	r = cg_read_fd(run->events_fd, text, sizeof(text));
	if (r == -ENODEV)
		return 1;
	if (r < 0)
		return r;
	r = cg_text_key(text, "populated", &populated);
	return r < 0 ? r : populated == 0;
}

/* Is `path`, as /proc tells it, the run's group or one that the command made below it? */
static bool within_group(const struct ration_run *run, const char *path)
{
	char own[2 * RATION_NAME_MAX + 4];
	const char *at = path;
	size_t length;

	(void)snprintf(own, sizeof(own), "/%s", run->receipt.group);
	length = strlen(own);
	while ((at = strstr(at, own)) && at[length] != '\0' && at[length] != '/' && at[length] != ' ')
		at++;
	return at; /* ' ': " (deleted)" follows */
}

/*
 * The group is empty, and the command lives: it has moved itself out, as root and
 * the owner of a delegated tree can. Then no limit holds for it any more, and
 * it is ended. A command that is about to be a zombie has left its group, too, but
 * still shows it.
 */
static void look_for_escape(struct ration_run *run)
{
	char path[PATH_MAX];

	if (run->ended || proc_cgroup(run->host->proc_fd, run->pid, path, sizeof(path)) < 0 ||
			within_group(run, path))
		return;
	(void)snprintf(run->receipt.escaped_to, sizeof(run->receipt.escaped_to), "%.199s", path);
	/* Once it stands it has no more children than can be found. */
	(void)sys_child_stop(run->pid, run->pid_fd, STOP_USEC);
	(void)proc_tree_stop_kill(run->host->proc_fd, run->pid, TREE_KILL_USEC, &(uint64_t){ 0 });
	(void)sys_child_signal(run->pid, run->pid_fd, SIGKILL);
	supervise_end(run, RUN_CAUSE_ESCAPED, SIGKILL, 0);
}

/* Only a read makes the kernel tell of the next change; settle() looks at what it says. */
static void on_group(struct ration_run *run)
{
	char text[256];
	uint64_t populated;
	int r = cg_read_fd(run->events_fd, text, sizeof(text));

	/* Gone. After any other failure it goes on telling. */
	if (r == -ENODEV)
		drop(run, run->events_fd);
	else if (r > 0 && cg_text_key(text, "populated", &populated) == 0 && populated == 0)
		look_for_escape(run);
}

/* Limits that are in force no more as they were written: by the command itself, if it may, or by anybody. */
static void look_for_changes(struct ration_run *run)
{
	for (size_t i = 0; i < run->plan->n; i++) {
		const struct ration_plan_item *item = &run->plan->entry[i].item;
		const struct ration_limit_info *info = ration_limit_info(item->limit);
		struct ration_outcome *outcome = &run->receipt.outcome[limit_index(item->limit)];
		uint64_t value;
		int r = -EOPNOTSUPP;

		if (item->text || info->supervised)
			continue;
		if (item->mechanism == RATION_MECHANISM_CGROUP2)
			r = counters_limit(run->group.fd, info, &value);
		else if (item->mechanism == RATION_MECHANISM_CGROUP1)
			r = counters_limit_v1(v1_fd(&run->group, mech_v1_controller(item->limit)), info, &value);
		if (r < 0 || value == item->in_force)
			continue;
		outcome->changed = true;
		outcome->at_end = value;
	}
}

/* What the kernel said when the command was reaped. Returns its CPU time. */
static uint64_t set_rusage(struct ration_run *run)
{
	struct rusage all, *rusage = &run->end.wait.rusage;
	struct ration_receipt *receipt = &run->receipt;
	uint64_t user, system;

	if (run->end.lost)
		return 0;
	/* Without a group, a subreaper has reaped everybody, and nobody else. */
	if (run->in_subreaper && !in_group(run) && !run->unreaped && getrusage(RUSAGE_CHILDREN, &all) == 0)
		rusage = &all;
	user = (uint64_t)rusage->ru_utime.tv_sec * 1000000 + (uint64_t)rusage->ru_utime.tv_usec;
	system = (uint64_t)rusage->ru_stime.tv_sec * 1000000 + (uint64_t)rusage->ru_stime.tv_usec;
	receipt_set(receipt, RATION_METRIC_CPU_USEC, user + system, RATION_SOURCE_RUSAGE);
	receipt_set(receipt, RATION_METRIC_CPU_USER_USEC, user, RATION_SOURCE_RUSAGE);
	receipt_set(receipt, RATION_METRIC_CPU_SYSTEM_USEC, system, RATION_SOURCE_RUSAGE);
	if (!run->unreaped)
		receipt_set(receipt, RATION_METRIC_MAXRSS_BYTES, (uint64_t)rusage->ru_maxrss * 1024,
				RATION_SOURCE_RUSAGE);
	return user + system;
}

/* A run that was over before the watch had seen anything of it has no peak, rather than one of 0. */
static void set_sampled(struct ration_receipt *receipt, enum ration_metric metric, uint64_t peak)
{
	if (peak > 0)
		receipt_set(receipt, metric, peak, RATION_SOURCE_SAMPLED);
}

static void set_usage(struct ration_run *run)
{
	struct ration_receipt *receipt = &run->receipt;
	uint64_t reaped_usec = set_rusage(run);

	if (run->watch) {
		set_sampled(receipt, RATION_METRIC_MEMORY_PEAK_BYTES, run->sample.memory_peak_bytes);
		set_sampled(receipt, RATION_METRIC_PIDS_PEAK, run->sample.tasks_peak);
		if (!in_group(run) && run->sample.cpu_usec != RATION_UNLIMITED &&
				run->sample.cpu_usec > reaped_usec) {
			receipt_set(receipt, RATION_METRIC_CPU_USEC, run->sample.cpu_usec, RATION_SOURCE_SAMPLED);
			usage_unset(&receipt->usage, RATION_METRIC_CPU_USER_USEC);
			usage_unset(&receipt->usage, RATION_METRIC_CPU_SYSTEM_USEC);
		}
	}
	/* The kernel's own counts, where there are any, replace what was made of less. */
	if (run->group.fd >= 0)
		counters_read_usage(run->group.fd, &receipt->usage);
	counters_read_usage_v1(&run->group, &receipt->usage);
	for (size_t i = 0; i < ARRAY_SIZE(run->output); i++) {
		if (run->output[i].buffer)
			receipt_set(receipt, RATION_METRIC_STDOUT_BYTES + (enum ration_metric)i,
					run->output[i].passed, RATION_SOURCE_CLOCK);
		receipt->truncated |= run->output[i].over;
	}
}

static int finish(struct ration_run *run, struct ration_error *reterr)
{
	struct counters now;
	int r;

	counters_read(&run->group, &now);
	add_oom_events(run, &now);
	set_usage(run);
	receipt_judge(&run->receipt, &run->end, &run->before, &now);
	look_for_changes(run);
	run->over = true;
	r = run_remove_group(run);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_HAS_PROCESSES, "can't remove the group %s: %s",
				run->receipt.group, error_text(r));
	/* Another run may have a group of that name from now on. */
	place_close(&run->group);
	keeper_dismiss(&run->keeper);
	return 1;
}

/* The run's state has changed: is there something to do about it? */
static int settle(struct ration_run *run, struct ration_error *reterr)
{
	int r;

	if (!run->ended)
		return 0;
	r = empty(run);
	if (r < 0)
		return error_set(reterr, -EIO, RATION_CAUSE_UNKNOWN, "can't read cgroup.events: %s", error_text(r));
	if (r == 0) {
		/* Whoever has had a warning keeps the time that it was given. */
		if (!run->options.wait_all && !run->killed && run->deadline[RUN_DEADLINE_KILL] == RUN_NEVER) {
			supervise_kill(run);
			return settle(run, reterr);
		}
		return 0;
	}
	run->deadline[RUN_DEADLINE_KILL] = RUN_NEVER;
	return outputs_done(run) ? finish(run, reterr) : 0;
}

/* --------------------------------------------------------------- the loop */

static void on_timer(struct ration_run *run)
{
	uint64_t now = sys_now_usec(), expirations;

	(void)!read(run->timer_fd, &expirations, sizeof(expirations));
	run->armed_usec = RUN_NEVER;
	/* Of one whom a tracer holds dead, no signal tells. */
	if (now >= run->deadline[RUN_DEADLINE_LEADER]) {
		run->deadline[RUN_DEADLINE_LEADER] = after(now, LEADER_LOOK_USEC);
		on_leader(run);
	}
	if (now >= run->deadline[RUN_DEADLINE_KEEPER])
		renew_keeper(run);
	if (now >= run->deadline[RUN_DEADLINE_TRACER])
		leave_to_tracer(run);
	if (now >= run->deadline[RUN_DEADLINE_KILL])
		supervise_kill(run);
	if (now >= run->deadline[RUN_DEADLINE_WALL]) {
		run->deadline[RUN_DEADLINE_WALL] = RUN_NEVER;
		supervise_end(run, RUN_CAUSE_WALL_TIME, run->options.signal, now - run->start_usec);
	}
	if (now >= run->deadline[RUN_DEADLINE_CPU])
		look_at_cpu(run, now);
	if (now >= run->deadline[RUN_DEADLINE_STALL])
		look_at_stall(run, now);
	if (now >= run->deadline[RUN_DEADLINE_OOM])
		look_for_oom(run, now);
	if (now >= run->deadline[RUN_DEADLINE_WATCH])
		look(run, now);
}

static void handle(struct ration_run *run, const struct epoll_event *event)
{
	switch ((enum event)event->data.u32) {
	case EVENT_LEADER:
		on_leader(run);
		break;
	case EVENT_GROUP:
		on_group(run);
		break;
	case EVENT_TIMER:
		on_timer(run);
		break;
	case EVENT_STALL:
		if (event->events & EPOLLERR)
			drop(run, run->stall_fd); /* the group is gone */
		else
			on_stall(run);
		break;
	case EVENT_CHILD:
		on_child(run);
		break;
	case EVENT_OOM:
		on_oom(run);
		break;
	case EVENT_KEEPER:
		renew_keeper(run);
		break;
	case EVENT_PEER:
		subreaper_hear(run);
		break;
	case EVENT_OUTPUT:
	case EVENT_OUTPUT_LAST:
		on_output(run, event->data.u32 - EVENT_OUTPUT);
		break;
	}
}

static bool tells_of_leader(const struct ration_run *run, const struct epoll_event *event)
{
	return event->data.u32 == EVENT_LEADER || (run->pid_fd < 0 && event->data.u32 == EVENT_CHILD);
}

int supervise_dispatch(struct ration_run *run, struct ration_error *reterr)
{
	struct epoll_event events[8];
	int n, r;

	if (run->over)
		return 1;
	n = epoll_wait(run->epoll_fd, events, (int)ARRAY_SIZE(events), 0);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		if (tells_of_leader(run, &events[i]))
			handle(run, &events[i]);
	}
	for (int i = 0; i < n; i++) {
		if (!tells_of_leader(run, &events[i]))
			handle(run, &events[i]);
	}
	/* Woken, and nothing is there: it was the trigger, perhaps. */
	if (n == 0 && run->stall_fd >= 0)
		on_stall(run);
	r = settle(run, reterr);
	if (r != 0)
		return r;
	return supervise_arm(run, reterr);
}

int supervise_sleep(const struct ration_run *run)
{
	struct pollfd poll_fd = { .fd = run->epoll_fd, .events = POLLIN };

	return poll(&poll_fd, 1, -1) < 0 ? -errno : 0;
}

/* ------------------------------------------------------------- beginning */

static int prepare_group(struct ration_run *run, struct ration_error *reterr)
{
	int r;

	run->events_fd = cg_open_file(run->group.fd, "cgroup.events");
	r = run->events_fd < 0 ? run->events_fd : add(run, run->events_fd, EVENT_GROUP, EPOLLPRI);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_VANISHED, "can't watch cgroup.events of %s: %s",
				run->receipt.group, error_text(r));
	watch_keeper(run);
	return prepare_stall(run, reterr);
}

/* In a subreaper: every child of ours is of the run, but for the keeper. */
static int prepare_subreaper(struct ration_run *run, struct ration_error *reterr)
{
	sigset_t set;
	int r;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	run->child_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	r = run->child_fd < 0 ? -errno : add(run, run->child_fd, EVENT_CHILD, EPOLLIN);
	if (r == 0)
		r = add(run, run->peer_fd, EVENT_PEER, EPOLLIN);
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't wait for children: %s", error_text(r)) : 0;
}

/* Which limits the watch has, and whether it has any. */
static bool watched(struct ration_run *run)
{
	static const enum ration_limit limits[] = { RATION_LIMIT_MEMORY, RATION_LIMIT_PIDS, RATION_LIMIT_CPU_TIME };
	uint64_t value[ARRAY_SIZE(limits)];
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct ration_plan_item *item = plan_held(run->plan, limits[i]);

		value[i] = item && item->mechanism == RATION_MECHANISM_WATCH ? item->in_force : RATION_UNLIMITED;
		any |= value[i] != RATION_UNLIMITED;
	}
	run->sample_limits = (struct sample_limits) {
		.memory_bytes = value[0],
		.tasks = value[1],
		.cpu_usec = value[2] < run->cpu_soft_usec ? value[2] : run->cpu_soft_usec,
	};
	return any || (run->cpu_soft_usec != RATION_UNLIMITED && run->cpu_stat_fd < 0);
}

static int prepare_cpu_and_watch(struct ration_run *run, struct ration_error *reterr)
{
	const struct ration_plan_item *cpu = plan_held(run->plan, RATION_LIMIT_CPU_TIME);
	int r = 0;

	run->cpu_hard_usec = cpu ? cpu->in_force : RATION_UNLIMITED;
	run->cpu_soft_usec = cpu ? cpu->asked_soft : RATION_UNLIMITED;
	if (cpu && in_group(run)) {
		run->cpu_stat_fd = cg_open_file(run->group.fd, "cpu.stat");
		r = run->cpu_stat_fd;
	}
	else if (cpu && v1_fd(&run->group, RATION_CONTROLLER_CPUACCT) >= 0) {
		run->cpu_stat_fd = cg_open_file(v1_fd(&run->group, RATION_CONTROLLER_CPUACCT), "cpuacct.usage");
		r = run->cpu_stat_fd;
		run->end.cpu_by_v1 = true;
	}
	run->end.cpu_by_watch = run->cpu_stat_fd < 0;
	if (r >= 0 && watched(run)) {
		if (run->cpu_stat_fd >= 0)
			run->sample_limits.cpu_usec = RATION_UNLIMITED; /* cpu.stat is exact */
		r = watch_new(run->host->proc_fd, run->group.fd, getpid(), &run->sample_limits, &run->watch);
	}
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't measure the processes: %s", error_text(r))
		     : 0;
}

static int prepare_output(struct ration_run *run, struct ration_error *reterr)
{
	const struct ration_plan_item *limit = plan_held(run->plan, RATION_LIMIT_OUTPUT);
	const int own[3] = { 0, 1, 2 };
	const int *fds = run->options.fds ? run->options.fds : own;

	if (!limit || limit->in_force == RATION_UNLIMITED)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(run->output); i++) {
		struct output *output = &run->output[i];
		int r = output_open(output, fds[i + 1], limit->in_force);

		if (r == 0)
			r = add(run, output->source_fd, EVENT_OUTPUT + (enum event)i, EPOLLIN);
		if (r < 0)
			return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't limit the output on fd %zu: %s",
					i + 1, error_text(r));
	}
	return 0;
}

int supervise_prepare(struct ration_run *run, struct ration_error *reterr)
{
	int r;

	for (size_t i = 0; i < RUN_DEADLINES; i++)
		run->deadline[i] = RUN_NEVER;
	run->traced_usec = RUN_NEVER;
	run->armed_usec = RUN_NEVER;
	run->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	run->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (run->epoll_fd < 0 || run->timer_fd < 0 || add(run, run->timer_fd, EVENT_TIMER, EPOLLIN) < 0)
		return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't make an epoll and a timer: %s",
				error_text(-errno));
	r = in_group(run) ? prepare_group(run, reterr) : 0;
	if (r == 0 && run->in_subreaper)
		r = prepare_subreaper(run, reterr);
	if (r == 0)
		r = prepare_oom(run, reterr);
	if (r == 0)
		r = prepare_cpu_and_watch(run, reterr);
	if (r == 0)
		r = prepare_output(run, reterr);
	return r;
}

int supervise_begin(struct ration_run *run, struct ration_error *reterr)
{
	const struct ration_plan_item *wall = plan_held(run->plan, RATION_LIMIT_TIMEOUT);
	int r = 0;

	/* Edge-triggered: the pidfd of a zombie that a tracer holds is readable all the time. */
	if (run->pid_fd >= 0)
		r = add(run, run->pid_fd, EVENT_LEADER, EPOLLIN | EPOLLET);
	else
		run->deadline[RUN_DEADLINE_LEADER] = after(run->start_usec, LEADER_LOOK_USEC);

	for (size_t i = 0; i < ARRAY_SIZE(run->output); i++)
		run->output[i].child_fd = close_fd(run->output[i].child_fd);
	if (wall)
		run->deadline[RUN_DEADLINE_WALL] = after(run->start_usec, wall->in_force);
	if (run->cpu_stat_fd >= 0)
		look_at_cpu(run, run->start_usec);
	if (run->watch)
		run->deadline[RUN_DEADLINE_WATCH] = run->start_usec;
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't supervise the command: %s", error_text(r));
	return supervise_arm(run, reterr);
}
