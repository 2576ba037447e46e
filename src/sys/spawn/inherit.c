/* SPDX-License-Identifier: MIT */
/*
 * inherit.c - what a command inherits from its caller, and what is reset before it runs
 *
 * A command runs as if its caller had executed it, with three exceptions that would make a
 * limit void without a word: a realtime policy is above cpu.max, a realtime I/O class above
 * io.weight, and a negative oom_score_adj makes a memory limit spare the command. Those are
 * reset. A command with the privilege can set them again, and then it is its own decision.
 */
#include "sys/spawn/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"

/* Not the functions of the C library: musl's only say ENOSYS. */
int inherit_calm(pid_t pid)
{
	const struct sched_param none = { .sched_priority = 0 };
	long policy = syscall(SYS_sched_getscheduler, pid);

	/*
	 * A filter that hides the policy also keeps the command from changing it, but not from having a
	 * realtime one.
	 */
	if (policy < 0)
		return errno == ENOSYS ? 0 : -errno;
	policy &= ~(long)SCHED_RESET_ON_FORK;
	if (policy != SCHED_FIFO && policy != SCHED_RR && policy != SCHED_DEADLINE)
		return 0;
	return syscall(SYS_sched_setscheduler, pid, SCHED_OTHER, &none) < 0 ? -errno : 0;
}

static int reset_policy(void)
{
	return inherit_calm(0);
}

static int reset_io_class(void)
{
	long priority = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);

	if (priority < 0 || IOPRIO_PRIO_CLASS((unsigned)priority) != IOPRIO_CLASS_RT)
		return 0;
	return syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_NONE, 0)) < 0 ? -errno : 0;
}

/*
 * Raw calls: a child that shares the memory of its sleeping parent has fds of its own, which
 * a libc (or a sanitizer) that counts fds would take for the parent's.
 */
static int open_own(const char *file, int flags)
{
	char path[64];
	long fd;

	(void)snprintf(path, sizeof(path), "/proc/self/%s", file);
	fd = syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

/*
 * With CAP_SYS_RESOURCE, this also makes 0 the lowest value that the command can return to. A process that
 * shares its memory with its sleeping parent changes its own value only.
 */
static int reset_oom_score_adj(void)
{
	int fd = open_own("oom_score_adj", O_RDONLY);
	char first = '0';
	long n;

	/* Without /proc there is no way to it; nor has the command one. */
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	n = syscall(SYS_read, fd, &first, 1) < 0 ? -errno : 0;
	(void)syscall(SYS_close, fd);
	if (n < 0 || first != '-')
		return (int)n;
	fd = open_own("oom_score_adj", O_WRONLY);
	if (fd < 0)
		return fd;
	n = syscall(SYS_write, fd, "0", 1) != 1 ? -errno : 0;
	(void)syscall(SYS_close, fd);
	return (int)n;
}

const struct inherited inherit_table[] = {
	{ "realtime scheduling policy", reset_policy },
	{ "realtime I/O class", reset_io_class },
	{ "negative oom_score_adj", reset_oom_score_adj },
	{ "nice value", NULL },
	{ "CPU affinity", NULL },
	{ "timer slack", NULL },
	{ "resource limits", NULL },
	{ "signal mask", NULL },
	{ "ignored signals", NULL },
	{ "file descriptors", NULL },
	{ "user and groups", NULL },
	{ "capabilities", NULL },
	{ "securebits", NULL },
	{ "no_new_privs", NULL },
	{ "session keyring", NULL },
	{ "seccomp filters", NULL },
	{ "namespaces", NULL },
	{ "personality", NULL },
	{ "session and terminal", NULL },
	{ "working directory", NULL },
	{ "root directory", NULL },
	{ "umask", NULL },
	{ "environment", NULL },
	{ "parent-death signal", NULL },
	{ "dumpable", NULL },
	{ NULL, NULL },
};

int inherit_reset(int *ret_row)
{
	for (int i = 0; inherit_table[i].what; i++) {
		int r = inherit_table[i].reset ? inherit_table[i].reset() : 0;

		if (r < 0) {
			*ret_row = i;
			return r;
		}
	}
	return 0;
}
