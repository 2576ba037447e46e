/* SPDX-License-Identifier: MIT */
/*
 * subreaper.c - supervision in a process of its own, where there is no cgroup or no pidfd
 *
 * Without a cgroup, only parenthood holds a run together: a child subreaper inherits every orphan
 * below it, so the run is exactly its descendants. The caller can't be that process: it would
 * inherit the orphans of others, and if it were killed, nobody could tell whose they were. So each
 * run has a process of its own, the subreaper (subreaper-main.c). It is executed, or forked if the
 * program is small or it can't be executed. It starts the command, supervises it with the same code
 * as everywhere, and sends the receipt over a socket. When its caller is gone, it kills the run.
 *
 * The same process serves where there is a cgroup, but no pidfd (before 5.4, or refused by a
 * filter). Then only SIGCHLD reports the command's end. The caller can't use it, because a program
 * has only one handler for it; and only in a process where nobody else reaps does a pid surely mean
 * the command. The subreaper makes the group, and has a keeper beside it. It isn't a child
 * subreaper then, since a group needs none.
 *
 * It also serves with a group if the caller wants processes that leave the group to be ended
 * (`descent`). Then it is a child subreaper, and the caller is its keeper: as its parent, or with a
 * process of ours between the two (hold/takeover.h).
 *
 * The command stays in the caller's session and process group, so that a terminal works. The
 * subreaper leaves them, so that a signal to the group, or a hang-up, doesn't end it before its
 * work is done.
 */
#include "run/start/subreaper.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "group/shortage.h"
#include "run/contain/takeover.h"
#include "run/keeper/keeper-main.h"
#include "run/keeper/keeper.h"
#include "run/start/order.h"
#include "run/start/report.h"
#include "run/start/subreaper-main.h"
#include "sys/helper.h"
#include "sys/proc/proc.h"
#include "util/cleanup.h"
#include "util/error.h"

/*
 * How long the caller waits for a subreaper that it has told to end: killing a fork bomb of thousands has
 * taken 1.7 s, and a tracer may have a second.
 */
#define GOODBYE_MSEC 5000

/* How long an executed subreaper can take to confirm its order. */
#define ANSWER_MSEC 10000

/* A start takes milliseconds. After this time, again and again, wake a subreaper that was stopped. */
#define WAKE_MSEC 1000

/* ------------------------------------------------------------ the caller */

/* Continues a subreaper that somebody has stopped: while it is stopped, none of its limits is enforced. */
static void wake_if_stopped(pid_t pid, int pid_fd)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG) == 0 && info.si_pid != 0)
		(void)sys_child_signal(pid, pid_fd, SIGCONT);
}

/*
 * Tells the subreaper to end the run, and reaps it. If a process hangs in the kernel, it can't end the run in
 * time; then it keeps trying, and stays a child of ours that ends some time. A stopped one is continued: only
 * it may know which processes have left the group. Returns 0; 1 if somebody has killed it before its work was
 * done, or may have; -ETIMEDOUT: it is still there.
 */
static int send_home(int peer_fd, pid_t pid, int pid_fd)
{
	uint64_t deadline_usec = sys_now_usec() + GOODBYE_MSEC * 1000;
	int status = 0;
	pid_t r = 0;

	(void)shutdown(peer_fd, SHUT_WR);
	while (r == 0 && sys_now_usec() < deadline_usec) {
		/*
		 * Without a pidfd: the socket closes when it ends, unless another thread forked at the wrong
		 * moment.
		 */
		struct pollfd poll_fd = { .fd = pid_fd >= 0 ? pid_fd : peer_fd, .events = pid_fd >= 0 ? POLLIN : 0 };

		if (poll(&poll_fd, 1, 10) > 0 && pid_fd < 0)
			(void)poll(NULL, 0, 1);
		wake_if_stopped(pid, pid_fd);
		r = waitpid(pid, &status, WNOHANG);
	}
	if (r == 0)
		return -ETIMEDOUT;
	/* The program has taken its status, or ignores SIGCHLD. So it may have been killed, and to end again what has ended is harmless. */
	return r < 0 || WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
}

/* One that doesn't continue (it is traced) does nothing any more: kill it, so that we can do its work. */
static int kill_stopped(const struct ration_run *run)
{
	struct proc_stat stat;

	if (proc_stat_read(run->host->proc_fd, run->subreaper, &stat) < 0 || (stat.state != 'T' && stat.state != 't'))
		return -ETIMEDOUT;
	(void)kill(run->subreaper, SIGKILL);
	return send_home(run->peer_fd, run->subreaper, run->subreaper_fd);
}

