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
#include "run/run.h"

#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "util/cleanup.h"
#include "util/error.h"

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

void subreaper_hear(struct ration_run *run)
{
	struct ration_error error;
	struct wish wish;
	ssize_t n = recv(run->peer_fd, &wish, sizeof(wish), MSG_DONTWAIT);

	if (n < 0)
		return;
	if (n != (ssize_t)sizeof(wish)) {
		/* The caller is gone, or doesn't want the run any more. */
		(void)epoll_ctl(run->epoll_fd, EPOLL_CTL_DEL, run->peer_fd, NULL);
		supervise_end(run, RUN_CAUSE_INTERRUPT, SIGKILL, 0);
		supervise_kill(run);
		return;
	}
	if (wish.kind == WISH_SIGNAL)
		(void)!ration_run_signal(run, wish.sig, &error);
	else
		(void)!ration_run_interrupt(run, wish.sig, wish.delivered, &error);
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
		r = supervise_dispatch(run, reterr);
		if (r != 0)
			return r;
		(void)supervise_sleep(run);
	}
}

static void subreaper_main(struct ration_run *run, int peer_fd)
{
	struct report report = { .code = 0 };
	struct sigaction child = { .sa_handler = SIG_DFL };

	/* An ignored SIGCHLD would lose the command's status; the command finds its own again. */
	(void)sigaction(SIGCHLD, &child, NULL);
	(void)prctl(PR_SET_NAME, "ration-reaper");
	run->in_subreaper = true;
	run->subreaper = 0;
	run->peer_fd = peer_fd;
	if (run->host->base_fd < 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		report.code = no_subreaper(-errno, &report.error);
	else
		report.code = run_launch(run, &report.error);
	report.pid = run->pid;
	(void)setsid();
	if (send_report(peer_fd, &report) < 0)
		supervise_kill(run);
	if (report.code < 0)
		_exit(0);
	report.code = supervise_to_end(run, &report.error);
	report.receipt = run->receipt;
	(void)send_report(peer_fd, &report);
	run_release(run);
	keeper_end(run->host);
	_exit(0);
}

/* ------------------------------------------------------------ the caller */

static void reap(pid_t pid)
{
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
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

int subreaper_start(struct ration_run *run, struct ration_error *reterr)
{
	CLEANUP(closep) int ours = -EBADF;
	CLEANUP(closep) int theirs = -EBADF;
	struct epoll_event wanted = { .events = EPOLLIN };
	struct report report;
	int pair[2], r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't make a socket: %s", error_text(-errno));
	ours = pair[0];
	theirs = pair[1];
	run->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (run->epoll_fd < 0 || epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, ours, &wanted) < 0)
		return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't make an epoll: %s", error_text(-errno));
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
		ours = close_fd(ours);
		reap(pid);
		if (r < 0)
			return error_set(reterr, -EIO, RATION_CAUSE_UNKNOWN, "the supervisor died at the start");
		if (reterr)
			*reterr = report.error;
		return report.code;
	}
	/* A group is the subreaper's to remove, and the keeper's. */
	if (run->host->base_fd >= 0)
		place_close(&run->group);
	run->subreaper = pid;
	run->pid = report.pid;
	run->peer_fd = TAKE_FD(ours);
	return 0;
}

int subreaper_dispatch(struct ration_run *run, struct ration_error *reterr)
{
	struct report report;
	int r;

	if (run->over)
		return 1;
	r = receive_report(run->peer_fd, &report, MSG_DONTWAIT);
	if (r == -EAGAIN)
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

int subreaper_signal(struct ration_run *run, int sig, struct ration_error *reterr)
{
	return send_wish(run, &(struct wish) { .kind = WISH_SIGNAL, .sig = sig }, reterr);
}

int subreaper_interrupt(struct ration_run *run, int sig, bool delivered, struct ration_error *reterr)
{
	if (delivered && run->end.cause == RUN_CAUSE_NONE) {
		run->end.cause = RUN_CAUSE_TERMINAL;
		run->end.signal = sig;
	}
	return send_wish(run, &(struct wish) { .kind = WISH_INTERRUPT, .sig = sig, .delivered = delivered }, reterr);
}

void subreaper_free(struct ration_run *run)
{
	run->peer_fd = close_fd(run->peer_fd);
	reap(run->subreaper);
	run->subreaper = run->pid = 0;
}
