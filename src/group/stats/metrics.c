/* SPDX-License-Identifier: MIT */
/*
 * metrics.c - the figures of a group: in which file each is, and how it stands there
 */
#include "group/stats/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group/cgroup1.h"
#include "sys/cgroup/cgroup.h"
#include "util/cleanup.h"

/* Sorted by hierarchy and file, so that each is read once. */
static const struct metric_file metric_files[] = {
	{ RATION_METRIC_CPU_USEC, METRIC_KEY, "usage_usec", "cpu.stat", 0, 0 },
	{ RATION_METRIC_CPU_USER_USEC, METRIC_KEY, "user_usec", "cpu.stat", 0, 0 },
	{ RATION_METRIC_CPU_SYSTEM_USEC, METRIC_KEY, "system_usec", "cpu.stat", 0, 0 },
	{ RATION_METRIC_THROTTLED_COUNT, METRIC_KEY, "nr_throttled", "cpu.stat", 0, 0 },
	{ RATION_METRIC_THROTTLED_USEC, METRIC_KEY, "throttled_usec", "cpu.stat", 0, 0 },
	{ RATION_METRIC_MEMORY_CURRENT_BYTES, METRIC_NUMBER, NULL, "memory.current", 0, 0 },
	{ RATION_METRIC_MEMORY_PEAK_BYTES, METRIC_NUMBER, NULL, "memory.peak", 0, 0 },
	{ RATION_METRIC_MEMORY_ANON_BYTES, METRIC_KEY, "anon", "memory.stat", 0, 0 },
	{ RATION_METRIC_MEMORY_FILE_BYTES, METRIC_KEY, "file", "memory.stat", 0, 0 },
	{ RATION_METRIC_MEMORY_SHMEM_BYTES, METRIC_KEY, "shmem", "memory.stat", 0, 0 },
	{ RATION_METRIC_MEMORY_KERNEL_BYTES, METRIC_KEY, "kernel", "memory.stat", 0, 0 },
	{ RATION_METRIC_SWAP_CURRENT_BYTES, METRIC_NUMBER, NULL, "memory.swap.current", 0, 0 },
	{ RATION_METRIC_SWAP_PEAK_BYTES, METRIC_NUMBER, NULL, "memory.swap.peak", 0, 0 },
	{ RATION_METRIC_OOM_KILLS, METRIC_KEY, "oom_kill", "memory.events.local", 0, 0 },
	{ RATION_METRIC_MEMORY_HIGH_COUNT, METRIC_KEY, "high", "memory.events.local", 0, 0 },
	{ RATION_METRIC_PIDS_CURRENT, METRIC_NUMBER, NULL, "pids.current", 0, 0 },
	{ RATION_METRIC_PIDS_PEAK, METRIC_NUMBER, NULL, "pids.peak", 0, 0 },
	{ RATION_METRIC_PIDS_REFUSED, METRIC_KEY, "max", "pids.events", 0, 0 },
	{ RATION_METRIC_FROZEN_USEC, METRIC_KEY, "frozen_usec", "cgroup.stat.local", 0, 0 },
	{ RATION_METRIC_CPU_PRESSURE_SOME_USEC, METRIC_PRESSURE, "some", "cpu.pressure", 0, 0 },
	{ RATION_METRIC_MEMORY_PRESSURE_SOME_USEC, METRIC_PRESSURE, "some", "memory.pressure", 0, 0 },
	{ RATION_METRIC_MEMORY_PRESSURE_FULL_USEC, METRIC_PRESSURE, "full", "memory.pressure", 0, 0 },
	{ RATION_METRIC_IO_PRESSURE_FULL_USEC, METRIC_PRESSURE, "full", "io.pressure", 0, 0 },
	{ RATION_METRIC_IO_READ_BYTES, METRIC_DISKS, "rbytes=", "io.stat", 0, 0 },
	{ RATION_METRIC_IO_WRITE_BYTES, METRIC_DISKS, "wbytes=", "io.stat", 0, 0 },
	{ RATION_METRIC_IO_READ_OPS, METRIC_DISKS, "rios=", "io.stat", 0, 0 },
	{ RATION_METRIC_IO_WRITE_OPS, METRIC_DISKS, "wios=", "io.stat", 0, 0 },
	{ RATION_METRIC_CPU_USEC, METRIC_NUMBER, NULL, "cpuacct.usage", RATION_CONTROLLER_CPUACCT, 1000 },
	{ RATION_METRIC_THROTTLED_COUNT, METRIC_KEY, "nr_throttled", "cpu.stat", RATION_CONTROLLER_CPU, 0 },
	{ RATION_METRIC_THROTTLED_USEC, METRIC_KEY, "throttled_time", "cpu.stat", RATION_CONTROLLER_CPU, 1000 },
	{ RATION_METRIC_MEMORY_CURRENT_BYTES, METRIC_NUMBER, NULL, "memory.usage_in_bytes", RATION_CONTROLLER_MEMORY, 0 },
	{ RATION_METRIC_MEMORY_PEAK_BYTES, METRIC_NUMBER, NULL, "memory.max_usage_in_bytes", RATION_CONTROLLER_MEMORY, 0 },
	{ RATION_METRIC_MEMORY_ANON_BYTES, METRIC_KEY, "rss", "memory.stat", RATION_CONTROLLER_MEMORY, 0 },
	{ RATION_METRIC_MEMORY_FILE_BYTES, METRIC_KEY, "cache", "memory.stat", RATION_CONTROLLER_MEMORY, 0 },
	{ RATION_METRIC_MEMORY_SHMEM_BYTES, METRIC_KEY, "shmem", "memory.stat", RATION_CONTROLLER_MEMORY, 0 },
	{ RATION_METRIC_MEMORY_KERNEL_BYTES, METRIC_NUMBER, NULL, "memory.kmem.usage_in_bytes", RATION_CONTROLLER_MEMORY, 0 },
	{ RATION_METRIC_OOM_KILLS, METRIC_KEY, "oom_kill", "memory.oom_control", RATION_CONTROLLER_MEMORY, 0 },
	{ RATION_METRIC_PIDS_CURRENT, METRIC_NUMBER, NULL, "pids.current", RATION_CONTROLLER_PIDS, 0 },
	{ RATION_METRIC_PIDS_PEAK, METRIC_NUMBER, NULL, "pids.peak", RATION_CONTROLLER_PIDS, 0 },
	{ RATION_METRIC_PIDS_REFUSED, METRIC_KEY, "max", "pids.events", RATION_CONTROLLER_PIDS, 0 },
};

