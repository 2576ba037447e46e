/* SPDX-License-Identifier: MIT */
/*
 * run.c - one command under limits: apply, start, and what a caller may do with it
 *
 * The order of a start is the order in which it can be taken back:
 *
 *   1. the plan is checked, the program is found: nothing has been touched
 *   2. the nodes above the group are there
 *   3. the keeper that sleeps beside us is told the group's name
 *   4. the group is made, its limits are written, its events are watched
 *   5. the baseline of the counters is read
 *   6. the command is born inside
 */
#include "run/run.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "group/apply.h"
#include "group/command.h"
#include "group/gc.h"
#include "group/leaf.h"
#include "group/protect.h"
#include "group/record.h"
#include "host/prepare.h"
#include "group/cgroup1.h"
#include "sys/cgroup.h"
#include "sys/kill.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/size.h"

extern char **environ;

/* Groups of the tenant that a start looks at for dead owners: a few, since others do so, too. */
#define SWEEP_MAX 8

/* How long a run that is given up waits for its dead to be gone; after that it is the keeper's. */
#define RELEASE_MSEC 2000

/* A command that has had its SIGKILL and is still there gets another. */
#define RETRY_MSEC 100

/* How long a tracer may hold it dead, and how often that is looked at. */
#define TRACER_MSEC 1000
#define TRACER_RETRY_MSEC 10

/* --------------------------------------------------------------- options */

static int read_options(const struct ration_run_options *given, struct ration_run_options *options,
		struct ration_error *reterr)
{
	int r = TAKE_OPTIONS(struct ration_run_options, options, given, reterr);

	if (r < 0)
		return r;
	if (!options->argv || !options->argv[0])
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "there is no command to run");
	if (options->signal < 0 || options->signal >= NSIG)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%d isn't a signal", options->signal);
	return 0;
}

static void take_options(struct ration_run *run, const struct ration_run_options *options)
{
	run->options = *options;
	if (run->options.signal == 0)
		run->options.signal = SIGTERM;
	run->lifted_kill = options->kill_after_usec == RATION_UNLIMITED;
	if (options->kill_after_usec == 0)
		run->options.kill_after_usec = RATION_KILL_AFTER_USEC;
}

/* --------------------------------------------------------------- command */

static int start_command(struct ration_run *run, struct ration_error *reterr)
{
	CLEANUP(freep) char **with_shell = NULL;
	struct spawn spawn = {
		.path = run->program,
		.argv = run->options.argv,
		.envp = run->options.envp ? run->options.envp : environ,
		.cgroup_fd = run->group.fd,
		.mask = run->host->mask,
		/* With a group, the keeper ends it. */
		.die_with_parent = run->in_subreaper && run->group.fd < 0,
	};
	int r = command_shell_argv(run->program, spawn.argv, &with_shell);

	if (r < 0)
		return error_oom(reterr);
	spawn.shell_argv = with_shell;
	for (int i = 0; i < 3; i++)
		spawn.fds[i] = run->options.fds ? run->options.fds[i] : i;
	for (int i = 0; i < 2; i++) {
		if (run->output[i].child_fd >= 0)
			spawn.fds[i + 1] = run->output[i].child_fd;
	}
	r = apply_child(run->plan, &run->host->facts, &spawn, reterr);
	if (r == 0)
		r = v1_open_joins(&run->group, &spawn, reterr);
	if (r == 0) {
		run->start_usec = sys_now_usec();
		r = spawn_start(&spawn, &run->pid, &run->pid_fd, &run->receipt.birth);
		if (r < 0)
			(void)command_spawn_error(&spawn, r, reterr);
		else if (run->pid_fd < 0 && !run->in_subreaper)
			r = error_set(reterr, -ENOSYS, RATION_CAUSE_KERNEL_TOO_OLD,
					"can't supervise the command: there is no pidfd of it");
	}
	v1_close_joins(&spawn);
	return r;
}

/* ----------------------------------------------------------------- start */

static int launch(struct ration_run *run, struct ration_error *reterr)
{
	int r = supervise_prepare(run, reterr);

	if (r < 0)
		return r;
	counters_read(&run->group, &run->before);
	r = start_command(run, reterr);
	if (r < 0)
		return r;
	r = supervise_begin(run, reterr);
	if (r < 0)
		supervise_kill(run);
	return r;
}

/* Waits a little for the command's end. True: it is dead, and if it can't be reaped, a tracer has it. */
static bool wait_for_death(const struct ration_run *run)
{
	struct pollfd poll_fd = { .fd = run->pid_fd, .events = POLLIN };

	if (run->pid_fd >= 0)
		return poll(&poll_fd, 1, RETRY_MSEC) != 0;
	(void)poll(NULL, 0, TRACER_RETRY_MSEC);
	return supervise_is_dead(run);
}

