/* SPDX-License-Identifier: MIT */
/*
 * metrics.h - the figures of a group: in which file each is, and how it stands there
 */
#ifndef RATION_GROUP_STATS_METRICS_H
#define RATION_GROUP_STATS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "group/place.h"
#include "ration.h"
#include "sys/cgroup/cgroup.h"
#include "util/usage.h"

/* Sets of metrics: a bit for each, at its index. */
#define METRIC_BIT(NAME) (UINT64_C(1) << METRIC_INDEX_##NAME)
#define METRICS_ALL UINT64_MAX
/* What a group has now: nothing of a receipt. */
#define METRICS_LIVE \
	(METRIC_BIT(MEMORY_CURRENT_BYTES) | METRIC_BIT(SWAP_CURRENT_BYTES) | METRIC_BIT(PIDS_CURRENT) | METRIC_BIT(FROZEN_USEC))
/* Those whose files come with a controller of cgroup2. */
#define METRICS_OF_MEMORY                                                                                             \
	(METRIC_BIT(MEMORY_CURRENT_BYTES) | METRIC_BIT(MEMORY_PEAK_BYTES) | METRIC_BIT(MEMORY_ANON_BYTES) |            \
			METRIC_BIT(MEMORY_FILE_BYTES) | METRIC_BIT(MEMORY_SHMEM_BYTES) | METRIC_BIT(MEMORY_KERNEL_BYTES) | \
			METRIC_BIT(SWAP_CURRENT_BYTES) | METRIC_BIT(SWAP_PEAK_BYTES) | METRIC_BIT(OOM_KILLS) |         \
			METRIC_BIT(MEMORY_HIGH_COUNT))
#define METRICS_OF_PIDS (METRIC_BIT(PIDS_CURRENT) | METRIC_BIT(PIDS_PEAK) | METRIC_BIT(PIDS_REFUSED))
#define METRICS_OF_IO                                                                                                 \
	(METRIC_BIT(IO_READ_BYTES) | METRIC_BIT(IO_WRITE_BYTES) | METRIC_BIT(IO_READ_OPS) | METRIC_BIT(IO_WRITE_OPS))

/* How a figure stands in its file. */
enum metric_form {
	METRIC_NUMBER,   /* the file is one number */
	METRIC_KEY,      /* the number behind `key`, which begins a line */
	METRIC_PRESSURE, /* the total of the line that begins with `key` */
	METRIC_DISKS,    /* the sum over all lines, a disk each, of what is behind `key` */
};

struct metric_file {
	enum ration_metric metric;
	enum metric_form form;
	const char *key; /* NULL: METRIC_NUMBER */
	const char *file;
	uint32_t controller; /* in whose hierarchy of cgroup v1 it is; 0: in cgroup2 */
	unsigned per_unit;   /* what is a unit of the metric there: 1000 ns are a microsecond; 0: 1 */
};

/*
 * Those of cgroup2, and then those of cgroup v1; those of one file follow each other. NULL: there are not so many.
 * The CPU time of the user and of the kernel isn't among those of v1: only metrics_read_v1() has it.
 */
const struct metric_file *metrics_at(size_t i);

/* Reads a figure from the text of its file. USAGE_ABSENT: it isn't there. */
uint64_t metrics_value(const struct metric_file *at, const char *text);

/* The longest file: far more than a line for each of the disks that a kernel can have had I/O on. */
#define METRICS_LONG_MAX (CG_FILE_MAX * 256)

/*
 * Reads a file that has a line for each disk, of which there may be thousands; the caller frees the text.
 * -ENOMEM, -EFBIG, and what cg_read() returns.
 */
int metrics_read_long(int group_fd, const char *file, char **ret_text);

/* Whether `code` means that a metric couldn't be read although it may exist. */
bool metrics_doubt(int code);

/* Notes in `usage` if a metric couldn't be read although it may exist. Returns whether it was read. */
bool metrics_got(struct usage *usage, int code);

/*
 * Reads those of `metrics` that cgroup2 has, each file once. A metric that can't be read is left unchanged,
 * and that is noted. `ret_share`, may be NULL: cg_text_share() of "some" in memory.pressure.
 */
void metrics_read(int group_fd, uint64_t metrics, struct usage *usage, uint64_t *ret_share);

/* Reads those of `metrics` that the group's directories in cgroup v1 have, and `usage` hasn't of cgroup2. */
void metrics_read_v1(const struct place *place, uint64_t metrics, struct usage *usage);

/* The total of the "some" or "full" line in the text of a pressure file, in usec; USAGE_ABSENT. */
uint64_t metrics_pressure(const char *text, const char *line);

/* The same of the group's memory.pressure. */
uint64_t metrics_memory_pressure(int group_fd, const char *line);

#endif
