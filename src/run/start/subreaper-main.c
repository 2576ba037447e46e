/* SPDX-License-Identifier: MIT */
/*
 * subreaper-main.c - the process that is the subreaper
 *
 * Executed by ration-reaper, or in a fork of the program. It learns of its caller's end by a pidfd
 * and by the end of the socket, whichever comes first. The socket alone isn't enough: a copy of the
 * caller has its other end, too.
 */
#include "run/start/subreaper-main.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "run/contain/containment-cgroup.h"
#include "run/contain/containment-subreaper.h"
#include "run/contain/reaper.h"
#include "run/contain/takeover.h"
#include "run/end.h"
#include "run/keeper/keeper.h"
#include "run/start/make.h"
#include "run/start/order.h"
#include "run/start/report.h"
#include "run/start/start.h"
#include "run/supervise.h"
#include "sys/helper.h"
#include "util/cleanup.h"
#include "util/error.h"

/* How often to check whether the caller lives, if the kernel doesn't report its end. */
#define LOOK_USEC 1000000

/* A process above us: the one that asked for the run, or one of ours between the two. */
struct above {
	struct ration_run *run;
	pid_t pid;
	int pid_fd;                /* -EBADF where the kernel has none */
	bool socket_tells;         /* the socket reports its end, so nothing else need */
	struct loop_source gone;
	struct loop_deadline look;
};

/* ------------------------------------------------------------------ caller */

/* The caller is gone, or doesn't want the run any more: ends it. */
static void end_for_caller(struct ration_run *run)
{
	loop_drop(&run->loop, &run->peer);
	end_run(run, RUN_CAUSE_INTERRUPT, SIGKILL, 0);
	end_kill(run);
}

static void on_peer(void *userdata, bool failed)
{
	struct ration_run *run = userdata;
	struct wish wish;
	ssize_t n = recv(run->peer_fd, &wish, sizeof(wish), MSG_DONTWAIT | MSG_TRUNC);

	(void)failed;
	if (n < 0)
		return;
	if (wish_take(&wish, (size_t)n, &wish) < 0)
		end_for_caller(run);
	else if (wish.kind == WISH_SIGNAL)
		(void)supervisor_here.signal(run, wish.sig, NULL);
	else
		(void)supervisor_here.interrupt(run, wish.sig, wish.delivered, NULL);
}

static void on_gone(void *userdata, bool failed)
{
	struct above *above = userdata;

	(void)failed;
	loop_drop(&above->run->loop, &above->gone);
	end_for_caller(above->run);
}

static void look_for_parent(void *userdata, uint64_t now_usec)
{
	struct above *above = userdata;

	if (getppid() != above->pid)
		end_for_caller(above->run);
	else
		loop_set(&above->run->loop, &above->look, loop_after(now_usec, LOOK_USEC));
}

/* Opens our parent. -ESRCH: it is gone already. */
static int open_above(struct above *above, struct ration_run *run, pid_t pid, bool socket_tells)
{
	*above = (struct above) {
		.run = run,
		.pid = pid,
		.pid_fd = socket_tells ? -EBADF : sys_pidfd_open(pid),
		.socket_tells = socket_tells,
		.gone = LOOP_SOURCE(on_gone, above),
		.look = LOOP_DEADLINE(look_for_parent, above),
	};
	/* The pidfd is our parent's only if it still is our parent now. */
	return getppid() == pid ? 0 : -ESRCH;
}

static int watch_above(struct above *above)
{
	struct loop *loop = &above->run->loop;

	if (above->pid_fd >= 0)
		return loop_add(loop, &above->gone, above->pid_fd, LOOP_READABLE);
	/* With a process between us and the caller, only the socket can report the caller's end. */
	if (getppid() == above->pid && !above->socket_tells)
		loop_set(loop, &above->look, loop_after(sys_now_usec(), LOOK_USEC));
	return 0;
}

/* -------------------------------------------------------------------- start */

/* Without it we'd lose each process that loses its parent, and it would lose its limits. */
static int no_subreaper(int r, struct ration_error *reterr)
{
	(void)error_set(reterr, r, RATION_CAUSE_KERNEL_TOO_OLD, "can't become a child subreaper: %s", error_text(r));
	return error_hint(reterr, r, "it needs Linux 3.4, or gVisor of July 2023");
}

/* With a group, only processes that leave the group need it. */
static int become_subreaper(struct ration_run *run, struct ration_error *reterr)
{
	bool needed = run->containment->ops->kind == RATION_CONTAINMENT_SUBREAPER;

	if (!needed && !run->options.descent)
		return 0;
	run->descent = prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
	return run->descent || !needed ? 0 : no_subreaper(-errno, reterr);
}

/* Finds the caller first; then our parent, if that is another process from now on. -ESRCH. */
static int find_above(struct above above[2], struct ration_run *run, pid_t caller, size_t *ret_n)
{
	pid_t between;
	int r = open_above(&above[0], run, caller, run->socket_tells);

	*ret_n = 1;
	if (r < 0 || !run->guarded)
		return r;
	between = takeover_stay(run, caller);
	if (between < 0)
		return between;
	*ret_n = 2;
	return open_above(&above[1], run, between, false);
}

