/* SPDX-License-Identifier: MIT */
/*
 * sampler.c - chosen figures of many groups, again and again
 *
 * Each group is a row. The files of its figures are opened when it is found, and kept as long as there is
 * room for fds. sampler-read.c reads them.
 */
#include "group/stats/sampler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "group/cgroup1.h"
#include "group/stats/listed.h"
#include "group/stats/metrics.h"
#include "group/stats/sampler-options.h"
#include "host/facts.h"
#include "host/host.h"
#include "host/names.h"
#include "sys/cgroup/cgroup.h"
#include "sys/syscalls.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/enum-index.h"
#include "util/error.h"

/* A row that isn't a new scan's yet, or has no fds. */
#define NO_ROW SIZE_MAX

/* A scan looks at new groups, and at one in so many of those that it knows: of 10,000, few have changed. */
#define LOOK_EVERY 16U

/* --------------------------------------------------------------------- rows */

void sampler_close_files(struct ration_sampler *sampler, struct sampler_row *row)
{
	for (size_t i = 0; row->fd && i < sampler->n_files; i++) {
		if (row->fd[i] < 0)
			continue;
		(void)close_fd(row->fd[i]);
		sampler->n_fds--;
	}
	free(row->fd);
	row->fd = NULL;
}

static void row_done(struct ration_sampler *sampler, struct sampler_row *row)
{
	sampler_close_files(sampler, row);
	free(row->address);
	free(row->tenant);
	free(row->name);
}

static void rows_done(struct ration_sampler *sampler, struct sampler_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		row_done(sampler, &rows->row[i]);
	free(rows->row);
	*rows = (struct sampler_rows){ .n = 0 };
}

static struct sampler_row *rows_add(struct sampler_rows *rows)
{
	struct sampler_row *row = array_grow(rows->row, rows->n, &rows->room, sizeof(*row));

	if (!row)
		return NULL;
	rows->row = row;
	return memset(&row[rows->n], 0, sizeof(*row));
}

static int compare_rows(const void *a, const void *b)
{
	return listed_compare(((const struct sampler_row *)a)->address, ((const struct sampler_row *)b)->address);
}

/* --------------------------------------------------------------------- scan */

struct by_id {
	uint64_t id;
	size_t row;
};

struct scan {
	struct ration_sampler *sampler;
	struct sampler_rows rows;
	struct by_id *old; /* the rows before, sorted by id */
};

static int compare_ids(const void *a, const void *b)
{
	uint64_t x = ((const struct by_id *)a)->id, y = ((const struct by_id *)b)->id;

	return (x > y) - (x < y);
}

static struct by_id *sort_ids(const struct sampler_rows *rows)
{
	struct by_id *ids = calloc(rows->n + 1, sizeof(*ids));

	for (size_t i = 0; ids && i < rows->n; i++)
		ids[i] = (struct by_id){ rows->row[i].group.id, i };
	if (ids)
		qsort(ids, rows->n, sizeof(ids[0]), compare_ids);
	return ids;
}

static size_t find_old(const struct scan *scan, uint64_t id)
{
	const struct by_id key = { .id = id };
	const struct by_id *at = bsearch(&key, scan->old, scan->sampler->rows.n, sizeof(key), compare_ids);

	return at && !scan->sampler->rows.row[at->row].group.gone ? at->row : NO_ROW;
}

/* Opens a file of a group: in its directory, or in the one that it has in cgroup v1. */
static int open_file(const struct metric_file *file, int dir_fd, const struct place *v1)
{
	int fd = file->controller ? v1_fd(v1, file->controller) : dir_fd;

	return fd < 0 ? -ENOENT : cg_open_file(fd, file->file);
}

/* Opens the files of a row, all or none. What isn't there is noted; there is no room, or no file at all: none is kept. */
static int open_files(struct ration_sampler *sampler, struct sampler_row *row, int dir_fd, const struct place *v1)
{
	size_t n = 0;

	if (sampler->n_fds + sampler->n_files > sampler->max_fds)
		return 0;
	row->fd = malloc((sampler->n_files + 1) * sizeof(row->fd[0]));
	if (!row->fd)
		return -ENOMEM;
	for (size_t i = 0; i < sampler->n_files; i++)
		row->fd[i] = -ENOENT;
	for (size_t i = 0; i < sampler->n_files; i++) {
		int fd = open_file(sampler->file[i], dir_fd, v1);

		if (fd == -EMFILE || fd == -ENFILE) {
			sampler_close_files(sampler, row);
			return 0;
		}
		if (facts_doubt(fd)) {
			sampler_close_files(sampler, row);
			return fd;
		}
		row->fd[i] = fd;
		n += fd >= 0;
		sampler->n_fds += fd >= 0;
	}
	/* Only a file tells that its group has gone. */
	if (n == 0)
		sampler_close_files(sampler, row);
	return 0;
}

