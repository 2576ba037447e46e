/* SPDX-License-Identifier: MIT */
/*
 * syscalls-posix.c - the same with what every system has
 */
#include "sys/syscalls.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>

#include "sys/clone.h"
#include "sys/within.h"
#include "util/cleanup.h"

/* Where the limit on open files is none, there is still one of the kernel, about here. */
#define OPEN_FILES_MAX 65536

static int open_files_max(void)
{
	long highest = sysconf(_SC_OPEN_MAX);

	return highest > 0 && highest < OPEN_FILES_MAX ? (int)highest : OPEN_FILES_MAX;
}

int sys_access(int dir_fd, const char *path, int mode)
{
	return faccessat(dir_fd, path, mode, AT_EACCESS) < 0 ? -errno : 0;
}

void sys_close_others(const int *keep, size_t n)
{
	for (int fd = 0; fd < open_files_max(); fd++) {
		bool kept = false;

		for (size_t i = 0; i < n; i++)
			kept |= keep[i] == fd;
		if (!kept)
			(void)close(fd);
	}
}

void sys_close_at_exec(unsigned first)
{
	for (int fd = (int)first; fd < open_files_max(); fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* No plan has it where this file is in use. */
int sys_pin(const unsigned char *bits, size_t size)
{
	(void)bits;
	(void)size;
	return -ENOSYS;
}

int sys_near(const char *path)
{
	(void)path;
	return -EXDEV;
}

int sys_within(uint64_t within_usec, void (*function)(void *data), void *data, bool *ret_left)
{
	(void)within_usec;
	(void)function;
	(void)data;
	*ret_left = false;
	return -ENOSYS;
}

int sys_child_signal(pid_t pid, int pid_fd, int sig)
{
	(void)pid_fd;
	/* One that was never started: kill(0) would be the caller's own process group. */
	if (pid <= 0)
		return -ESRCH;
	return kill(pid, sig) < 0 ? -errno : 0;
}

int sys_reap(pid_t pid, int pid_fd, struct sys_wait *ret)
{
	struct sys_wait result = { .exit_code = -1 };
	int status;
	pid_t r;

	(void)pid_fd;
	do
		r = wait4(pid, &status, WNOHANG, &result.rusage);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : 0;
	if (WIFSIGNALED(status)) {
		result.signal = WTERMSIG(status);
		result.core = WCOREDUMP(status);
	} else {
		result.exit_code = WEXITSTATUS(status);
	}
	*ret = result;
	return 1;
}
