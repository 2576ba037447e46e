/* SPDX-License-Identifier: MIT */
/*
 * counters.c - what the kernel has counted for a group, and above it
 */
#include "group/stats/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "group/cgroup1.h"
#include "group/levels.h"
#include "sys/cgroup/cgroup.h"
#include "sys/proc/proc.h"
#include "util/cleanup.h"

static uint64_t text_key(const char *text, const char *key)
{
	uint64_t value;

	return cg_text_key(text, key, &value) < 0 ? USAGE_ABSENT : value;
}

static uint64_t file_key(int dir_fd, const char *file, const char *key)
{
	char text[512];

	return cg_read(dir_fd, file, text, sizeof(text)) < 0 ? USAGE_ABSENT : text_key(text, key);
}

static uint64_t file_u64(int dir_fd, const char *file)
{
	uint64_t value;

	return cg_read_u64(dir_fd, file, &value) < 0 ? USAGE_ABSENT : value;
}

/* ------------------------------------------------------------- verdicts */

void counters_put_where(struct counters *counters, const char *where)
{
	size_t length = strcmp(where, "/") == 0 ? 0 : strlen(where);

	if (counters->n_levels == 0 && length < sizeof(counters->path))
		(void)strcpy(counters->path, where);
	/* Levels from below upwards. A level outside has no path, rather than a wrong one. */
	counters->level[counters->n_levels].where = strncmp(counters->path, where, length) == 0 ? length : SIZE_MAX;
	counters->n_levels++;
}

/*
 * The counter of a level, if that has a limit: reading cpu.stat makes the kernel add up the CPU time of all
 * groups below.
 */
static uint64_t level_throttled(int fd)
{
	char text[64];

	if (cg_read(fd, "cpu.max", text, sizeof(text)) < 0 || strncmp(text, "max", 3) == 0)
		return USAGE_ABSENT;
	return file_key(fd, "cpu.stat", "nr_throttled");
}

static uint64_t pids_max(int fd)
{
	uint64_t max = file_u64(fd, "pids.max");

	return max == RATION_UNLIMITED ? USAGE_ABSENT : max;
}

static bool pids_full(int fd)
{
	uint64_t max = pids_max(fd), peak = file_u64(fd, "pids.peak");

	return max != USAGE_ABSENT && (peak == USAGE_ABSENT || peak >= max);
}

/* Controllers whose limits the levels above can have, each with counters of its own. */
#define LEVEL_CONTROLLERS (RATION_CONTROLLER_MEMORY | RATION_CONTROLLER_PIDS | RATION_CONTROLLER_CPU)

static void add_level(void *data, int fd, enum ration_level level, const char *where)
{
	struct counters *counters = data;
	struct counter_level *at = &counters->level[counters->n_levels];
	uint32_t there = LEVEL_CONTROLLERS & ~counters->elsewhere;
	char memory[512];
	bool has_memory = there & RATION_CONTROLLER_MEMORY && cg_read(fd, "memory.events.local", memory, sizeof(memory)) >= 0;
	bool has_pids = there & RATION_CONTROLLER_PIDS && faccessat(fd, "pids.max", F_OK, 0) == 0;
	uint64_t throttled = there & RATION_CONTROLLER_CPU ? level_throttled(fd) : USAGE_ABSENT;
	struct stat st;

	/* The real root has no such files: its events are the machine's. */
	if (!has_memory && !has_pids && throttled == USAGE_ABSENT)
		return;
	/* This isn't the real root, so there are groups above it. */
	counters->hidden |= strcmp(where, "/") == 0;
	if (counters->n_levels == COUNTER_LEVELS_MAX || fstat(fd, &st) < 0)
		return;
	at->device = st.st_dev;
	at->inode = st.st_ino;
	at->oom = has_memory ? text_key(memory, "oom") : USAGE_ABSENT;
	at->high = has_memory ? text_key(memory, "high") : USAGE_ABSENT;
	at->pids = has_pids ? file_key(fd, "pids.events.local", "max") : USAGE_ABSENT;
	at->throttled = throttled;
	at->pids_full = has_pids && counters->pids_asked && pids_full(fd);
	at->level = level;
	counters_put_where(counters, where);
}

/* Finds a key in the lines of a file, piece by piece, because the file is long. */
static uint64_t long_file_key(int fd, const char *key)
{
	char text[2048];
	size_t kept = 0;
	ssize_t n;

	while ((n = read(fd, text + kept, sizeof(text) - 1 - kept)) != 0) {
		char *end;
		uint64_t value;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return USAGE_ABSENT;
		text[kept + (size_t)n] = '\0';
		end = strrchr(text, '\n');
		if (!end)
			return USAGE_ABSENT;
		*end++ = '\0';
		if (cg_text_key(text, key, &value) == 0)
			return value;
		kept = strlen(end);
		memmove(text, end, kept);
	}
	return USAGE_ABSENT;
}