const struct metric_file *metrics_at(size_t i)
{
	return i < ARRAY_SIZE(metric_files) ? &metric_files[i] : NULL;
}

bool metrics_doubt(int code)
{
	/*
	 * Answers, not failures: there is no such file, this kernel doesn't count it, or the content isn't
	 * understood.
	 */
	static const int answers[] = { -ENOENT, -EOPNOTSUPP, -EINVAL, -ERANGE, -EFBIG, -EBADMSG };

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		if (code == answers[i])
			return false;
	}
	return code < 0;
}

bool metrics_got(struct usage *usage, int code)
{
	if (metrics_doubt(code) && !usage->unread)
		usage->unread = code;
	return code >= 0;
}

uint64_t metrics_pressure(const char *text, const char *line)
{
	const char *at = strstr(text, line);
	const char *end = at ? strchrnul(at, '\n') : NULL;
	uint64_t total;

	at = at ? strstr(at, "total=") : NULL;
	return at && at < end && cg_text_u64(at + strlen("total="), &total) == 0 ? total : USAGE_ABSENT;
}

uint64_t metrics_memory_pressure(int group_fd, const char *line)
{
	char text[512];

	return cg_read(group_fd, "memory.pressure", text, sizeof(text)) < 0 ? USAGE_ABSENT : metrics_pressure(text, line);
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 …", a line a disk. */
static uint64_t sum_of_disks(const char *text, const char *key)
{
	size_t length = strlen(key);
	uint64_t sum = 0;

	for (const char *at = text; (at = strstr(at, key)); at += length)
		sum += strtoull(at + length, NULL, 10);
	return sum;
}

static uint64_t value_of(const struct metric_file *at, const char *text)
{
	uint64_t value;

	switch (at->form) {
	case METRIC_NUMBER:
		return cg_text_u64(text, &value) < 0 ? USAGE_ABSENT : value;
	case METRIC_KEY:
		return cg_text_key(text, at->key, &value) < 0 ? USAGE_ABSENT : value;
	case METRIC_PRESSURE:
		return metrics_pressure(text, at->key);
	case METRIC_DISKS:
		return sum_of_disks(text, at->key);
	}
	return USAGE_ABSENT;
}

uint64_t metrics_value(const struct metric_file *at, const char *text)
{
	uint64_t value = value_of(at, text);

	return value == USAGE_ABSENT || at->per_unit == 0 ? value : value / at->per_unit;
}

/* ------------------------------------------------------------------ reading */

/* The file that was read last. */
struct reading {
	const char *file;
	uint32_t controller;
	char *disks; /* a long one */
	char text[CG_FILE_MAX];
};

static void reading_done(struct reading *reading)
{
	free(reading->disks);
	reading->disks = NULL;
}

int metrics_read_long(int group_fd, const char *file, char **ret_text)
{
	int r = -EFBIG;

	for (size_t size = CG_FILE_MAX; r == -EFBIG && size <= METRICS_LONG_MAX; size *= 4) {
		CLEANUP(freep) char *text = malloc(size);

		r = text ? cg_read(group_fd, file, text, size) : -ENOMEM;
		if (r >= 0)
			*ret_text = TAKE_PTR(text);
	}
	return r;
}

/*
 * Returns the text of a metric's file, which may be that of the metric before; NULL: it can't be read, and
 * that is noted.
 */
static const char *text_of(struct reading *reading, int fd, const struct metric_file *at, struct usage *usage)
{
	int r;

	if (!reading->file || strcmp(reading->file, at->file) != 0 || reading->controller != at->controller) {
		reading_done(reading);
		reading->file = at->file;
		reading->controller = at->controller;
		r = at->form == METRIC_DISKS ? metrics_read_long(fd, at->file, &reading->disks) :
					       cg_read(fd, at->file, reading->text, sizeof(reading->text));
		if (!metrics_got(usage, r))
			reading->text[0] = '\0';
	}
	if (at->form == METRIC_DISKS)
		return reading->disks;
	return reading->text[0] ? reading->text : NULL;
}

static bool is_in(uint64_t metrics, enum ration_metric metric)
{
	return metrics >> metric_index(metric) & 1;
}

void metrics_read(int group_fd, uint64_t metrics, struct usage *usage, uint64_t *ret_share)
{
	CLEANUP(reading_done) struct reading reading = { .file = NULL };

	if (ret_share)
		*ret_share = RATION_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(metric_files) && metric_files[i].controller == 0; i++) {
		const struct metric_file *at = &metric_files[i];
		bool share = ret_share && strcmp(at->file, "memory.pressure") == 0;
		const char *text = share || is_in(metrics, at->metric) ? text_of(&reading, group_fd, at, usage) : NULL;

		if (text && share)
			(void)cg_text_share(text, "some", ret_share);
		if (text && is_in(metrics, at->metric))
			usage_set(usage, at->metric, metrics_value(at, text), RATION_SOURCE_CGROUP2);
	}
}

