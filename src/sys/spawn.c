/* SPDX-License-Identifier: MIT */
/*
 * spawn.c - one command, from clone to exec
 */
#include "sys/spawn.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sys/cgroup.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

/* Enough for the system calls below; the kernel's own use of it is none. */
#define CHILD_STACK 65536

static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static int copy_path(const char *path, char **ret)
{
	*ret = strdup(path);
	return *ret ? 0 : -ENOMEM;
}

int spawn_resolve(const char *argv0, char **ret_path)
{
	const char *search = getenv("PATH");
	char path[PATH_MAX];
	int worst = -ENOENT;
	int r;

	if (argv0[0] == '\0')
		return -ENOENT;
	if (strchr(argv0, '/')) {
		r = executable(argv0);
		return r < 0 ? r : copy_path(argv0, ret_path);
	}
	if (!search)
		search = "/usr/local/bin:/usr/bin:/bin";
	for (const char *at = search;; at++) {
		size_t length = strcspn(at, ":");
		int n = snprintf(path, sizeof(path), "%.*s%s%s", (int)length, at, length ? "/" : "", argv0);

		if (n >= (int)sizeof(path))
			worst = -ENAMETOOLONG;
		else if ((r = executable(path)) == 0)
			return copy_path(path, ret_path);
		/* As execvp: go on, but remember that something was there. */
		else if (r == -EACCES)
			worst = -EACCES;
		at += length;
		if (*at == '\0')
			return worst;
	}
}

