/* SPDX-License-Identifier: MIT */
/*
 * subreaper.c - supervision in a process of its own, where there is no cgroup or no pidfd
 *
 * Without a cgroup, only parenthood holds a run together: a child subreaper
 * inherits every orphan below it, so that the run is exactly its descendants.
 * That process can't be the caller: it would inherit the orphans of others, and
 * if it were killed, nobody would know whose they were. So it is a process
 * forked for one run, the subreaper. It starts the command, supervises it with the same code
 * as everywhere, and sends the receipt over a socket. When the socket closes,
 * its caller is gone, and it kills the run.
 *
 * The same process serves where there is a cgroup, but no pidfd (before 5.4, or
 * refused by a filter). Then SIGCHLD tells of the command's end, which the caller
 * can't have, as it is for one place in a program; and a pid is sure to mean the
 * command only in a process where nobody else reaps. It makes the group, and has
 * the keeper beside it; it is no subreaper then, since a group needs none.
 *
 * The command stays in the caller's session and process group, so that a
 * terminal works; the subreaper leaves them, so that a signal to the group, or a
 * hang-up, doesn't end it before its work is done.
 */
#include "run/subreaper.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "run/end.h"
#include "run/keeper.h"
#include "run/reaper.h"
#include "run/start.h"
#include "run/supervise.h"
#include "util/cleanup.h"
#include "util/error.h"

/*
 * How long the caller waits for a subreaper that it has sent home: the kill of a fork
 * bomb of thousands has taken 1.7 s, and a tracer may have a second.
 */
#define GOODBYE_MSEC 5000

/* The caller's wishes. */
struct wish {
	enum { WISH_SIGNAL, WISH_INTERRUPT } kind;
	int sig;
	bool delivered;
};

/* What the subreaper says: once when the command has started, or not, and once at the end. */
struct report {
	int code;
	pid_t pid;
	struct ration_error error;
	struct ration_receipt receipt;
};