/* The command of a run that is given up has had its SIGKILL: reaps it. */
static void reap_command(struct ration_run *run)
{
	struct sys_wait ignored;

	/*
	 * It ends, or hangs in the kernel, and then so do we. Not by dispatch: that
	 * the command can't be supervised may be why we are here. One that is dead and
	 * not to be had is left to its tracer, after a while.
	 */
	for (int held = 0; sys_reap(run->pid, run->pid_fd, &ignored) == 0 && held < TRACER_MSEC;) {
		if (!wait_for_death(run)) {
			(void)sys_child_signal(run->pid, run->pid_fd, SIGKILL);
		} else {
			(void)poll(NULL, 0, TRACER_RETRY_MSEC);
			held += TRACER_RETRY_MSEC;
		}
	}
}

int run_remove_group(struct ration_run *run)
{
	int r = leaf_remove(&run->group);

	/* The group's share is nobody's now. What is left of it after a failure, the next run takes away. */
	if (r == 0)
		(void)protect_nodes(run->plan, &run->group, NULL);
	return r;
}

/* Kills and reaps what runs, waits for the group to be empty, removes it. */
void run_release(struct ration_run *run)
{
	if (run->subreaper > 0)
		subreaper_free(run);
	if (!run->over && (run->group.fd >= 0 || run->in_subreaper))
		supervise_kill(run);
	if (run->pid > 0 && !run->ended)
		reap_command(run);
	else if (run->unreaped)
		(void)sys_reap(run->pid, run->pid_fd, &(struct sys_wait) { 0 });
	/* Of a run that came to its end there is none any more. */
	if (run->group.fd >= 0)
		(void)cg_end(run->group.fd, RELEASE_MSEC);
	else if (v1_members_fd(&run->group) >= 0)
		(void)cg_end(v1_members_fd(&run->group), RELEASE_MSEC);
	if (run_remove_group(run) == 0)
		keeper_dismiss(&run->keeper);
	else
		keeper_inherit(&run->keeper);
	place_close(&run->group);
	for (size_t i = 0; i < ARRAY_SIZE(run->output); i++)
		output_close(&run->output[i]);
	run->watch = watch_free(run->watch);
	run->pid_fd = close_fd(run->pid_fd);
	run->epoll_fd = close_fd(run->epoll_fd);
	run->timer_fd = close_fd(run->timer_fd);
	run->events_fd = close_fd(run->events_fd);
	run->cpu_stat_fd = close_fd(run->cpu_stat_fd);
	run->stall_fd = close_fd(run->stall_fd);
	run->child_fd = close_fd(run->child_fd);
	run->oom_fd = close_fd(run->oom_fd);
	run->oom_above_fd = close_fd(run->oom_above_fd);
}

static int make_and_launch(struct ration_run *run, struct ration_error *reterr)
{
	uint32_t wanted = apply_controllers(run->plan, &run->host->facts);
	int r;

	gc_sweep(&run->group, SWEEP_MAX);
	r = keeper_start(&run->group, &run->keeper);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't start a keeper: %s", error_text(r));
	r = leaf_create(&run->group, wanted, reterr);
	if (r == 0)
		r = v1_make(&run->group, apply_v1_controllers(run->plan, &run->host->facts), reterr);
	if (r == 0)
		r = apply_group(run->plan, &run->group, !run->options.no_oom_group, reterr);
	if (r == 0)
		r = protect_nodes(run->plan, &run->group, reterr);
	if (r < 0)
		return r;
	record_argv(run->group.fd, run->options.argv);
	(void)record_limits(run->group.fd, run->plan);
	return launch(run, reterr);
}

/* Whatever failed first where somebody else has removed the group meanwhile: that is why. */
static void explain(const struct ration_run *run, int code, struct ration_error *reterr)
{
	if (!reterr || reterr->cause == RATION_CAUSE_COMMAND || run->group.fd < 0 || leaf_alive(run->group.fd))
		return;
	(void)error_set(reterr, code, RATION_CAUSE_VANISHED, "the group %s/%s was removed before the command ran in it",
			run->group.tenant, run->group.name);
	(void)error_hint(reterr, code, "somebody has removed it, by ration rm perhaps; try again");
}

static int start_in_group(struct ration_run *run, struct ration_error *reterr)
{
	int r = make_and_launch(run, reterr);

	if (r < 0)
		explain(run, r, reterr);
	return r;
}

int run_launch(struct ration_run *run, struct ration_error *reterr)
{
	int r = run->host->base_fd >= 0 ? start_in_group(run, reterr) : launch(run, reterr);

	if (r < 0)
		run_release(run);
	return r;
}

/* The caller makes the directories in cgroup v1, and the subreaper has them: each can remove them without the other. */
static int start_without_group(struct ration_run *run, struct ration_error *reterr)
{
	if (!run->host->facts.proc_foreign) {
		int r;

		gc_sweep(&run->group, SWEEP_MAX);
		r = v1_make(&run->group, apply_v1_controllers(run->plan, &run->host->facts), reterr);
		if (r == 0)
			r = apply_group(run->plan, &run->group, !run->options.no_oom_group, reterr);
		return r < 0 ? r : subreaper_start(run, reterr);
	}
	/* Neither a group nor /proc says who belongs to the run: nobody could end it whole. */
	(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NOT_ENFORCEABLE,
			"there is no cgroup to be had here, and /proc is of another pid namespace");
	return error_hint(reterr, -EOPNOTSUPP, "mount /proc of this pid namespace: unshare --mount-proc");
}

