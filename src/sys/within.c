/* SPDX-License-Identifier: MIT */
/*
 * within.c - a system call that a file system may never answer
 */
#include "sys/within.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/clone.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/compat.h"

/* Since 5.12: what the kernel has at hand, or EAGAIN. */
#define FROM_CACHE 0x20

#define STACK_SIZE 65536

/* A killed process dies within this time, or hangs in the kernel. */
#define KILLED_MSEC 200

/* ------------------------------------------------------------------- near */

/* Which mount an open file is of, as the kernel knows it. 0: it doesn't say. */
static uint64_t mount_of(int fd)
{
	struct statx st;
	long r = syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st);

	return r == 0 && st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0;
}

static int open_cached(const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = FROM_CACHE };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

int sys_near(const char *path)
{
	CLEANUP(closep) int fd = open_cached(path);
	CLEANUP(closep) int root = fd >= 0 ? open_cached("/") : -EBADF;
	uint64_t mount = root >= 0 ? mount_of(root) : 0;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return fd;
	return mount != 0 && mount == mount_of(fd) ? 0 : -EXDEV;
}

/* ------------------------------------------------------------------ within */

struct call {
	void (*function)(void *data);
	void *data;
	int fd;             /* its end tells of the process's */
	volatile bool over;
};

static int call_main(void *argument)
{
	struct call *call = argument;
	const int keep[] = { call->fd };

	sys_close_others(keep, ARRAY_SIZE(keep));
	call->function(call->data);
	call->over = true;
	return 0;
}

/* As poll(2) for the end of a pipe: 1, it is closed; 0, not yet; or a negative errno. */
static long wait_closed(int fd, uint64_t usec)
{
	struct timespec time = { .tv_sec = (time_t)(usec / 1000000), .tv_nsec = (long)(usec % 1000000) * 1000 };
	struct pollfd poll_fd = { .fd = fd };

	return sys_quiet(SYS_ppoll, (long)(intptr_t)&poll_fd, 1, (long)(intptr_t)&time, 0);
}

/* Polls if it can't wait. errno is left alone: the other process shares it, and may be about to read it. */
static bool wait_for_end(int fd, uint64_t deadline_usec)
{
	const struct timespec nap = { .tv_nsec = 1000000 };

	for (;;) {
		uint64_t now_usec = sys_now_usec();
		long r = wait_closed(fd, now_usec < deadline_usec ? deadline_usec - now_usec : 0);

		if (r > 0)
			return true;
		if (now_usec >= deadline_usec)
			return false;
		if (r < 0)
			(void)sys_quiet(SYS_nanosleep, (long)(intptr_t)&nap, 0, 0, 0);
	}
}

static int start(struct call *call, void *stack, int *ret_fd, pid_t *ret_pid)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	call->fd = fds[1];
	*ret_pid = sys_clone_beside(stack, STACK_SIZE, call_main, call);
	(void)sys_quiet(SYS_close, fds[1], 0, 0, 0);
	if (*ret_pid < 0)
		(void)close(fds[0]);
	else
		*ret_fd = fds[0];
	return *ret_pid < 0 ? *ret_pid : 0;
}

/*
 * -ETIMEDOUT: it was ended at its deadline. A process that hangs so that even SIGKILL doesn't end it is left.
 * When it continues some time it is dead, but the call it hangs in may write its results before.
 */
static int end_call(pid_t pid, int fd, uint64_t within_usec, bool *ret_left)
{
	bool over = wait_for_end(fd, sys_now_usec() + within_usec);
	int r = over ? 0 : -ETIMEDOUT;

	if (!over) {
		(void)kill(pid, SIGKILL);
		over = wait_for_end(fd, sys_now_usec() + KILLED_MSEC * 1000);
	}
	if (over)
		(void)waitpid(pid, NULL, __WALL);
	(void)close(fd);
	*ret_left = !over;
	return r;
}

int sys_within(uint64_t within_usec, void (*function)(void *data), void *data, bool *ret_left)
{
	/* One piece: it can be left as a whole. */
	struct call *call = mmap(NULL, 2 * STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	sigset_t all, before;
	pid_t pid = -1;
	int fd = -EBADF, r;

	*ret_left = false;
	if (call == MAP_FAILED)
		return -errno;
	*call = (struct call) { .function = function, .data = data };
	/* No handler of the program may run there. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = start(call, (char *)call + STACK_SIZE, &fd, &pid);
	if (r == 0)
		r = end_call(pid, fd, within_usec, ret_left);
	if (r == 0 && !call->over)
		r = -EINTR;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!*ret_left)
		(void)munmap(call, 2 * STACK_SIZE);
	return r;
}
