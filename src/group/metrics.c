/* SPDX-License-Identifier: MIT */
/*
 * metrics.c - the figures of a group of cgroup2: in which file each is, and how it stands there
 */
#include "group/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sys/cgroup.h"
#include "util/cleanup.h"

/* Sorted by file, so that each is read once. */
static const struct metric_file metric_files[] = {
	{ RATION_METRIC_CPU_USEC, METRIC_KEY, false, "usage_usec", "cpu.stat" },
	{ RATION_METRIC_CPU_USER_USEC, METRIC_KEY, false, "user_usec", "cpu.stat" },
	{ RATION_METRIC_CPU_SYSTEM_USEC, METRIC_KEY, false, "system_usec", "cpu.stat" },
	{ RATION_METRIC_THROTTLED_COUNT, METRIC_KEY, false, "nr_throttled", "cpu.stat" },
	{ RATION_METRIC_THROTTLED_USEC, METRIC_KEY, false, "throttled_usec", "cpu.stat" },
	{ RATION_METRIC_MEMORY_CURRENT_BYTES, METRIC_NUMBER, true, NULL, "memory.current" },
	{ RATION_METRIC_MEMORY_PEAK_BYTES, METRIC_NUMBER, false, NULL, "memory.peak" },
	{ RATION_METRIC_MEMORY_ANON_BYTES, METRIC_KEY, false, "anon", "memory.stat" },
	{ RATION_METRIC_MEMORY_FILE_BYTES, METRIC_KEY, false, "file", "memory.stat" },
	{ RATION_METRIC_MEMORY_SHMEM_BYTES, METRIC_KEY, false, "shmem", "memory.stat" },
	{ RATION_METRIC_MEMORY_KERNEL_BYTES, METRIC_KEY, false, "kernel", "memory.stat" },
	{ RATION_METRIC_SWAP_CURRENT_BYTES, METRIC_NUMBER, true, NULL, "memory.swap.current" },
	{ RATION_METRIC_SWAP_PEAK_BYTES, METRIC_NUMBER, false, NULL, "memory.swap.peak" },
	{ RATION_METRIC_OOM_KILLS, METRIC_KEY, false, "oom_kill", "memory.events.local" },
	{ RATION_METRIC_MEMORY_HIGH_COUNT, METRIC_KEY, false, "high", "memory.events.local" },
	{ RATION_METRIC_PIDS_CURRENT, METRIC_NUMBER, true, NULL, "pids.current" },
	{ RATION_METRIC_PIDS_PEAK, METRIC_NUMBER, false, NULL, "pids.peak" },
	{ RATION_METRIC_PIDS_REFUSED, METRIC_KEY, false, "max", "pids.events" },
	{ RATION_METRIC_FROZEN_USEC, METRIC_KEY, true, "frozen_usec", "cgroup.stat.local" },
	{ RATION_METRIC_CPU_PRESSURE_SOME_USEC, METRIC_PRESSURE, false, "some", "cpu.pressure" },
	{ RATION_METRIC_MEMORY_PRESSURE_SOME_USEC, METRIC_PRESSURE, false, "some", "memory.pressure" },
	{ RATION_METRIC_MEMORY_PRESSURE_FULL_USEC, METRIC_PRESSURE, false, "full", "memory.pressure" },
	{ RATION_METRIC_IO_PRESSURE_FULL_USEC, METRIC_PRESSURE, false, "full", "io.pressure" },
	{ RATION_METRIC_IO_READ_BYTES, METRIC_DISKS, false, "rbytes=", "io.stat" },
	{ RATION_METRIC_IO_WRITE_BYTES, METRIC_DISKS, false, "wbytes=", "io.stat" },
	{ RATION_METRIC_IO_READ_OPS, METRIC_DISKS, false, "rios=", "io.stat" },
	{ RATION_METRIC_IO_WRITE_OPS, METRIC_DISKS, false, "wios=", "io.stat" },
};

const struct metric_file *metrics_at(size_t i)
{
	return i < ARRAY_SIZE(metric_files) ? &metric_files[i] : NULL;
}

bool metrics_doubt(int code)
{
	/* Answers: there is no such file, this kernel counts nothing, or not what can be understood. */
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

uint64_t metrics_value(const struct metric_file *at, const char *text)
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

/*
 * Reads a file that has a line for each disk, of which there may be thousands, into memory that
 * belongs to the caller. -ENOMEM, -EFBIG, and what cg_read() returns.
 */
static int read_long(int group_fd, const char *file, char **ret_text)
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

void metrics_read(int group_fd, bool live, struct usage *usage)
{
	const struct metric_file *at;
	CLEANUP(freep) char *disks = NULL;
	const char *file = "", *text = NULL;
	char buffer[CG_FILE_MAX];

	for (size_t i = 0; (at = metrics_at(i)); i++) {
		if (at->live && !live)
			continue;
		if (strcmp(file, at->file) != 0) {
			int r = at->form == METRIC_DISKS ? read_long(group_fd, at->file, &disks) :
							   cg_read(group_fd, at->file, buffer, sizeof(buffer));

			file = at->file;
			text = !metrics_got(usage, r) ? NULL : at->form == METRIC_DISKS ? disks : buffer;
		}
		if (text)
			usage_set(usage, at->metric, metrics_value(at, text), RATION_SOURCE_CGROUP2);
	}
}