/* Called in another thread, while this one sleeps. The caller stops waiting for us; we end when the child does. */
static void tell_that_it_hangs(void *userdata)
{
	struct ration_run *run = userdata;
	CLEANUP(freep) struct report *report = calloc(1, sizeof(*report));
	struct spawn spawn = { .argv = run->options.argv, .failed_step = SPAWN_STEP_EXEC };

	if (!report)
		return;
	report->code = command_spawn_error(&spawn, -ETIMEDOUT, &report->error);
	(void)strcpy(report->waiting, "the command to start");
	(void)report_send(run->peer_fd, report, NULL, MSG_DONTWAIT);
}

/* Watches those above and the children, and starts the command. */
static int start_here(struct ration_run *run, struct above above[2], pid_t caller, struct reaper *reaper,
		struct ration_error *reterr)
{
	size_t n = 0;
	int r = find_above(above, run, caller, &n);

	if (r == 0)
		r = loop_open(&run->loop);
	run->peer = LOOP_SOURCE(on_peer, run);
	if (r == 0)
		r = loop_add(&run->loop, &run->peer, run->peer_fd, LOOP_READABLE);
	for (size_t i = 0; i < n && r == 0; i++)
		r = watch_above(&above[i]);
	if (r == 0)
		r = reaper_begin(reaper, &run->loop, &run->leader);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't wait for children: %s", error_text(r));
	run->command->spawn.hangs = tell_that_it_hangs;
	run->command->spawn.hangs_data = run;
	r = become_subreaper(run, reterr);
	return r < 0 ? r : start_run(run, reterr);
}

static int supervise_to_end(struct ration_run *run, struct report *report)
{
	int r;

	for (;;) {
		r = supervisor_here.dispatch(run, &report->error);
		if (r != 0)
			return r;
		if (strcmp(report->waiting, run->waiting) != 0) {
			(void)strcpy(report->waiting, run->waiting);
			report->code = REPORT_WAITING;
			/* Doesn't wait for a caller that doesn't read. */
			(void)report_send(run->peer_fd, report, NULL, MSG_DONTWAIT);
		}
		(void)loop_sleep(&run->loop);
	}
}

void subreaper_main(struct ration_run *run, int peer_fd, pid_t parent)
{
	struct above above[2];
	struct sigaction child = { .sa_handler = SIG_DFL };
	struct report report = { .code = 0 };
	struct reaper reaper = REAPER_NONE;
	int r;

	/* If SIGCHLD were ignored, the command's status would be lost. The command gets the original setting. */
	(void)sigaction(SIGCHLD, &child, NULL);
	(void)prctl(PR_SET_NAME, SUBREAPER_PROGRAM);
	run->peer_fd = peer_fd;
	run->containment->by_pid = true;
	report.code = start_here(run, above, parent, &reaper, &report.error);
	report.pid = run->leader.pid;
	command_close_files(run->command);
	run->tty_fd = close_fd(run->tty_fd);
	(void)setsid();
	if (report_send(peer_fd, &report, NULL, 0) < 0 && report.code == 0)
		end_kill(run);
	if (report.code == 0) {
		r = supervise_to_end(run, &report);
		report.code = r < 0 ? r : 0;
		(void)report_send(peer_fd, &report, report.code == 0 ? &run->receipt : NULL, 0);
		supervisor_here.release(run);
	}
	keeper_end(run->host);
	_exit(0);
}

/* ---------------------------------------------------------------- executed */

/* Rebuilds what command_prepare() made in the caller. */
static int make_command(struct order *order, struct command *command)
{
	command->program = order->program;
	command->spawn = (struct spawn) {
		.path = order->program,
		.argv = order->options.argv,
		.envp = order->options.envp,
		.cgroup_fd = -EBADF,
		.mask = order->host->mask,
		.identity = order->as_user ? &order->identity : NULL,
		.cwd = order->cwd[0] ? order->cwd : NULL,
		.set_umask = order->options.set_umask,
		.umask = (mode_t)order->options.umask,
		.fds = { order->fds[0], order->fds[1], order->fds[2] },
	};
	for (unsigned i = 0; i < 3; i++) {
		if (order->opened & 1u << i)
			command->opened[command->n_opened++] = order->fds[i];
		if (order->cut & 1u << i)
			command->spawn.cut_fds[command->spawn.n_cut++] = order->fds[i];
	}
	if (command_shell_argv(order->program, order->options.argv, &command->with_shell) < 0)
		return -ENOMEM;
	command->spawn.shell_argv = command->with_shell;
	return 0;
}

/* NULL: there is no memory. */
static struct ration_run *make_ordered_run(struct order *order, struct command *command)
{
	struct ration_run *run = make_run(order->host, order->plan, &order->options);
	int r = run ? make_command(order, command) : -ENOMEM;

	if (r == 0)
		r = order->host->base_fd >= 0 ? containment_cgroup_new(run) : containment_subreaper_new(run);
	if (r < 0)
		return NULL;
	run->command = command;
	run->group = order->place;
	run->guarded = order->guarded;
	run->turn = order->turn;
	(void)strcpy(run->receipt.group, order->address);
	(void)strcpy(run->receipt.id, order->id);
	return run;
}

void subreaper_serve(int peer_fd)
{
	struct command command = { .program = NULL };
	struct ration_run *run;
	struct order order;

	if (order_receive(peer_fd, &order) < 0)
		return;
	/* This process is a small program of our own, so forking is cheap from here on. */
	order.host->fork_helpers = true;
	run = make_ordered_run(&order, &command);
	if (run && helper_confirm(peer_fd) == 0)
		subreaper_main(run, peer_fd, order.caller);
}
