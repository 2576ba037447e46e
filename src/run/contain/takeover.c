/* SPDX-License-Identifier: MIT */
/*
 * takeover.c - the process above the supervisor takes over if that dies
 */
#include "run/contain/takeover.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/keeper/keeper-main.h"
#include "run/run.h"
#include "sys/clone.h"
#include "sys/proc/tree-kill.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/compat.h"

/* How long to wait for dying processes before looking at them again. */
#define DYING_MSEC 10

/* How long one search for all of them can take, and the pause between two. */
#define ROUND_USEC 2000000
#define ROUND_PAUSE_MSEC 1000

static bool has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 || errno != ECHILD;
}

bool takeover_adopt(bool *ret_before)
{
	int before = 0;

	if (has_children() || prctl(PR_GET_CHILD_SUBREAPER, &before) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return false;
	*ret_before = before;
	return true;
}

void takeover_disown(void)
{
	(void)prctl(PR_SET_CHILD_SUBREAPER, 0);
}

int takeover_end(int proc_fd, uint64_t deadline_usec)
{
	for (;;) {
		uint64_t now_usec = sys_now_usec();
		int r = now_usec < deadline_usec ?
			proc_tree_stop_kill(proc_fd, getpid(), deadline_usec - now_usec, NULL) : -ETIMEDOUT;

		while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			;
		if (!has_children())
			return 0;
		if (r < 0)
			return r;
		(void)poll(NULL, 0, DYING_MSEC);
	}
}

/* ---------------------------------------------------------------- in between */

/*
 * Signals of the children, and of the parent's end: see sys_wake_with_parent(). Blocked, they stay pending
 * until we wait.
 */
static void block_signals(sigset_t *ret_set)
{
	(void)sigemptyset(ret_set);
	(void)sigaddset(ret_set, SIGCHLD);
	(void)sigaddset(ret_set, SIGCONT);
	(void)sigprocmask(SIG_BLOCK, ret_set, NULL);
}

/*
 * Whether the supervisor was killed. If it has exited, nobody is left to end. It isn't the caller's child, so
 * the kernel doesn't wake it at the caller's end: we do.
 */
static bool wait_for_death(pid_t supervisor, pid_t caller, const sigset_t *set)
{
	int status = 0;

	for (;;) {
		pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED | __WALL);

		if (pid == supervisor && !WIFSTOPPED(status))
			return !WIFEXITED(status);
		/* A stopped supervisor enforces no limit. */
		if (pid == supervisor)
			(void)kill(supervisor, SIGCONT);
		if (pid > 0 || (pid < 0 && errno == EINTR))
			continue;
		if (pid < 0)
			return false;
		if (getppid() != caller)
			(void)kill(supervisor, SIGCONT);
		(void)sigwaitinfo(set, NULL);
	}
}

/* Closes all fds that aren't needed to end the group. */
static void close_others(const struct host_snapshot *host)
{
	int keep[SNAPSHOT_FDS_MAX];

	snapshot_fds(host, keep);
	sys_close_others(keep, ARRAY_SIZE(keep));
}

/*
 * The group first: then nobody in it can fork while we search for processes that have left it. It runs alone,
 * so it goes on until nobody is left: processes that hang in the kernel can take their time.
 */
static void end_run_alone(const struct ration_run *run)
{
	bool grouped = run->host->base_fd >= 0;
	int r;

	do {
		if (grouped)
			keeper_kill_group(&run->group);
		r = takeover_end(run->host->proc_fd, sys_now_usec() + ROUND_USEC);
		if (r == -ETIMEDOUT)
			(void)poll(NULL, 0, ROUND_PAUSE_MSEC);
	} while (r == -ETIMEDOUT);
	while (grouped && !keeper_end_group(&run->group))
		(void)poll(NULL, 0, ROUND_PAUSE_MSEC);
}

pid_t takeover_stay(const struct ration_run *run, pid_t caller)
{
	pid_t own = getpid(), supervisor;
	sigset_t set;

	block_signals(&set);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	supervisor = sys_fork_masked();
	if (supervisor < 0)
		return supervisor;
	if (supervisor == 0) {
		sys_wake_with_parent();
		return own;
	}
	close_others(run->host);
	(void)setsid();
	(void)prctl(PR_SET_NAME, KEEPER_PROGRAM);
	(void)!chdir("/");
	if (wait_for_death(supervisor, caller, &set)) {
		end_run_alone(run);
		_exit(1);
	}
	_exit(0);
}