/*
 * A controller can have come since: then its files have. One that can't be kept is opened for each reading, as
 * all of its row.
 */
static void open_missing(struct ration_sampler *sampler, struct sampler_row *row, int dir_fd, const struct place *v1)
{
	for (size_t i = 0; row->fd && i < sampler->n_files; i++) {
		int fd = row->fd[i] == -ENOENT ? open_file(sampler->file[i], dir_fd, v1) : -ENOENT;

		if (fd == -ENOENT)
			continue;
		if (fd < 0 || sampler->n_fds >= sampler->max_fds) {
			(void)close_fd(fd);
			sampler_close_files(sampler, row);
			return;
		}
		row->fd[i] = fd;
		sampler->n_fds++;
	}
}

/* `name` is NULL of a tenant. */
static int name_row(struct sampler_row *row, const char *tenant, const char *name)
{
	char address[NAMES_SHOWN_MAX];

	row->address = strdup(names_show(address, tenant, name));
	row->tenant = strdup(tenant);
	row->name = name ? strdup(name) : NULL;
	return row->address && row->tenant && (row->name || !name) ? 0 : -ENOMEM;
}

/* Mixed, since inodes of groups made one after the other are as far apart as a group has files: often a multiple of that. */
static bool is_its_turn(const struct ration_sampler *sampler, uint64_t inode)
{
	uint64_t mixed = inode * 0x9E3779B97F4A7C15U;

	return ((mixed >> 32) + sampler->n_scans) % LOOK_EVERY == 0;
}

/* One that was there at the last scan is the same if it has its inode and its name; it is looked at when it is its turn. */
static int know_row(const char *tenant, const char *name, uint64_t inode, void *data)
{
	struct scan *scan = data;
	size_t old = find_old(scan, inode);
	const struct sampler_row *was = old == NO_ROW ? NULL : &scan->sampler->rows.row[old];
	struct sampler_row *row;

	if (!was || !was->name || strcmp(was->name, name) != 0 || strcmp(was->tenant, tenant) != 0 ||
			is_its_turn(scan->sampler, inode))
		return 0;
	row = rows_add(&scan->rows);
	if (!row)
		return -ENOMEM;
	row->group = was->group;
	row->old = old;
	scan->rows.n++;
	return name_row(row, tenant, name) < 0 ? -ENOMEM : 1;
}

static int find_row(const struct listed *at, void *data)
{
	struct scan *scan = data;
	CLEANUP(place_close) struct place v1 = PLACE_NONE;
	struct sampler_row *row = rows_add(&scan->rows);
	int r;

	if (!row)
		return -ENOMEM;
	row->group = (struct ration_sampler_group){ .size = sizeof(row->group), .is_tenant = !at->name, .uid = at->st.st_uid,
		.id = at->st.st_ino };
	row->old = find_old(scan, row->group.id);
	scan->rows.n++;
	r = name_row(row, at->tenant, at->name);
	if (r == 0 && scan->sampler->v1)
		r = listed_open_v1(host_now(scan->sampler->host), at, &v1);
	if (r < 0)
		return r;
	if (row->old == NO_ROW || !scan->sampler->rows.row[row->old].fd)
		return open_files(scan->sampler, row, at->fd, &v1);
	open_missing(scan->sampler, &scan->sampler->rows.row[row->old], at->fd, &v1);
	return 0;
}

/* From now on the new rows count; they have what the old ones keep open. */
static void take_rows(struct ration_sampler *sampler, struct sampler_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct sampler_row *row = &rows->row[i];

		if (row->old != NO_ROW && !row->fd)
			row->fd = TAKE_PTR(sampler->rows.row[row->old].fd);
	}
	rows_done(sampler, &sampler->rows);
	if (rows->n > 0)
		qsort(rows->row, rows->n, sizeof(rows->row[0]), compare_rows);
	for (size_t i = 0; i < rows->n; i++)
		rows->row[i].group.address = rows->row[i].address;
	sampler->rows = *rows;
	*rows = (struct sampler_rows){ .n = 0 };
}

int ration_sampler_scan(struct ration_sampler *sampler, struct ration_error *reterr)
{
	struct scan scan = { .sampler = sampler };
	const struct listed_visitor visitor = { .known = know_row, .visit = find_row, .data = &scan };
	CLEANUP(freep) struct by_id *old = sort_ids(&sampler->rows);
	int r;

	if (!old)
		return error_oom(reterr);
	scan.old = old;
	if (sampler->alone)
		r = listed_one(host_now(sampler->host), sampler->only, sampler->name, &visitor, reterr);
	else
		r = listed_each(host_now(sampler->host), sampler->only[0] ? sampler->only : NULL, &visitor, reterr);
	if (r < 0) {
		rows_done(sampler, &scan.rows);
		return r;
	}
	take_rows(sampler, &scan.rows);
	sampler->n_scans++;
	return (int)sampler->rows.n;
}