/* The rest takes longer than we can wait. */
static void leave_to_keeper(const struct ration_run *run)
{
	struct keeper keeper;

	if (keeper_start(&run->group, &keeper) == 0)
		keeper_inherit(&keeper);
}

/*
 * Ends the subreaper. If somebody has killed it, its children are ours now, or those of the process between
 * us. Then ends its group as a keeper would.
 */
static void take_over(struct ration_run *run)
{
	uint64_t deadline_usec;
	int killed = send_home(run->peer_fd, run->subreaper, run->subreaper_fd);

	if (killed == -ETIMEDOUT && run->options.descent)
		killed = kill_stopped(run);
	run->subreaper = run->leader.pid = 0;
	if (killed <= 0 || run->over || !run->options.descent)
		return;
	deadline_usec = sys_now_usec() + RELEASE_MSEC * 1000;
	if (run->host->base_fd >= 0)
		keeper_kill_group(&run->group);
	if (run->adopts)
		(void)takeover_end(run->host->proc_fd, deadline_usec);
	if (run->host->base_fd >= 0 && !keeper_end_group(&run->group))
		leave_to_keeper(run);
}

/* How many fds of a run a subreaper keeps at most, besides those for the command. */
#define KEEP_MAX (10 + SNAPSHOT_FDS_MAX + HOST_V1_MAX)

/*
 * Closes every fd that is neither standard nor the run's: they don't belong to the subreaper. `keep` has room
 * for KEEP_MAX and the fds of the command.
 */
static void close_strangers(const struct ration_run *run, int peer_fd, int *keep)
{
	const int own[] = { 0, 1, 2, peer_fd, run->tty_fd, run->group.namespace_fd, run->group.tenant_fd };
	size_t n = SNAPSHOT_FDS_MAX;

	snapshot_fds(run->host, keep);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		keep[n++] = own[i];
	for (size_t i = 0; i < 3; i++)
		keep[n++] = run->command->spawn.fds[i];
	for (size_t i = 0; i < HOST_V1_MAX; i++)
		keep[n++] = run->group.v1_fd[i];
	for (size_t i = 0; i < run->options.n_pass_fds; i++)
		keep[n++] = run->options.pass_fds[i];
	sys_close_others(keep, n);
}

static bool has_ended(int pid_fd)
{
	struct pollfd poll_fd = { .fd = pid_fd, .events = POLLIN };

	return pid_fd >= 0 && poll(&poll_fd, 1, 0) > 0;
}

/* Only its last report has a receipt, which becomes that of the run. */
static int receive_report(struct ration_run *run, struct report *ret)
{
	struct ration_receipt *receipt = &run->receipt;
	char group[sizeof(receipt->group)], id[sizeof(receipt->id)];
	int r;

	(void)strcpy(group, receipt->group);
	(void)strcpy(id, receipt->id);
	r = report_receive_any(run->peer_fd, ret, receipt, MSG_DONTWAIT);
	if (r == -EPROTO) {
		memset(receipt, 0, sizeof(*receipt));
		(void)strcpy(receipt->group, group);
		(void)strcpy(receipt->id, id);
	}
	return r;
}

static int dispatch(struct ration_run *run, struct ration_error *reterr)
{
	struct report report;
	bool gone;
	int r;

	if (run->over)
		return 1;
	wake_if_stopped(run->subreaper, run->subreaper_fd);
	/* Checked first: once it has ended, all its messages are there. */
	gone = has_ended(run->subreaper_fd);
	r = receive_report(run, &report);
	/* Nothing to read yet, or no memory to read it: the loop wakes us again. */
	if ((r == -EAGAIN && !gone) || r == -ENOMEM)
		return 0;
	if (r < 0) {
		take_over(run);
		return error_set(reterr, -EIO, RATION_CAUSE_UNKNOWN, "the supervisor of the run has died");
	}
	if (report.code < 0) {
		if (reterr)
			*reterr = report.error;
		return report.code;
	}
	if (report.code == REPORT_WAITING) {
		memcpy(run->waiting, report.waiting, sizeof(run->waiting));
		return 0;
	}
	run->over = true;
	/* The subreaper has removed the run's directories in cgroup v1. */
	place_close(&run->group);
	/* A terminal's signal reaches the command and us directly; the subreaper may hear of it too late. */
	if (run->end.cause == RUN_CAUSE_TERMINAL && run->receipt.verdict == RATION_VERDICT_SIGNAL &&
			run->receipt.child_signal == run->end.signal)
		receipt_interrupted(&run->receipt, run->end.signal);
	return 1;
}

