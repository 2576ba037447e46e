/* SPDX-License-Identifier: MIT */
/*
 * spawn-child.c - what a child does until it is the command: the same on every system
 */
#include "sys/spawn/spawn.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sys/spawn/inherit.h"
#include "sys/spawn/terminal.h"
#include "sys/syscalls.h"
#include "sys/within.h"
#include "util/cleanup.h"
#include "util/compat.h"

/* How often to look whether a child that is another user is stopped, and whether its time is over. */
#define LOOK_MSEC 50

static int executable(const char *cwd, const char *path, bool near)
{
	char from_cwd[PATH_MAX];
	struct stat st;
	int r;

	if (cwd && path[0] != '/') {
		if (snprintf(from_cwd, sizeof(from_cwd), "%s/%s", cwd, path) >= (int)sizeof(from_cwd))
			return -ENAMETOOLONG;
		path = from_cwd;
	}
	r = near ? sys_near(path) : 0;
	if (r < 0)
		return r;
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return sys_access(AT_FDCWD, path, X_OK);
}

/*
 * As execvp(3): any other error doesn't mean that the program is missing in that folder of PATH, and ends the
 * search.
 */
static bool goes_on(int r)
{
	static const int answers[] = { -ENOENT, -ENOTDIR, -EACCES, -EPERM, -ELOOP, -ENAMETOOLONG, -ESTALE, -ENODEV,
		-ENOTCONN, -ETIMEDOUT };

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		if (r == answers[i])
			return true;
	}
	return false;
}

static int find_path(const char *cwd, const char *path, bool near, char ret_path[PATH_MAX])
{
	int r = strlen(path) < PATH_MAX ? executable(cwd, path, near) : -ENAMETOOLONG;

	if (r == 0)
		(void)strcpy(ret_path, path);
	return r;
}

int spawn_find(const char *cwd, const char *argv0, bool near, char ret_path[PATH_MAX])
{
	const char *search = getenv("PATH");
	int worst = -ENOENT;

	if (argv0[0] == '\0')
		return -ENOENT;
	if (strchr(argv0, '/'))
		return find_path(cwd, argv0, near, ret_path);
	if (!search)
		search = "/usr/local/bin:/usr/bin:/bin";
	for (const char *at = search;; at++) {
		size_t length = strcspn(at, ":");
		int n = snprintf(ret_path, PATH_MAX, "%.*s%s%s", (int)length, at, length ? "/" : "", argv0);
		int r = n >= PATH_MAX ? -ENAMETOOLONG : executable(cwd, ret_path, near);

		if (r == 0 || !goes_on(r))
			return r;
		/* But remember that something was there. */
		if (n >= PATH_MAX)
			worst = r;
		else if (r == -EACCES)
			worst = -EACCES;
		at += length;
		if (*at == '\0')
			return worst;
	}
}

int spawn_await(pid_t pid, int fd, uint64_t within_usec)
{
	uint64_t deadline_usec = sys_now_usec() + (within_usec ? within_usec : SPAWN_WITHIN_USEC);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	while (poll(&poll_fd, 1, LOOK_MSEC) <= 0) {
		siginfo_t info = { .si_pid = 0 };
		bool stopped = waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;

		if (!stopped && sys_now_usec() < deadline_usec)
			continue;
		(void)kill(pid, SIGKILL);
		return stopped ? -EINTR : -ETIMEDOUT;
	}
	return 0;
}

/* Puts `fds` at 0, 1, 2, whichever of those numbers they have now; /dev/null where there is none. */
static int place_fds(const int fds[3])
{
	int from[3];

	for (int i = 0; i < 3; i++) {
		from[i] = fds[i] >= 0 ? fds[i] : open("/dev/null", O_RDWR | O_CLOEXEC);
		if (from[i] < 0)
			return -errno;
		/* One that another would overwrite moves out of the way first. */
		if (from[i] < i) {
			from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 3);
			if (from[i] < 0)
				return -errno;
		}
	}
	for (int i = 0; i < 3; i++) {
		if (from[i] == i) {
			if (fcntl(i, F_SETFD, 0) < 0)
				return -errno;
		} else if (dup2(from[i], i) < 0) {
			return -errno;
		}
	}
	return 0;
}

/* Clears close-on-exec of the fds that are passed to the command. */
static int pass_fds(struct spawn *spawn)
{
	for (size_t i = 0; i < spawn->n_pass_fds; i++) {
		if (fcntl(spawn->pass_fds[i], F_SETFD, 0) < 0) {
			spawn->failed_index = (int)i;
			return -errno;
		}
	}
	return 0;
}

static int set_rlimits(struct spawn *spawn)
{
	for (size_t i = 0; i < spawn->n_rlimits; i++) {
		const struct spawn_rlimit *r = &spawn->rlimits[i];
		struct rlimit value = {
			.rlim_cur = r->soft == RATION_UNLIMITED ? RLIM_INFINITY : (rlim_t)r->soft,
			.rlim_max = r->hard == RATION_UNLIMITED ? RLIM_INFINITY : (rlim_t)r->hard,
		};

		if (setrlimit((rlimit_resource)r->resource, &value) < 0) {
			spawn->failed_index = (int)i;
			return -errno;
		}
	}
	return 0;
}

