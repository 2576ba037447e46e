/* SPDX-License-Identifier: MIT */
/*
 * retrofit.c - limits of a process that runs already
 */
#include "sys/retrofit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"

static int set_rlimits(pid_t pid, struct spawn *spawn)
{
	for (size_t i = 0; i < spawn->n_rlimits; i++) {
		const struct spawn_rlimit *r = &spawn->rlimits[i];
		const struct rlimit value = {
			.rlim_cur = r->soft == RATION_UNLIMITED ? RLIM_INFINITY : (rlim_t)r->soft,
			.rlim_max = r->hard == RATION_UNLIMITED ? RLIM_INFINITY : (rlim_t)r->hard,
		};

		if (prlimit(pid, (__rlimit_resource_t)r->resource, &value, NULL) < 0) {
			spawn->failed_step = SPAWN_STEP_RLIMIT;
			spawn->failed_index = (int)i;
			return -errno;
		}
	}
	return 0;
}

static int fail(struct spawn *spawn, enum spawn_step step)
{
	spawn->failed_step = step;
	return -errno;
}

static int set_thread(pid_t tid, struct spawn *spawn)
{
	if (spawn->pinned &&
			syscall(SYS_sched_setaffinity, tid, sizeof(spawn->cpu_mask.bits), spawn->cpu_mask.bits) < 0 &&
			errno != ESRCH)
		return fail(spawn, SPAWN_STEP_AFFINITY);
	if (spawn->nice != 0 && setpriority(PRIO_PROCESS, (id_t)tid, spawn->nice) < 0 && errno != ESRCH)
		return fail(spawn, SPAWN_STEP_NICE);
	return 0;
}

int retrofit(int proc_fd, pid_t pid, struct spawn *spawn)
{
	CLEANUP(closep) int fd = -EBADF;
	struct dirent *entry;
	char name[32];
	DIR *dir;
	int r = set_rlimits(pid, spawn);

	if (r < 0 || (!spawn->pinned && spawn->nice == 0))
		return r;
	(void)snprintf(name, sizeof(name), "%d/task", (int)pid);
	fd = openat(proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	(void)TAKE_FD(fd);
	while (r == 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			r = set_thread((pid_t)strtol(entry->d_name, NULL, 10), spawn);
	}
	(void)closedir(dir);
	return r;
}
