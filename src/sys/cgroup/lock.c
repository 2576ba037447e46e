/* SPDX-License-Identifier: MIT */
/*
 * lock.c - the lock of a group, which no other user can hold
 */
#include "sys/cgroup/lock.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sys/proc/proc.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

/* The group wasn't made by cg_mkdir(): others could open the file until now. */
static void shut(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && st.st_mode & (S_IRWXG | S_IRWXO))
		(void)fchmod(fd, 0600);
}

bool lock_is_shut(int dir_fd)
{
	struct stat st;

	return (fstatat(dir_fd, LOCK_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
		fstatat(dir_fd, LOCK_FILE_V1, &st, AT_SYMLINK_NOFOLLOW) == 0) && !(st.st_mode & (S_IRWXG | S_IRWXO));
}

static int open_file(int dir_fd)
{
	int r = sys_open_beneath(dir_fd, LOCK_FILE, O_WRONLY);

	return r == -ENOENT ? sys_open_beneath(dir_fd, LOCK_FILE_V1, O_WRONLY) : r;
}

int lock_open(int dir_fd)
{
	int fd = open_file(dir_fd);

	if (fd >= 0)
		shut(fd);
	return fd;
}

/* The longest pause between two attempts: hundreds may want the same lock at once, and none holds it for long. */
#define PAUSE_MSEC_MAX 16

int lock_take(int dir_fd, int timeout_msec)
{
	CLEANUP(closep) int fd = lock_open(dir_fd);
	uint64_t end = sys_now_usec() + (uint64_t)timeout_msec * 1000;
	/* The first byte: those behind it are a queue's (queue.h). */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	int tries = 0;

	if (fd < 0)
		return fd;
	while (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return -errno;
		if (sys_now_usec() >= end)
			return -EBUSY;
		(void)poll(NULL, 0, tries < PAUSE_MSEC_MAX * 4 ? 1 + tries++ / 4 : PAUSE_MSEC_MAX);
	}
	return TAKE_FD(fd);
}

int lock_release(int fd)
{
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	/* Closing it isn't enough: a child that another thread is just starting may have a copy. */
	if (fd >= 0)
		(void)fcntl(fd, F_OFD_SETLK, &lock);
	return close_fd(fd);
}

/* ------------------------------------------------------------------ holder */

struct looking {
	bool (*visit)(const struct lock_seen *seen, void *data);
	void *data;
};

/* Visits the locks in a file of /proc/PID/fdinfo. True: enough was seen. */
static bool look_at_file(int dir_fd, const char *name, pid_t pid, const struct looking *looking)
{
	char text[1024];
	const char *line = proc_read(dir_fd, name, text, sizeof(text)) > 0 ? text : NULL;

	while (line && (line = strstr(line, "\nlock:"))) {
		unsigned major, minor;
		unsigned long long inode, begin;

		line++;
		/* "lock:\t1: OFDLCK ADVISORY WRITE -1 00:1c:1234 0 0" */
		if (sscanf(line, "lock: %*d: %*s %*s %*s %*d %x:%x:%llu %llu", &major, &minor, &inode, &begin) == 4 &&
				looking->visit(&(struct lock_seen) { makedev(major, minor), (ino_t)inode, begin, pid }, looking->data))
			return true;
	}
	return false;
}

static bool look_at_process(int proc_fd, const char *pid, const struct looking *looking)
{
	CLEANUP(closep) int fd = -EBADF;
	char name[300];
	const struct dirent *entry;
	bool enough = false;
	DIR *dir;

	(void)snprintf(name, sizeof(name), "%s/fdinfo", pid);
	fd = openat(proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return false;
	while (!enough && (entry = readdir(dir)))
		enough = isdigit((unsigned char)entry->d_name[0]) &&
			look_at_file(fd, entry->d_name, (pid_t)strtol(pid, NULL, 10), looking);
	(void)TAKE_FD(fd);
	(void)closedir(dir);
	return enough;
}

void lock_each(bool (*visit)(const struct lock_seen *seen, void *data), void *data)
{
	const struct looking looking = { visit, data };
	CLEANUP(closep) int proc_fd = -EBADF;
	const struct dirent *entry;
	bool enough = false;
	DIR *dir;

	if (proc_open(NULL, &proc_fd, NULL) < 0)
		return;
	dir = fdopendir(proc_fd);
	if (!dir)
		return;
	while (!enough && (entry = readdir(dir)))
		enough = isdigit((unsigned char)entry->d_name[0]) && look_at_process(proc_fd, entry->d_name, &looking);
	(void)TAKE_FD(proc_fd);
	(void)closedir(dir);
}

static bool is_it(const struct lock_seen *seen, void *data)
{
	struct lock_seen *wanted = data;

	/* That of somebody who has all of the file is the group's, too. */
	if (seen->inode != wanted->inode || seen->device != wanted->device || seen->begin != wanted->begin)
		return false;
	wanted->pid = seen->pid;
	return true;
}

pid_t lock_holder(int dir_fd)
{
	CLEANUP(closep) int fd = open_file(dir_fd);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	struct lock_seen wanted = { .pid = 0 };
	struct stat st;

	if (fd < 0 || fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK || fstat(fd, &st) < 0)
		return 0;
	if (lock.l_pid > 0)
		return lock.l_pid;
	/*
	 * The kernel doesn't say who holds an open file description's lock, so look for processes that have
	 * it open.
	 */
	wanted.device = st.st_dev;
	wanted.inode = st.st_ino;
	lock_each(is_it, &wanted);
	return wanted.pid;
}