/* ------------------------------------------------------------- life, answers */

/* Finds a metric in cgroup2, or in the hierarchies of `controllers` of cgroup v1. */
static const struct metric_file *find_metric(enum ration_metric metric, uint32_t controllers)
{
	const struct metric_file *at;

	for (size_t i = 0; (at = metrics_at(i)); i++) {
		if (at->metric == metric && (controllers ? at->controller & controllers : at->controller == 0))
			return at;
	}
	return NULL;
}

static bool same_file(const struct metric_file *a, const struct metric_file *b)
{
	return a->controller == b->controller && strcmp(a->file, b->file) == 0;
}

static bool has_file(const struct ration_sampler *sampler, const struct metric_file *at)
{
	for (size_t i = 0; i < sampler->n_files; i++) {
		if (same_file(sampler->file[i], at))
			return true;
	}
	return false;
}

/* All figures of a file. */
static void add_file(struct ration_sampler *sampler, const struct ration_sampler_options *options, uint32_t controllers,
		const struct metric_file *file)
{
	size_t n = sampler->begin[sampler->n_files];

	for (size_t i = 0; i < options->n_metrics; i++) {
		const struct metric_file *at = find_metric(options->metrics[i], controllers);

		if (at && same_file(at, file))
			sampler->figure[n++] = (struct sampler_figure) { at, i };
	}
	sampler->file[sampler->n_files++] = file;
	sampler->begin[sampler->n_files] = n;
}

static void add_files(struct ration_sampler *sampler, const struct ration_sampler_options *options, uint32_t controllers)
{
	for (size_t i = 0; i < options->n_metrics; i++) {
		const struct metric_file *at = find_metric(options->metrics[i], controllers);

		if (at && !has_file(sampler, at))
			add_file(sampler, options, controllers, at);
	}
}

/* First all files of cgroup2: what it counts, counts. */
static void take_metrics(struct ration_sampler *sampler, const struct ration_sampler_options *options)
{
	uint32_t controllers = host_now(sampler->host)->facts.v1_controllers;
	size_t n;

	sampler->n_columns = options->n_metrics;
	add_files(sampler, options, 0);
	n = sampler->n_files;
	if (controllers)
		add_files(sampler, options, controllers);
	sampler->v1 = sampler->n_files > n;
}

static size_t half_of_nofile(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	return limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX / 2 : (size_t)(limit.rlim_cur / 2);
}

static void freesamplerp(struct ration_sampler **sampler)
{
	*sampler = ration_sampler_free(*sampler);
}

int ration_sampler_new(const struct ration_host *host, const struct ration_sampler_options *given,
		struct ration_sampler **ret_sampler, struct ration_error *reterr)
{
	CLEANUP(freesamplerp) struct ration_sampler *sampler = NULL;
	struct ration_sampler_options options;
	int r = sampler_take_options(host, given, &options, reterr);

	if (r < 0)
		return r;
	sampler = calloc(1, sizeof(*sampler));
	if (!sampler)
		return error_oom(reterr);
	sampler->host = host;
	if (options.tenant)
		(void)strcpy(sampler->only, options.tenant);
	sampler->alone = options.address != NULL;
	/* It has been checked. */
	if (sampler->alone)
		(void)names_parse(options.address, sampler->only, sampler->name, NULL);
	sampler->max_fds = options.max_fds > 0 ? options.max_fds : half_of_nofile();
	take_metrics(sampler, &options);
	sampler->text_size = CG_FILE_MAX;
	sampler->text = malloc(sampler->text_size);
	if (!sampler->text)
		return error_oom(reterr);
	r = ration_sampler_scan(sampler, reterr);
	if (r < 0)
		return r;
	*ret_sampler = TAKE_PTR(sampler);
	return 0;
}

struct ration_sampler *ration_sampler_free(struct ration_sampler *sampler)
{
	if (sampler) {
		rows_done(sampler, &sampler->rows);
		free(sampler->text);
		free(sampler);
	}
	return NULL;
}

size_t ration_sampler_count(const struct ration_sampler *sampler)
{
	return sampler->rows.n;
}

const struct ration_sampler_group *ration_sampler_group(const struct ration_sampler *sampler, size_t i)
{
	return i < sampler->rows.n ? &sampler->rows.row[i].group : NULL;
}

size_t ration_sampler_fds(const struct ration_sampler *sampler)
{
	return sampler->n_fds;
}