/*
 * The kernel resets handlers at exec, but until then they would run in memory
 * that is the parent's. What was ignored stays ignored: nohup(1) works.
 */
void spawn_reset_handlers(void)
{
	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction action;

		if (sigaction(sig, NULL, &action) < 0 || action.sa_handler == SIG_IGN ||
				action.sa_handler == SIG_DFL)
			continue;
		action.sa_handler = SIG_DFL;
		action.sa_flags = 0;
		(void)sigaction(sig, &action, NULL);
	}
}

int spawn_child_fail(struct spawn *spawn, enum spawn_step step, int code)
{
	spawn->failed_step = step;
	spawn->failed = code;
	if (spawn->report_fd >= 0) {
		int report[3] = { (int)step, code, spawn->failed_index };

		(void)!write(spawn->report_fd, report, sizeof(report));
	}
	return 127;
}

int spawn_child_reset(struct spawn *spawn)
{
	int row = 0, r = inherit_reset(&row);

	spawn->failed_index = row;
	return r < 0 ? spawn_child_fail(spawn, SPAWN_STEP_INHERITED, r) : 0;
}

static int become(struct spawn *spawn)
{
	int step = 0, r = identity_become(spawn->identity, &step);

	spawn->failed_index = step;
	return r < 0 ? spawn_child_fail(spawn, SPAWN_STEP_IDENTITY, r) : spawn->tie ? spawn->tie(spawn) : 0;
}

/* By its own rights: if its user can't enter a directory, the command can't work there. */
static int settle_in(struct spawn *spawn)
{
	if (spawn->cwd && chdir(spawn->cwd) < 0)
		return spawn_child_fail(spawn, SPAWN_STEP_CWD, -errno);
	if (spawn->set_umask)
		(void)umask(spawn->umask);
	for (size_t i = 0; i < spawn->n_cut; i++) {
		int r;

		do
			r = ftruncate(spawn->cut_fds[i], 0);
		while (r < 0 && errno == EINTR);
		/* A pipe, a terminal or a device has nothing that could be cut. */
		if (r < 0 && errno != EINVAL) {
			spawn->failed_index = (int)i;
			return spawn_child_fail(spawn, SPAWN_STEP_CUT, -errno);
		}
	}
	return 0;
}

/* From a process that is where it belongs to the command. Returns only where it can't be had. */
int spawn_child(struct spawn *spawn)
{
	int r;

	if (spawn->foreground) {
		r = setpgid(0, 0) < 0 ? -errno : terminal_give(spawn->tty_fd, getpid());
		if (r < 0)
			return spawn_child_fail(spawn, SPAWN_STEP_TERMINAL, r);
	}
	r = place_fds(spawn->fds);
	if (r < 0)
		return spawn_child_fail(spawn, SPAWN_STEP_FDS, r);
	/* Not every fd of the caller is close-on-exec, and the caller didn't open all of them. */
	sys_close_at_exec(3);
	r = pass_fds(spawn);
	if (r < 0)
		return spawn_child_fail(spawn, SPAWN_STEP_PASS, r);
	if (spawn->nice != 0) {
		/* Not below what we have: -1 is a value, so errno tells. */
		errno = 0;
		if (nice(spawn->nice) == -1 && errno != 0)
			return spawn_child_fail(spawn, SPAWN_STEP_NICE, -errno);
	}
	r = spawn->pinned ? sys_pin(spawn->cpu_mask.bits, sizeof(spawn->cpu_mask.bits)) : 0;
	if (r < 0)
		return spawn_child_fail(spawn, SPAWN_STEP_AFFINITY, r);
	r = set_rlimits(spawn);
	if (r < 0)
		return spawn_child_fail(spawn, SPAWN_STEP_RLIMIT, r);
	/* Last, but for what needs no privilege. */
	r = spawn->identity ? become(spawn) : 0;
	if (r == 0)
		r = settle_in(spawn);
	if (r != 0)
		return r;
	(void)sigprocmask(SIG_SETMASK, &spawn->mask, NULL);
	(void)execve(spawn->path, spawn->argv, spawn->envp);
	if (errno == ENOEXEC && spawn->shell_argv)
		(void)execve("/bin/sh", spawn->shell_argv, spawn->envp);
	return spawn_child_fail(spawn, SPAWN_STEP_EXEC, -errno);
}

int spawn_prepare(struct spawn *spawn)
{
	spawn->tie = NULL;
	spawn->failed_step = SPAWN_STEP_NONE;
	spawn->gate_fd = spawn->report_fd = spawn->parent_fds[0] = spawn->parent_fds[1] = -EBADF;
	return spawn_child_reset(spawn) != 0 ? spawn->failed : 0;
}

int spawn_become(struct spawn *spawn)
{
	(void)spawn_child(spawn);
	return spawn->failed;
}
