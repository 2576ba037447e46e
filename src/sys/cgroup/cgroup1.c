/* SPDX-License-Identifier: MIT */
/*
 * cgroup1.c - what is different about directories of cgroup v1
 *
 * There is no cgroup.kill, no cgroup.events and no cgroup.freeze. A frozen process
 * doesn't handle SIGKILL until it is thawed, so killing includes thawing.
 */
#include "sys/cgroup/cgroup1.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>

#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/members.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

#define FREEZE_MSEC 1000

int cg1_open_base(const char *path)
{
	CLEANUP(closep) int fd = lift_fd(open_readable(path, O_DIRECTORY));
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -errno;
	if (fs.f_type != CGROUP_SUPER_MAGIC)
		return -EINVAL;
	return TAKE_FD(fd);
}

static void nap(void)
{
	(void)nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);
}

/*
 * Freezes all processes of the group and of those below it, and waits until they are,
 * for a second at most. Only in the hierarchy of the freezer; elsewhere -ENOENT.
 */
static int freeze(int dir_fd)
{
	uint64_t end = sys_now_usec() + FREEZE_MSEC * 1000;
	int r = cg_write(dir_fd, "freezer.state", "FROZEN");
	char state[32] = "";

	/* FREEZING until all are: only a read makes the kernel look whether they are. */
	while (r >= 0 && strcmp(state, "FROZEN") != 0) {
		if (sys_now_usec() > end)
			return -ETIMEDOUT;
		if (state[0])
			nap();
		r = cg_read(dir_fd, "freezer.state", state, sizeof(state));
	}
	return r < 0 ? r : 0;
}

int cg1_thaw(int dir_fd)
{
	return cg_write(dir_fd, "freezer.state", "THAWED");
}

int cg1_kill(int dir_fd)
{
	/* A task in an uninterruptible sleep freezes late, and can't fork meanwhile: the kill is sent anyway. */
	bool freezer = freeze(dir_fd) != -ENOENT;
	int r = cg_signal(dir_fd, SIGKILL);

	if (freezer)
		(void)cg1_thaw(dir_fd);
	return r < 0 ? r : 0;
}

int cg1_wait_empty(int dir_fd, int timeout_msec)
{
	uint64_t end = sys_now_usec() + (uint64_t)timeout_msec * 1000;

	/* A group that has been removed can't be counted: there is nobody in it. */
	while (cg_count(dir_fd) > 0) {
		if (sys_now_usec() > end)
			return -ETIMEDOUT;
		nap();
	}
	return 0;
}
