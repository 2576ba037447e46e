/* SPDX-License-Identifier: MIT */
/*
 * sampler.h - a sampler from inside: its rows, and the files of each
 */
#ifndef RATION_GROUP_SAMPLER_H
#define RATION_GROUP_SAMPLER_H

#include "group/metrics.h"
#include "group/place.h"
#include "ration.h"
#include "util/enum-index.h"

/* Distinct files of all metrics, in cgroup2 and in cgroup v1. */
#define SAMPLER_FILES_MAX (2 * METRIC_INDEX_COUNT)

/* A figure, and the number of its file. NULL: no group has it there. */
struct sampler_source {
	const struct metric_file *at;
	size_t file;
};

struct sampler_column {
	struct sampler_source v2, v1; /* the second where the first has nothing */
};

struct sampler_row {
	struct ration_sampler_group group;
	char *address;
	char *tenant, *name; /* of directories; name is NULL of a tenant */
	size_t old;          /* while scanning: the row that it was before */
	int *fd;             /* one for each file, or a negative errno; NULL: none is kept */
};

struct sampler_rows {
	size_t n, room;
	struct sampler_row *row;
};

struct ration_sampler {
	const struct ration_host *host;
	char only[RATION_NAME_MAX + 1];
	size_t n_columns, n_files;
	struct sampler_column column[METRIC_INDEX_COUNT];
	bool v1; /* some of the files are of cgroup v1 */
	const struct metric_file *file[SAMPLER_FILES_MAX]; /* the first figure of each */
	size_t max_fds, n_fds;
	struct sampler_rows rows;
	char *text;        /* of the file that is read just now */
	size_t text_size;
};

/* Closes the files that a row keeps. */
void sampler_close_files(struct ration_sampler *sampler, struct sampler_row *row);

#endif
