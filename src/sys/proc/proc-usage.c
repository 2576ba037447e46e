/* SPDX-License-Identifier: MIT */
/*
 * proc-usage.c - what /proc tells of the memory of a process and of the tasks of a user
 */
#include "sys/proc/proc-usage.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/proc/proc.h"
#include "util/cleanup.h"

static inline void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

/* Finds the line "KEY: NUMBER" and reads its first number. `key` has the colon. */
static int find_number(const char *text, const char *key, uint64_t *ret)
{
	size_t length = strlen(key);

	for (const char *line = text; *line;) {
		if (strncmp(line, key, length) == 0) {
			line += length;
			line += strspn(line, " \t");
			return proc_take_number(&line, ret);
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return -ENODATA;
}

/* ENOENT has two reasons: no such process, or no such file in this kernel. */
static int missing_file(int proc_fd, pid_t pid)
{
	struct proc_stat stat;

	return proc_stat_read(proc_fd, pid, &stat) == -ESRCH ? -ESRCH : -ENOENT;
}

int proc_pss_read(int proc_fd, pid_t pid, uint64_t *ret_bytes)
{
	char path[32], text[4096];
	uint64_t kib;
	ssize_t n;
	int r;

	(void)snprintf(path, sizeof(path), "%d/smaps_rollup", (int)pid);
	n = proc_read(proc_fd, path, text, sizeof(text));
	if (n == -ENOENT)
		return missing_file(proc_fd, pid);
	if (n < 0)
		return (int)n;
	/* Dead, or a kernel thread: no memory, and no text. */
	if (n == 0)
		return -ESRCH;
	r = find_number(text, "Pss:", &kib);
	if (r < 0)
		return -EBADMSG;
	if (__builtin_mul_overflow(kib, 1024u, ret_bytes))
		*ret_bytes = UINT64_MAX;
	return 0;
}

bool proc_same_memory(pid_t a, pid_t b)
{
	return syscall(SYS_kcmp, a, b, KCMP_VM, 0, 0) == 0;
}

/* Threads of one process if it is `uid`'s, else 0. */
static uint64_t tasks_of_uid(int proc_fd, const char *pid, uid_t uid)
{
	char path[32], text[4096];
	uint64_t real, threads;

	(void)snprintf(path, sizeof(path), "%.15s/status", pid);
	if (proc_read(proc_fd, path, text, sizeof(text)) <= 0)
		return 0;
	if (find_number(text, "Uid:", &real) < 0 || real != uid)
		return 0;
	return find_number(text, "Threads:", &threads) < 0 ? 1 : threads;
}

int proc_uid_tasks(int proc_fd, uid_t uid, uint64_t *ret_tasks)
{
	/* A fd of its own: `proc_fd` keeps its position. */
	int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	uint64_t tasks = 0;

	if (!dir) {
		int code = -errno;

		close_fd(fd);
		return code;
	}
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			tasks += tasks_of_uid(proc_fd, entry->d_name, uid);
	*ret_tasks = tasks;
	return 0;
}
