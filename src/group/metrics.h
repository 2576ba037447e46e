/* SPDX-License-Identifier: MIT */
/*
 * metrics.h - the figures of a group of cgroup2: in which file each is, and how it stands there
 */
#ifndef RATION_GROUP_METRICS_H
#define RATION_GROUP_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ration.h"
#include "sys/cgroup.h"
#include "util/usage.h"

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
	bool live;       /* what the group has now: nothing of a receipt */
	const char *key; /* NULL: METRIC_NUMBER */
	const char *file;
};

/* Those of one file follow each other. NULL: there are not so many. */
const struct metric_file *metrics_at(size_t i);

/* Reads a figure from the text of its file. USAGE_ABSENT: it isn't there. */
uint64_t metrics_value(const struct metric_file *at, const char *text);

/* The longest file: far more than a line for each of the disks that a kernel can have had I/O on. */
#define METRICS_LONG_MAX (CG_FILE_MAX * 256)

/* Whether `code` says that a figure couldn't be read, though it may be there. */
bool metrics_doubt(int code);

/* Notes in `usage` that something couldn't be read, though it may be there. Returns whether it was read. */
bool metrics_got(struct usage *usage, int code);

/* Reads what the group has used, and if `live` what it has now; what can't be read stays as it is, and is noted. */
void metrics_read(int group_fd, bool live, struct usage *usage);

/* The total of the "some" or "full" line in the text of a pressure file, in usec; USAGE_ABSENT. */
uint64_t metrics_pressure(const char *text, const char *line);

/* The same of the group's memory.pressure. */
uint64_t metrics_memory_pressure(int group_fd, const char *line);

#endif