static int send_wish(struct ration_run *run, const struct wish *wish, struct ration_error *reterr)
{
	if (run->over)
		return 0;
	if (send(run->peer_fd, wish, sizeof(*wish), MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
		return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't reach the supervisor of the run: %s",
				error_text(-errno));
	/* A stopped subreaper would never read it. */
	if (run->subreaper > 0)
		(void)sys_child_signal(run->subreaper, run->subreaper_fd, SIGCONT);
	return 0;
}

static int forward_signal(struct ration_run *run, int sig, struct ration_error *reterr)
{
	return send_wish(run, &(struct wish) { .kind = WISH_SIGNAL, .sig = sig }, reterr);
}

static int interrupt(struct ration_run *run, int sig, bool delivered, struct ration_error *reterr)
{
	if (delivered && run->end.cause == RUN_CAUSE_NONE) {
		run->end.cause = RUN_CAUSE_TERMINAL;
		run->end.signal = sig;
	}
	return send_wish(run, &(struct wish) { .kind = WISH_INTERRUPT, .sig = sig, .delivered = delivered }, reterr);
}

static void disown(struct ration_run *run)
{
	if (run->adopts && !run->adopted_before)
		takeover_disown();
	precedence_unspare(&run->spared);
	run->adopts = false;
}

static void release(struct ration_run *run)
{
	uint64_t deadline_usec;

	if (run->subreaper > 0)
		take_over(run);
	deadline_usec = sys_now_usec() + RELEASE_MSEC * 1000;
	disown(run);
	loop_close(&run->loop);
	run->subreaper_fd = close_fd(run->subreaper_fd);
	run->peer_fd = close_fd(run->peer_fd);
	if (run->containment)
		run->containment->ops->free(run->containment, deadline_usec);
	run->containment = NULL;
}

static const struct supervisor supervisor_apart = {
	.dispatch = dispatch,
	.signal = forward_signal,
	.interrupt = interrupt,
	.release = release,
};

/* ------------------------------------------------------------------- start */

/* Resolves a path that means another file in another process, such as "/proc/self/exe". NULL: no memory. */
static char *program_from_outside(const char *program)
{
	static const char self[] = "/proc/self/", fds[] = "/dev/fd/";
	char *path = NULL;
	int length = -1;

	if (strncmp(program, self, strlen(self)) == 0)
		length = asprintf(&path, "/proc/%d/%s", (int)getpid(), program + strlen(self));
	else if (strncmp(program, fds, strlen(fds)) == 0)
		length = asprintf(&path, "/proc/%d/fd/%s", (int)getpid(), program + strlen(fds));
	else
		return strdup(program);
	return length < 0 ? NULL : path;
}

/* Which of the command's fds are among these, as bits. */
static unsigned which(const struct spawn *spawn, const int *fds, size_t n)
{
	unsigned bits = 0;

	for (size_t i = 0; i < n; i++) {
		for (unsigned fd = 0; fd < 3; fd++)
			bits |= spawn->fds[fd] == fds[i] ? 1u << fd : 0;
	}
	return bits;
}

static int send_order(const struct ration_run *run, int fd)
{
	const struct spawn *spawn = &run->command->spawn;
	CLEANUP(freep) char *program = program_from_outside(run->command->program);
	struct order order = {
		.host = (struct host_snapshot *)run->host,
		.plan = (struct ration_plan *)run->plan,
		.options = run->options,
		.program = program,
		.cwd = (char *)(spawn->cwd ? spawn->cwd : ""),
		.opened = which(spawn, run->command->opened, run->command->n_opened),
		.cut = which(spawn, spawn->cut_fds, spawn->n_cut),
		.place = run->group,
		.caller = getpid(),
		.guarded = run->guarded,
		.turn = run->turn,
	};

	if (!program)
		return -ENOMEM;
	if (spawn->identity) {
		order.identity = *spawn->identity;
		order.as_user = true;
	}
	order.options.argv = spawn->argv;
	order.options.envp = spawn->envp;
	memcpy(order.fds, spawn->fds, sizeof(order.fds));
	(void)strcpy(order.address, run->receipt.group);
	(void)strcpy(order.id, run->receipt.id);
	return order_send(fd, &order);
}

static int execute(const struct ration_run *run, struct helper *ret)
{
	const struct host_snapshot *host = run->host;
	char path[PATH_MAX + sizeof("/" SUBREAPER_PROGRAM)], name[] = SUBREAPER_PROGRAM;
	/* The namespace is for those who read ps. */
	char *argv[] = { name, (char *)host->nspace, NULL };
	struct helper helper = HELPER_NONE;
	int r;

	/* More fds for the command keep their numbers, which may be taken in another process. */
	if (host->fork_helpers || !host->helpers[0] || run->options.n_pass_fds > 0 || run->tty_fd >= 0)
		return -ENOENT;
	(void)snprintf(path, sizeof(path), "%s/" SUBREAPER_PROGRAM, host->helpers);
	r = helper_exec(path, argv, &helper);
	if (r == 0)
		r = send_order(run, helper.fd);
	if (r == 0)
		r = helper_confirmed(helper.fd, ANSWER_MSEC);
	if (r < 0)
		helper_kill(&helper);
	else
		*ret = helper;
	return r;
}

struct forked {
	struct ration_run *run;
	pid_t parent;
	int *keep; /* room for close_strangers() */
};

static void forked_main(int fd, void *data)
{
	const struct forked *forked = data;

	close_strangers(forked->run, fd, forked->keep);
	/* A small program has no copies of itself, and saves files. */
	forked->run->socket_tells = forked->run->host->fork_helpers;
	subreaper_main(forked->run, fd, forked->parent);
}

/* If ration-reaper can't be executed, for whatever reason, fork. That works as well, but costs more. */
static int start_process(struct ration_run *run, struct helper *ret, struct ration_error *reterr)
{
	CLEANUP(freep) int *keep = calloc(KEEP_MAX + run->options.n_pass_fds, sizeof(*keep));
	struct forked forked = { run, getpid(), keep };
	int r;

	if (!keep)
		return error_oom(reterr);
	r = execute(run, ret);
	if (r < 0)
		r = helper_fork(forked_main, &forked, ret);
	return r < 0 ? shortage_fork_error(run->host, "start a supervisor", r, reterr) : 0;
}

/*
 * Only we can wake one that was stopped at its start. A traced clone(2) starts anew at each signal: so it isn't woken
 * more often, however often a handler of the program interrupts us.
 */
static void wait_for_report(const struct helper *helper)
{
	struct pollfd poll_fd = { .fd = helper->fd, .events = POLLIN };
	uint64_t wake_usec = sys_now_usec() + WAKE_MSEC * 1000;
	int r;

	while ((r = poll(&poll_fd, 1, WAKE_MSEC)) == 0 || (r < 0 && errno == EINTR)) {
		if (sys_now_usec() < wake_usec)
			continue;
		wake_if_stopped(helper->pid, helper->pid_fd);
		wake_usec = sys_now_usec() + WAKE_MSEC * 1000;
	}
}

/* Waits for the command to have started. */
static int hear_of_start(struct ration_run *run, struct helper *helper, struct ration_error *reterr)
{
	struct report report;
	int r = loop_add(&run->loop, &run->peer, helper->fd, LOOP_READABLE);

	/* A child that isn't the command yet also has the other end of the socket. */
	if (r == 0 && helper->pid_fd >= 0)
		r = loop_add(&run->loop, &run->peer_gone, helper->pid_fd, LOOP_READABLE);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't wait for events: %s", error_text(r));
	wait_for_report(helper);
	r = report_receive(helper->fd, &report, 0);
	/* Without a pid nobody could be signalled. */
	if (r == 0 && (report.code > 0 || (report.code == 0 && report.pid == 0)))
		r = -EPROTO;
	if (r < 0)
		return error_set(reterr, -EIO, RATION_CAUSE_UNKNOWN, "the supervisor died at the start");
	if (report.code < 0 && reterr)
		*reterr = report.error;
	if (report.code == 0)
		run->leader.pid = report.pid;
	/* It ends when what it waits for ends; nobody needs to wait for it. */
	if (report.code < 0 && report.waiting[0])
		helper->pid = 0;
	return report.code;
}

int subreaper_start(struct ration_run *run, struct ration_error *reterr)
{
	struct helper helper = HELPER_NONE;
	int r;

	run->adopts = run->options.descent && takeover_adopt(&run->adopted_before);
	run->guarded = run->options.descent && !run->adopts;
	r = start_process(run, &helper, reterr);
	if (r < 0) {
		disown(run);
		return r;
	}
	/* dispatch() checks both, whichever woke it. */
	run->peer = run->peer_gone = LOOP_SOURCE(NULL, NULL);
	r = hear_of_start(run, &helper, reterr);
	run->subreaper = helper.pid;
	run->peer_fd = TAKE_FD(helper.fd);
	run->subreaper_fd = TAKE_FD(helper.pid_fd);
	helper_forget(&helper);
	run->supervisor = &supervisor_apart;
	if (r < 0) {
		/* A live one waits for us: when we leave, it kills what it has started. */
		supervisor_apart.release(run);
		return r;
	}
	/* The group is removed by the subreaper, or by the keeper. */
	if (run->host->base_fd >= 0)
		place_close(&run->group);
	/* Nothing limits the memory of the processes below us. The command runs already and doesn't inherit this. */
	else if (run->adopts)
		precedence_spare(&run->spared);
	return 0;
}
