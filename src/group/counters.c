/* SPDX-License-Identifier: MIT */
/*
 * counters.c - what the kernel has counted for a group, and above it
 */
#include "group/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "group/cgroup1.h"
#include "group/levels.h"
#include "group/metrics.h"
#include "sys/cgroup.h"
#include "sys/proc.h"
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
	/* From below upwards; what is elsewhere has no path, rather than a wrong one. */
	counters->level[counters->n_levels].where = strncmp(counters->path, where, length) == 0 ? length : SIZE_MAX;
	counters->n_levels++;
}

/* That of a level, if it has a limit: the kernel adds up the CPU time of all groups below whenever cpu.stat is read. */
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

	/* The real root has no such files: what happens there is the machine's. */
	if (!has_memory && !has_pids && throttled == USAGE_ABSENT)
		return;
	/* So this isn't the real root, and there are groups above it. */
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

static uint64_t machine_oom_kill(int proc_fd)
{
	const size_t size = 16384;
	CLEANUP(freep) char *text = malloc(size);
	ssize_t n = text ? proc_read(proc_fd, "vmstat", text, size) : -ENOMEM;

	return n < 0 ? USAGE_ABSENT : text_key(text, "oom_kill");
}

uint64_t counters_v1_oom_kill(const struct place *place)
{
	/* Since 4.13. */
	return file_key(v1_fd(place, RATION_CONTROLLER_MEMORY), "memory.oom_control", "oom_kill");
}

/* Those of ration itself have no limits in cgroup v1. */
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

	/* Since 6.11 each level counts its own limit. */
	if (fd < 0 || (v1 < 0 && ret->elsewhere & RATION_CONTROLLER_PIDS) || faccessat(fd, "pids.events.local", F_OK, 0) == 0)
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

void counters_read(const struct place *place, struct counters *ret)
{
	const struct host_snapshot *host = place->host;
	char text[512];

	*ret = (struct counters) {
		.oom = USAGE_ABSENT,
		.oom_kill = USAGE_ABSENT,
		.oom_group_kill = USAGE_ABSENT,
		.oom_kill_below = USAGE_ABSENT,
		.machine_oom_kill = machine_oom_kill(host->proc_fd),
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
	if (place->fd < 0 || ret->v1)
		return;
	if (cg_read(place->fd, "memory.events.local", text, sizeof(text)) >= 0) {
		ret->oom = text_key(text, "oom");
		ret->oom_kill = text_key(text, "oom_kill");
		ret->oom_group_kill = text_key(text, "oom_group_kill");
	}
	ret->oom_kill_below = file_key(place->fd, "memory.events", "oom_kill");
}

/* ---------------------------------------------------------------- usage */

/*
 * In which hierarchy a metric of cgroup v1 is, and what a unit of it is worth there.
 */
static const struct {
	enum ration_metric metric;
	uint32_t controller;
	unsigned per_unit; /* of nanoseconds: 1000 in a microsecond */
	const char *key;
	const char *file;
} v1_files[] = {
	{ RATION_METRIC_CPU_USEC, RATION_CONTROLLER_CPUACCT, 1000, NULL, "cpuacct.usage" },
	{ RATION_METRIC_THROTTLED_COUNT, RATION_CONTROLLER_CPU, 1, "nr_throttled", "cpu.stat" },
	{ RATION_METRIC_THROTTLED_USEC, RATION_CONTROLLER_CPU, 1000, "throttled_time", "cpu.stat" },
	{ RATION_METRIC_MEMORY_PEAK_BYTES, RATION_CONTROLLER_MEMORY, 1, NULL, "memory.max_usage_in_bytes" },
	{ RATION_METRIC_MEMORY_ANON_BYTES, RATION_CONTROLLER_MEMORY, 1, "rss", "memory.stat" },
	{ RATION_METRIC_MEMORY_FILE_BYTES, RATION_CONTROLLER_MEMORY, 1, "cache", "memory.stat" },
	{ RATION_METRIC_MEMORY_SHMEM_BYTES, RATION_CONTROLLER_MEMORY, 1, "shmem", "memory.stat" },
	{ RATION_METRIC_MEMORY_KERNEL_BYTES, RATION_CONTROLLER_MEMORY, 1, NULL, "memory.kmem.usage_in_bytes" },
	{ RATION_METRIC_OOM_KILLS, RATION_CONTROLLER_MEMORY, 1, "oom_kill", "memory.oom_control" },
	{ RATION_METRIC_PIDS_PEAK, RATION_CONTROLLER_PIDS, 1, NULL, "pids.peak" },
	{ RATION_METRIC_PIDS_REFUSED, RATION_CONTROLLER_PIDS, 1, "max", "pids.events" },
};

/*
 * How much of the CPU time was the user's and how much the kernel's is counted by ticks
 * in v1: their ratio divides the exact sum, as the kernel itself does it for rusage and
 * cgroup2. All is the user's where no tick was the kernel's, as there.
 */
static void divide_cpu_v1(int fd, struct usage *usage)
{
	uint64_t total, user, system, ticks;
	char text[128];

	if (usage_get(usage, RATION_METRIC_CPU_USEC, &total) != RATION_SOURCE_CGROUP1 ||
			!metrics_got(usage, cg_read(fd, "cpuacct.stat", text, sizeof(text))))
		return;
	user = text_key(text, "user");
	system = text_key(text, "system");
	if (user == USAGE_ABSENT || system == USAGE_ABSENT)
		return;
	ticks = user + system;
	/* In two parts, for total * system can be too much for 64 bits. */
	system = system == 0 ? 0 : total / ticks * system + total % ticks * system / ticks;
	usage_set(usage, RATION_METRIC_CPU_SYSTEM_USEC, system, RATION_SOURCE_CGROUP1);
	usage_set(usage, RATION_METRIC_CPU_USER_USEC, total - system, RATION_SOURCE_CGROUP1);
}

void counters_read_usage_v1(const struct place *place, struct usage *usage)
{
	char text[CG_FILE_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(v1_files); i++) {
		enum ration_metric metric = v1_files[i].metric;
		int fd = v1_fd(place, v1_files[i].controller);
		uint64_t value;
		int r;

		/* What cgroup2 counts by itself, it counts as well, and in one file. */
		if (fd < 0 || usage_get(usage, metric, NULL) == RATION_SOURCE_CGROUP2)
			continue;
		if (v1_files[i].key) {
			r = cg_read(fd, v1_files[i].file, text, sizeof(text));
			value = r < 0 ? USAGE_ABSENT : text_key(text, v1_files[i].key);
		} else {
			r = cg_read_u64(fd, v1_files[i].file, &value);
		}
		if (metrics_got(usage, r) && value != USAGE_ABSENT)
			usage_set(usage, metric, value / v1_files[i].per_unit, RATION_SOURCE_CGROUP1);
	}
	divide_cpu_v1(v1_fd(place, RATION_CONTROLLER_CPUACCT), usage);
}

uint64_t counters_cpu_usec(int cpu_stat_fd)
{
	char text[1024];

	if (cg_read_fd(cpu_stat_fd, text, sizeof(text)) < 0)
		return USAGE_ABSENT;
	/* cpuacct.usage is one number, of nanoseconds. */
	return text[0] >= '0' && text[0] <= '9' ? strtoull(text, NULL, 10) / 1000 : text_key(text, "usage_usec");
}