static int send_report(int fd, const struct report *report)
{
	ssize_t n;

	do
		n = send(fd, report, sizeof(*report), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int receive_report(int fd, struct report *ret, int flags)
{
	ssize_t n;

	do
		n = recv(fd, ret, sizeof(*ret), flags);
	/* Said once, before what has been sent, where the other end was closed with a wish unread. */
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof(*ret) ? 0 : -EPIPE;
}

/* --------------------------------------------------------- the subreaper */

static void on_peer(void *userdata, bool failed)
{
	struct ration_run *run = userdata;
	struct wish wish;
	ssize_t n = recv(run->peer_fd, &wish, sizeof(wish), MSG_DONTWAIT);

	(void)failed;
	if (n < 0)
		return;
	if (n != (ssize_t)sizeof(wish)) {
		/* The caller is gone, or doesn't want the run any more. */
		loop_drop(&run->loop, &run->peer);
		end_run(run, RUN_CAUSE_INTERRUPT, SIGKILL, 0);
		end_kill(run);
		return;
	}
	if (wish.kind == WISH_SIGNAL)
		(void)supervisor_here.signal(run, wish.sig, NULL);
	else
		(void)supervisor_here.interrupt(run, wish.sig, wish.delivered, NULL);
}

/* A process that loses its parent would be lost to us, too, with all limits that it has. */
static int no_subreaper(int r, struct ration_error *reterr)
{
	(void)error_set(reterr, r, RATION_CAUSE_KERNEL_TOO_OLD, "can't become a child subreaper: %s", error_text(r));
	return error_hint(reterr, r, "there is one in Linux since 3.4, and in gVisor since July 2023");
}

static int supervise_to_end(struct ration_run *run, struct ration_error *reterr)
{
	int r;

	for (;;) {
		r = supervisor_here.dispatch(run, reterr);
		if (r != 0)
			return r;
		(void)loop_sleep(&run->loop);
	}
}

/* In the new process: waits for what the caller and the children do, and starts the command. */
static int start_here(struct ration_run *run, struct reaper *reaper, struct ration_error *reterr)
{
	int r = loop_open(&run->loop);

	run->peer = LOOP_SOURCE(on_peer, run);
	if (r == 0)
		r = loop_add(&run->loop, &run->peer, run->peer_fd, LOOP_READABLE);
	if (r == 0)
		r = reaper_begin(reaper, &run->loop, &run->leader);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't wait for children: %s", error_text(r));
	if (run->containment->ops->kind == RATION_CONTAINMENT_SUBREAPER && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return no_subreaper(-errno, reterr);
	return start_run(run, reterr);
}

static void subreaper_main(struct ration_run *run, int peer_fd)
{
	struct report report = { .code = 0 };
	struct reaper reaper = REAPER_NONE;
	struct sigaction child = { .sa_handler = SIG_DFL };

	/* An ignored SIGCHLD would lose the command's status; the command finds its own again. */
	(void)sigaction(SIGCHLD, &child, NULL);
	(void)prctl(PR_SET_NAME, "ration-reaper");
	run->peer_fd = peer_fd;
	run->containment->by_pid = true;
	report.code = start_here(run, &reaper, &report.error);
	report.pid = run->leader.pid;
	(void)setsid();
	if (send_report(peer_fd, &report) < 0 && report.code == 0)
		end_kill(run);
	if (report.code < 0)
		_exit(0);
	report.code = supervise_to_end(run, &report.error);
	report.receipt = run->receipt;
	(void)send_report(peer_fd, &report);
	supervisor_here.release(run);
	keeper_end(run->host);
	_exit(0);
}

/* ------------------------------------------------------------ the caller */

/*
 * Tells the subreaper to end the run, and reaps it. One that can't end it in time, since a
 * process hangs in the kernel, goes on trying, and is left: a child that ends some time.
 */
static void send_home(int peer_fd, pid_t pid)
{
	uint64_t deadline_usec = sys_now_usec() + GOODBYE_MSEC * 1000;
	pid_t r = 0;

	(void)shutdown(peer_fd, SHUT_WR);
	while (r == 0 && sys_now_usec() < deadline_usec) {
		/* Closed when it ends, unless another thread has forked in a bad moment. */
		struct pollfd poll_fd = { .fd = peer_fd, .events = 0 };

		if (poll(&poll_fd, 1, 10) > 0)
			(void)poll(NULL, 0, 1);
		r = waitpid(pid, NULL, WNOHANG);
	}
}

/* Closes every fd that is neither standard nor in use by the run: they aren't the subreaper's. */
static void close_strangers(const struct ration_run *run, int peer_fd)
{
	int keep[11 + 2 * HOST_V1_MAX] = { 0, 1, 2, -EBADF, -EBADF, -EBADF, peer_fd, run->host->proc_fd,
		run->host->base_fd, run->group.namespace_fd, run->group.tenant_fd };

	for (size_t i = 0; run->options.fds && i < 3; i++)
		keep[3 + i] = run->options.fds[i];
	for (size_t i = 0; i < HOST_V1_MAX; i++) {
		keep[11 + 2 * i] = run->group.v1_fd[i];
		keep[12 + 2 * i] = i < run->host->n_v1 ? run->host->v1[i].fd : -EBADF;
	}
	sys_close_others(keep, ARRAY_SIZE(keep));
}

static int dispatch(struct ration_run *run, struct ration_error *reterr)
{
	struct report report;
	int r;

	if (run->over)
		return 1;
	r = receive_report(run->peer_fd, &report, MSG_DONTWAIT);
	/* As long as it is there, it is told again. */
	if (r == -EAGAIN || r == -ENOMEM)
		return 0;
	if (r < 0)
		return error_set(reterr, -EIO, RATION_CAUSE_UNKNOWN, "the supervisor of the run has died");
	if (report.code < 0) {
		if (reterr)
			*reterr = report.error;
		return report.code;
	}
	run->receipt = report.receipt;
	run->over = true;
	/* The subreaper has removed what the run had in cgroup v1. */
	place_close(&run->group);
	/* A terminal's signal reaches the command and us at once, and the subreaper last of all. */
	if (run->end.cause == RUN_CAUSE_TERMINAL && run->receipt.verdict == RATION_VERDICT_SIGNAL &&
			run->receipt.child_signal == run->end.signal)
		receipt_interrupted(&run->receipt, run->end.signal);
	return 1;
}

static int send_wish(struct ration_run *run, const struct wish *wish, struct ration_error *reterr)
{
	if (run->over || send(run->peer_fd, wish, sizeof(*wish), MSG_NOSIGNAL) >= 0 || errno == EPIPE ||
			errno == ECONNRESET)
		return 0;
	return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't reach the supervisor of the run: %s",
			error_text(-errno));
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

static void release(struct ration_run *run)
{
	uint64_t deadline_usec;

	if (run->subreaper > 0)
		send_home(run->peer_fd, run->subreaper);
	deadline_usec = sys_now_usec() + RELEASE_MSEC * 1000;
	run->subreaper = run->leader.pid = 0;
	loop_close(&run->loop);
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

int subreaper_start(struct ration_run *run, struct ration_error *reterr)
{
	CLEANUP(closep) int ours = -EBADF;
	CLEANUP(closep) int theirs = -EBADF;
	struct report report;
	int pair[2], r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't make a socket: %s", error_text(-errno));
	ours = pair[0];
	theirs = pair[1];
	run->peer = LOOP_SOURCE(NULL, NULL);
	r = loop_add(&run->loop, &run->peer, ours, LOOP_READABLE);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't wait for events: %s", error_text(r));
	pid = sys_fork_masked();
	if (pid < 0)
		return error_set(reterr, pid, RATION_CAUSE_UNKNOWN, "can't fork: %s", error_text(pid));
	if (pid == 0) {
		close_strangers(run, theirs);
		subreaper_main(run, theirs);
	}
	theirs = close_fd(theirs);
	r = receive_report(ours, &report, 0);
	if (r < 0 || report.code < 0) {
		/* One that lives waits for us: without us it kills what it has started. */
		send_home(ours, pid);
		loop_drop(&run->loop, &run->peer);
		if (r < 0)
			return error_set(reterr, -EIO, RATION_CAUSE_UNKNOWN, "the supervisor died at the start");
		if (reterr)
			*reterr = report.error;
		return report.code;
	}
	/* A group is the subreaper's to remove, and the keeper's. */
	if (run->host->base_fd >= 0)
		place_close(&run->group);
	run->supervisor = &supervisor_apart;
	run->subreaper = pid;
	run->leader.pid = report.pid;
	run->peer_fd = TAKE_FD(ours);
	return 0;
}