/* ---------------------------------------------------------------- cgroup v1 */

/*
 * v1 counts user and system CPU time in ticks. Their ratio divides the exact sum, as the kernel itself does
 * for rusage and cgroup2. As there, all of it counts as user time if there was no system tick.
 */
static void divide_cpu_v1(int fd, struct usage *usage)
{
	uint64_t total, user, system, ticks;
	char text[128];

	if (usage_get(usage, RATION_METRIC_CPU_USEC, &total) != RATION_SOURCE_CGROUP1 ||
			!metrics_got(usage, cg_read(fd, "cpuacct.stat", text, sizeof(text))) ||
			cg_text_key(text, "user", &user) < 0 || cg_text_key(text, "system", &system) < 0)
		return;
	ticks = user + system;
	/* In two parts, because total * system can exceed 64 bits. */
	system = system == 0 ? 0 : total / ticks * system + total % ticks * system / ticks;
	usage_set(usage, RATION_METRIC_CPU_SYSTEM_USEC, system, RATION_SOURCE_CGROUP1);
	usage_set(usage, RATION_METRIC_CPU_USER_USEC, total - system, RATION_SOURCE_CGROUP1);
}

void metrics_read_v1(const struct place *place, uint64_t metrics, struct usage *usage)
{
	CLEANUP(reading_done) struct reading reading = { .file = NULL };

	for (size_t i = 0; i < ARRAY_SIZE(metric_files); i++) {
		const struct metric_file *at = &metric_files[i];
		int fd = at->controller ? v1_fd(place, at->controller) : -EBADF;
		const char *text;

		/* What cgroup2 counts itself, it counts as well as v1, and in one file. */
		if (fd < 0 || !is_in(metrics, at->metric) || usage_get(usage, at->metric, NULL) == RATION_SOURCE_CGROUP2)
			continue;
		text = text_of(&reading, fd, at, usage);
		if (text)
			usage_set(usage, at->metric, metrics_value(at, text), RATION_SOURCE_CGROUP1);
	}
	if (metrics & (METRIC_BIT(CPU_USER_USEC) | METRIC_BIT(CPU_SYSTEM_USEC)))
		divide_cpu_v1(v1_fd(place, RATION_CONTROLLER_CPUACCT), usage);
}