/* Puts `fds` at 0, 1, 2, whichever of those numbers they have now. */
static int place_fds(const int fds[3])
{
	int from[3];

	for (int i = 0; i < 3; i++) {
		from[i] = fds[i];
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

static int set_rlimits(struct spawn *spawn)
{
	for (size_t i = 0; i < spawn->n_rlimits; i++) {
		const struct spawn_rlimit *r = &spawn->rlimits[i];
		struct rlimit value = {
			.rlim_cur = r->soft == RATION_UNLIMITED ? RLIM_INFINITY : (rlim_t)r->soft,
			.rlim_max = r->hard == RATION_UNLIMITED ? RLIM_INFINITY : (rlim_t)r->hard,
		};

		if (setrlimit((__rlimit_resource_t)r->resource, &value) < 0) {
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
static void reset_handlers(void)
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

static int child_fail(struct spawn *spawn, enum spawn_step step, int code)
{
	spawn->failed_step = step;
	spawn->failed = code;
	if (spawn->report_fd >= 0) {
		int report[3] = { (int)step, code, spawn->failed_index };

		(void)!write(spawn->report_fd, report, sizeof(report));
	}
	return 127;
}

/* From a process that is where it belongs to the command. Returns only where it can't be had. */
static int become(struct spawn *spawn)
{
	int r;

	r = place_fds(spawn->fds);
	if (r < 0)
		return child_fail(spawn, SPAWN_STEP_FDS, r);
	/* Not all that the caller has open is close-on-exec, and not all of it is the caller's own doing. */
	sys_close_at_exec(3);
	if (spawn->nice != 0) {
		/* Not below what we have: -1 is a value, so errno tells. */
		errno = 0;
		if (nice(spawn->nice) == -1 && errno != 0)
			return child_fail(spawn, SPAWN_STEP_NICE, -errno);
	}
	if (spawn->pinned &&
			syscall(SYS_sched_setaffinity, 0, sizeof(spawn->cpu_mask.bits), spawn->cpu_mask.bits) < 0)
		return child_fail(spawn, SPAWN_STEP_AFFINITY, -errno);
	r = set_rlimits(spawn);
	if (r < 0)
		return child_fail(spawn, SPAWN_STEP_RLIMIT, r);
	(void)sigprocmask(SIG_SETMASK, &spawn->mask, NULL);
	(void)execve(spawn->path, spawn->argv, spawn->envp);
	if (errno == ENOEXEC && spawn->shell_argv)
		(void)execve("/bin/sh", spawn->shell_argv, spawn->envp);
	return child_fail(spawn, SPAWN_STEP_EXEC, -errno);
}

static int child_main(void *argument)
{
	struct spawn *spawn = argument;
	char byte;

	for (size_t i = 0; i < ARRAY_SIZE(spawn->parent_fds); i++)
		(void)close_fd(spawn->parent_fds[i]);
	/* The parent gave up, or is gone: never run outside of the group. */
	if (spawn->gate_fd >= 0 && read(spawn->gate_fd, &byte, 1) != 1)
		return child_fail(spawn, SPAWN_STEP_EXEC, -EIO);
	if (spawn->die_with_parent) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* It tells of deaths to come. Of one that has been, another parent tells. */
		if (getppid() != spawn->parent)
			return child_fail(spawn, SPAWN_STEP_EXEC, -ESRCH);
	}
	reset_handlers();
	return become(spawn);
}

/* Born in the group. */
static int start_cloned(struct spawn *spawn, pid_t *ret_pid, int *ret_pid_fd)
{
	void *stack = mmap(NULL, CHILD_STACK, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pid_t pid;

	if (stack == MAP_FAILED)
		return -errno;
	pid = sys_clone_into(spawn->cgroup_fd, stack, CHILD_STACK, child_main, spawn, ret_pid_fd);
	(void)munmap(stack, CHILD_STACK);
	if (pid < 0)
		return pid;
	*ret_pid = pid;
	return 0;
}

/* Forked, moved, released. */
static int start_moved(struct spawn *spawn, pid_t *ret_pid, int *ret_pid_fd)
{
	CLEANUP(closep) int gate_read = -EBADF;
	CLEANUP(closep) int gate_write = -EBADF;
	CLEANUP(closep) int report_read = -EBADF;
	CLEANUP(closep) int report_write = -EBADF;
	int pair[2], report[3];
	ssize_t n;
	pid_t pid;
	int r = 0;

	/* A socket: to write to a pipe whose reader was killed, by the group's limit perhaps, raises SIGPIPE. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	gate_read = pair[0];
	gate_write = pair[1];
	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	report_read = pair[0];
	report_write = pair[1];
	spawn->gate_fd = gate_read;
	spawn->report_fd = report_write;
	spawn->parent_fds[0] = gate_write;
	spawn->parent_fds[1] = report_read;
	pid = sys_fork(child_main, spawn, ret_pid_fd);
	if (pid < 0)
		return pid;
	gate_read = close_fd(gate_read);
	report_write = close_fd(report_write);
	if (spawn->cgroup_fd >= 0)
		r = cg_attach(spawn->cgroup_fd, pid);
	if (r < 0 || send(gate_write, "", 1, MSG_NOSIGNAL) != 1) {
		(void)sys_pidfd_signal(*ret_pid_fd, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		*ret_pid_fd = close_fd(*ret_pid_fd);
		return r < 0 ? r : -EIO;
	}
	/* Ends with exec, which closes the other side, or with a report. */
	do
		n = read(report_read, report, sizeof(report));
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(report)) {
		spawn->failed_step = (enum spawn_step)report[0];
		spawn->failed = report[1];
		spawn->failed_index = report[2];
	}
	*ret_pid = pid;
	return 0;
}

int spawn_start(struct spawn *spawn, pid_t *ret_pid, int *ret_pid_fd, enum ration_birth *ret_birth)
{
	CLEANUP(closep) int pid_fd = -EBADF;
	sigset_t all, before;
	pid_t pid = -1;
	bool moved = false;
	int r;

	spawn->failed_step = SPAWN_STEP_NONE;
	spawn->failed = 0;
	spawn->parent = getpid();
	spawn->gate_fd = spawn->report_fd = spawn->parent_fds[0] = spawn->parent_fds[1] = -EBADF;
	/* No handler of the host program may run in the child. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = start_cloned(spawn, &pid, &pid_fd);
	if (r < 0 && sys_refused(r)) {
		moved = true;
		r = start_moved(spawn, &pid, &pid_fd);
	}
	/* While no handler can come in between: a child that has failed is about to exit. */
	if (r >= 0 && spawn->failed_step != SPAWN_STEP_NONE) {
		(void)waitpid(pid, NULL, 0);
		r = spawn->failed;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r < 0)
		return r;
	*ret_pid = pid;
	*ret_pid_fd = TAKE_FD(pid_fd);
	if (spawn->cgroup_fd < 0)
		*ret_birth = RATION_BIRTH_NONE;
	else
		*ret_birth = moved ? RATION_BIRTH_MIGRATED : RATION_BIRTH_CLONED;
	return 0;
}

int spawn_become(struct spawn *spawn)
{
	spawn->failed_step = SPAWN_STEP_NONE;
	spawn->gate_fd = spawn->report_fd = spawn->parent_fds[0] = spawn->parent_fds[1] = -EBADF;
	(void)become(spawn);
	return spawn->failed;
}