static int start(struct ration_run *run, struct ration_error *reterr)
{
	bool grouped = run->host->base_fd >= 0;

	run->receipt.containment = grouped ? RATION_CONTAINMENT_CGROUP : RATION_CONTAINMENT_SUBREAPER;
	if (!grouped)
		return start_without_group(run, reterr);
	if (run->host->facts.features & RATION_FEATURE_PIDFD)
		return start_in_group(run, reterr);
	/* By pid, nobody but its parent can know the command; and that must have no other children. */
	return subreaper_start(run, reterr);
}

static struct ration_run *run_new(const struct host_snapshot *host, const struct ration_plan *plan,
		const struct ration_run_options *options)
{
	struct ration_run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->host = host;
	run->plan = plan;
	run->group = PLACE_NONE;
	run->keeper = KEEPER_NONE;
	run->peer_fd = run->pid_fd = run->epoll_fd = run->timer_fd = run->events_fd = -EBADF;
	run->cpu_stat_fd = run->stall_fd = run->child_fd = -EBADF;
	run->oom_fd = run->oom_above_fd = -EBADF;
	run->output[0] = run->output[1] = OUTPUT_NONE;
	run->end.wait.exit_code = -1;
	run->end.preserve_status = options->preserve_status;
	take_options(run, options);
	return run;
}

int ration_run_start(const struct ration_host *handle, const struct ration_plan *plan,
		const struct ration_run_options *given, struct ration_run **ret_run, struct ration_error *reterr)
{
	struct ration_run_options options;
	const struct host_snapshot *host;
	struct ration_run *run;
	int r = read_options(given, &options, reterr);

	if (r == 0)
		r = plan_check_purpose(plan, RATION_PURPOSE_RUN, reterr);
	if (r == 0)
		r = host_need(handle, RATION_PURPOSE_RUN, &host, reterr);
	if (r < 0)
		return r;
	run = run_new(host, plan, &options);
	if (!run)
		return error_oom(reterr);
	/* Found before anything is made: most commands that can't be executed are known now. */
	r = spawn_resolve(options.argv[0], &run->program);
	if (r < 0)
		r = command_error(options.argv[0], r, reterr);
	else
		r = leaf_prepare(host, options.tenant, options.name, apply_controllers(plan, &host->facts),
				&run->group, reterr);
	if (r == 0) {
		(void)snprintf(run->receipt.group, sizeof(run->receipt.group), "%s/%s", run->group.tenant,
				run->group.name);
		r = start(run, reterr);
	}
	if (r < 0) {
		(void)ration_run_free(run);
		return r;
	}
	*ret_run = run;
	return 0;
}

struct ration_run *ration_run_free(struct ration_run *run)
{
	if (run) {
		run_release(run);
		free(run->program);
		free(run);
	}
	return NULL;
}

/* ------------------------------------------------------------ a run's life */

int ration_run_fd(const struct ration_run *run)
{
	return run->epoll_fd;
}

int ration_run_pid(const struct ration_run *run)
{
	return (int)run->pid;
}

const char *ration_run_address(const struct ration_run *run)
{
	return run->receipt.group;
}

int ration_run_dispatch(struct ration_run *run, struct ration_error *reterr)
{
	return run->subreaper > 0 ? subreaper_dispatch(run, reterr) : supervise_dispatch(run, reterr);
}

int ration_run_wait(struct ration_run *run, struct ration_error *reterr)
{
	for (;;) {
		int r = ration_run_dispatch(run, reterr);

		if (r != 0)
			return r < 0 ? r : 0;
		r = supervise_sleep(run);
		if (r < 0)
			return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "waiting was interrupted");
	}
}

static int check_signal(int sig, struct ration_error *reterr)
{
	if (sig <= 0 || sig >= NSIG)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%d isn't a signal", sig);
	return 0;
}

int ration_run_signal(struct ration_run *run, int sig, struct ration_error *reterr)
{
	int r = check_signal(sig, reterr);

	if (r < 0)
		return r;
	if (run->subreaper > 0)
		return subreaper_signal(run, sig, reterr);
	if (run->ended)
		return 0;
	r = sys_child_signal(run->pid, run->pid_fd, sig);
	if (r < 0 && r != -ESRCH)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't send signal %d to the command: %s", sig,
				error_text(r));
	return 0;
}

int ration_run_interrupt(struct ration_run *run, int sig, bool delivered, struct ration_error *reterr)
{
	int r = check_signal(sig, reterr);

	if (r < 0)
		return r;
	if (run->subreaper > 0)
		return subreaper_interrupt(run, sig, delivered, reterr);
	if (run->over)
		return 0;
	if (!delivered) {
		supervise_end(run, RUN_CAUSE_INTERRUPT, sig, 0);
		return supervise_arm(run, reterr);
	}
	if (run->end.cause == RUN_CAUSE_NONE && !run->ended) {
		run->end.cause = RUN_CAUSE_TERMINAL;
		run->end.signal = sig;
	}
	return 0;
}

const struct ration_receipt *ration_run_receipt(const struct ration_run *run)
{
	return run->over ? &run->receipt : NULL;
}
