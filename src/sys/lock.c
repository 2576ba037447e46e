/* SPDX-License-Identifier: MIT */
/*
 * lock.c - the lock of a group, which no other user can hold
 */
#include "sys/lock.h"

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
#include <unistd.h>

#include "sys/proc.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

/* One that cg_mkdir() hasn't made: others could open it until now. */
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

/* Between two attempts: hundreds may want the same lock at once, and none has it for long. */
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

	/* Not by closing it alone: a child that another thread is just starting may have it, too. */
	if (fd >= 0)
		(void)fcntl(fd, F_OFD_SETLK, &lock);
	return close_fd(fd);
}

/* ------------------------------------------------------------------ holder */

/* Whether a file of /proc/PID/fdinfo tells of a lock on that inode, ":INODE BEGIN ". */
static bool tells_of(int dir_fd, const char *name, const char *inode)
{
	char text[1024];
	const char *line;

	if (proc_read(dir_fd, name, text, sizeof(text)) <= 0)
		return false;
	line = strstr(text, "\nlock:");
	return line && strstr(line, inode);
}

static bool holds(int proc_fd, const char *pid, const char *inode)
{
	CLEANUP(closep) int fd = -EBADF;
	char name[300];
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	(void)snprintf(name, sizeof(name), "%s/fdinfo", pid);
	fd = openat(proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = isdigit((unsigned char)entry->d_name[0]) && tells_of(fd, entry->d_name, inode);
	(void)TAKE_FD(fd);
	(void)closedir(dir);
	return found;
}

/* The kernel doesn't say whose an open file description's lock is: whoever has it open. */
static pid_t find_holder(const char *inode)
{
	CLEANUP(closep) int proc_fd = -EBADF;
	const struct dirent *entry;
	pid_t pid = 0;
	DIR *dir;

	if (proc_open(NULL, &proc_fd, NULL) < 0)
		return 0;
	dir = fdopendir(proc_fd);
	if (!dir)
		return 0;
	while (pid == 0 && (entry = readdir(dir))) {
		if (isdigit((unsigned char)entry->d_name[0]) && holds(proc_fd, entry->d_name, inode))
			pid = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	(void)TAKE_FD(proc_fd);
	(void)closedir(dir);
	return pid;
}

pid_t lock_holder(int dir_fd)
{
	CLEANUP(closep) int fd = open_file(dir_fd);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	char inode[32];
	struct stat st;

	if (fd < 0 || fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK || fstat(fd, &st) < 0)
		return 0;
	if (lock.l_pid > 0)
		return lock.l_pid;
	(void)snprintf(inode, sizeof(inode), ":%llu 0 ", (unsigned long long)st.st_ino);
	return find_holder(inode);
}
