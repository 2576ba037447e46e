/* SPDX-License-Identifier: MIT */
/*
 * sysvipc.c - System V shared memory, as this process's ipc namespace has it
 */
#include "sys/proc/sysvipc.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/cleanup.h"

/* key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime …: a line of /proc/sysvipc/shm. */
static bool is_left(const char *line, time_t since)
{
	uint64_t attached;
	int64_t changed;

	return sscanf(line, "%*s %*s %*s %*s %*s %*s %" SCNu64 " %*s %*s %*s %*s %*s %*s %" SCNd64, &attached, &changed) ==
			2 &&
		attached == 0 && changed >= (int64_t)since;
}

static void fclosep(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

uint64_t sysvipc_left(int proc_fd, time_t since)
{
	CLEANUP(fclosep) FILE *file = NULL;
	CLEANUP(freep) char *line = NULL;
	int fd = openat(proc_fd, "sysvipc/shm", O_RDONLY | O_CLOEXEC);
	uint64_t n = 0;
	size_t size = 0;

	file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file) {
		(void)close_fd(fd);
		return 0;
	}
	/* The first line has the names of the columns. */
	while (getline(&line, &size, file) > 0)
		n += is_left(line, since);
	return n;
}
