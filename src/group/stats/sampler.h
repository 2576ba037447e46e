/* SPDX-License-Identifier: MIT */
/*
 * sampler.h - a sampler from inside: its rows, and the files of each
 */
#ifndef RATION_GROUP_STATS_SAMPLER_H
#define RATION_GROUP_STATS_SAMPLER_H

#include "group/place.h"
#include "group/stats/metrics.h"
#include "ration.h"
#include "util/enum-index.h"

/* Distinct files of all metrics, in cgroup2 and in cgroup v1. */
#define SAMPLER_FILES_MAX (2 * METRIC_INDEX_COUNT)

/* A figure in a file, and where it is put: there are two of one that cgroup2 or cgroup v1 may count. */
struct sampler_figure {
	const struct metric_file *at;
	size_t column;
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
	char only[RATION_NAME_MAX + 1];  /* a tenant, or "": all */
	bool alone;                      /* of that tenant this one alone: */
	char name[RATION_NAME_MAX + 1];  /* a group of it, or "": itself */
	size_t n_columns, n_files;
	bool v1; /* some of the files are of cgroup v1 */
	const struct metric_file *file[SAMPLER_FILES_MAX];        /* the first figure of each */
	struct sampler_figure figure[SAMPLER_FILES_MAX];          /* those of a file follow each other */
	size_t begin[SAMPLER_FILES_MAX + 1];                      /* where they do, for each file and behind the last */
	size_t max_fds, n_fds;
	uint64_t n_scans;
	struct sampler_rows rows;
	char *text;        /* of the file that is read just now */
	size_t text_size;
};

/* Closes the files that a row keeps. */
void sampler_close_files(struct ration_sampler *sampler, struct sampler_row *row);

#endif