static uint64_t machine_oom_kill(int proc_fd)
{
	CLEANUP(closep) int fd = openat(proc_fd, "vmstat", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? USAGE_ABSENT : long_file_key(fd, "oom_kill");
}

uint64_t counters_v1_oom_kill(const struct place *place)
{
	/* Since 4.13. */
	return file_key(v1_fd(place, RATION_CONTROLLER_MEMORY), "memory.oom_control", "oom_kill");
}

/* ration's own groups have no limits there; groups above can. */
static uint64_t throttled_above_v1(int fd)
{
	CLEANUP(closep) int at = cg_open_above(fd);
	uint64_t sum = USAGE_ABSENT;

	while (at >= 0) {
		uint64_t n = file_key(at, "cpu.stat", "nr_throttled");
		int up = n == USAGE_ABSENT ? -EBADF : cg_open_above(at);

		if (n != USAGE_ABSENT)
			sum = sum == USAGE_ABSENT ? n : sum + n;
		(void)close_fd(at);
		at = up;
	}
	return sum;
}

static void read_pids(const struct place *place, struct counters *ret)
{
	int v1 = v1_fd(place, RATION_CONTROLLER_PIDS), fd = v1 >= 0 ? v1 : place->fd;
	uint64_t refused;

	/* Since 6.11 each level counts what its own limit refused. */
	if (fd < 0 || (v1 < 0 && !(place->host->facts.controllers & RATION_CONTROLLER_PIDS)) || faccessat(fd, "pids.events.local", F_OK, 0) == 0)
		return;
	ret->pids_v1 = v1 >= 0;
	ret->pids_max = pids_max(fd);
	refused = file_key(fd, "pids.events", "max");
	ret->pids_asked = refused != USAGE_ABSENT && refused > 0;
	if (ret->pids_asked)
		ret->pids_peak = file_u64(fd, "pids.peak");
}

static void read_levels(const struct place *place, struct counters *ret)
{
	if (!(LEVEL_CONTROLLERS & ~ret->elsewhere))
		return;
	if (place->fd < 0)
		levels_walk_own(place->host, add_level, ret);
	else
		levels_walk(place, add_level, ret);
}

static void read_memory(int fd, struct counters *ret)
{
	char text[512];

	if (cg_read(fd, "memory.events.local", text, sizeof(text)) >= 0) {
		ret->oom = text_key(text, "oom");
		ret->oom_kill = text_key(text, "oom_kill");
		ret->oom_group_kill = text_key(text, "oom_group_kill");
	}
	ret->oom_kill_below = file_key(fd, "memory.events", "oom_kill");
}

void counters_read(const struct place *place, bool machine, struct counters *ret)
{
	const struct host_snapshot *host = place->host;

	*ret = (struct counters) {
		.oom = USAGE_ABSENT,
		.oom_kill = USAGE_ABSENT,
		.oom_group_kill = USAGE_ABSENT,
		.oom_kill_below = USAGE_ABSENT,
		.machine_oom_kill = machine ? machine_oom_kill(host->proc_fd) : USAGE_ABSENT,
		.throttled_above_v1 = USAGE_ABSENT,
		.pids_max = USAGE_ABSENT,
		.pids_peak = USAGE_ABSENT,
		.elsewhere = host->facts.v1_controllers,
		.hidden = host->facts.cgroup_namespace,
	};
	read_pids(place, ret);
	if (v1_fd(place, RATION_CONTROLLER_CPU) >= 0)
		ret->throttled_above_v1 = throttled_above_v1(v1_fd(place, RATION_CONTROLLER_CPU));
	if (v1_fd(place, RATION_CONTROLLER_MEMORY) >= 0) {
		ret->v1 = true;
		ret->oom_kill = ret->oom_kill_below = counters_v1_oom_kill(place);
	}
	read_levels(place, ret);
	if (place->fd >= 0 && !ret->v1 && host->facts.controllers & RATION_CONTROLLER_MEMORY)
		read_memory(place->fd, ret);
}

uint64_t counters_cpu_usec(int cpu_stat_fd)
{
	char text[1024];

	if (cg_read_fd(cpu_stat_fd, text, sizeof(text)) < 0)
		return USAGE_ABSENT;
	/* cpuacct.usage is one number, of nanoseconds. */
	return text[0] >= '0' && text[0] <= '9' ? strtoull(text, NULL, 10) / 1000 : text_key(text, "usage_usec");
}
