/* SPDX-License-Identifier: MIT */
/*
 * sampler.c - chosen figures of many groups, again and again
 *
 * Each group is a row. The files of its figures are opened when it is found, and kept as long as there is
 * room for fds; those of other rows are opened for each reading, in the directory that the row was made of
 * and in no other of its name. A file of a group that has gone says so by itself (ENODEV).
 */
#include "ration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "group/listed.h"
#include "group/metrics.h"
#include "group/nodes.h"
#include "group/sampler-options.h"
#include "host/facts.h"
#include "host/host.h"
#include "host/names.h"
#include "sys/cgroup.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/enum-index.h"
#include "util/error.h"

/* Distinct files of all metrics. */
#define FILES_MAX METRIC_INDEX_COUNT

/* A row that isn't a new scan's yet, or has no fds. */
#define NO_ROW SIZE_MAX

struct column {
	const struct metric_file *at; /* NULL: no group of cgroup2 has it */
	size_t file;
};

struct row {
	struct ration_sampler_group group;
	char *address;
	char *tenant, *name; /* of directories; name is NULL of a tenant */
	size_t old;          /* while scanning: the row that it was before */
	int *fd;             /* one for each file, or a negative errno; NULL: none is kept */
};

struct rows {
	size_t n, room;
	struct row *row;
};

struct ration_sampler {
	const struct ration_host *host;
	char only[RATION_NAME_MAX + 1];
	size_t n_columns, n_files;
	struct column column[METRIC_INDEX_COUNT];
	const struct metric_file *file[FILES_MAX]; /* the first figure of each */
	size_t max_fds, n_fds;
	struct rows rows;
	char *text;        /* of the file that is read just now */
	size_t text_size;
};

/* --------------------------------------------------------------------- rows */

static void close_files(struct ration_sampler *sampler, struct row *row)
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

static void row_done(struct ration_sampler *sampler, struct row *row)
{
	close_files(sampler, row);
	free(row->address);
	free(row->tenant);
	free(row->name);
}

static void rows_done(struct ration_sampler *sampler, struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		row_done(sampler, &rows->row[i]);
	free(rows->row);
	*rows = (struct rows){ .n = 0 };
}

static struct row *rows_add(struct rows *rows)
{
	if (rows->n == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 16;
		struct row *row = reallocarray(rows->row, room, sizeof(*row));

		if (!row)
			return NULL;
		rows->row = row;
		rows->room = room;
	}
	return memset(&rows->row[rows->n], 0, sizeof(rows->row[0]));
}

static int compare_rows(const void *a, const void *b)
{
	return listed_compare(((const struct row *)a)->address, ((const struct row *)b)->address);
}

/* --------------------------------------------------------------------- scan */

struct by_id {
	uint64_t id;
	size_t row;
};

struct scan {
	struct ration_sampler *sampler;
	struct rows rows;
	struct by_id *old; /* the rows before, sorted by id */
};

static int compare_ids(const void *a, const void *b)
{
	uint64_t x = ((const struct by_id *)a)->id, y = ((const struct by_id *)b)->id;

	return (x > y) - (x < y);
}

static struct by_id *sort_ids(const struct rows *rows)
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

/* Opens the files of a row, all or none. What isn't there is noted; there is no room: none is kept. */
static int open_files(struct ration_sampler *sampler, struct row *row, int dir_fd)
{
	if (sampler->n_fds + sampler->n_files > sampler->max_fds)
		return 0;
	row->fd = malloc((sampler->n_files + 1) * sizeof(row->fd[0]));
	if (!row->fd)
		return -ENOMEM;
	for (size_t i = 0; i < sampler->n_files; i++)
		row->fd[i] = -ENOENT;
	for (size_t i = 0; i < sampler->n_files; i++) {
		int fd = cg_open_file(dir_fd, sampler->file[i]->file);

		if (fd == -EMFILE || fd == -ENFILE) {
			close_files(sampler, row);
			return 0;
		}
		if (facts_doubt(fd)) {
			close_files(sampler, row);
			return fd;
		}
		row->fd[i] = fd;
		sampler->n_fds += fd >= 0;
	}
	return 0;
}

/*
 * A controller can have come since: then its files have. One that can't be kept is opened for each reading, as
 * all of its row.
 */
static void open_missing(struct ration_sampler *sampler, struct row *row, int dir_fd)
{
	for (size_t i = 0; row->fd && i < sampler->n_files; i++) {
		int fd = row->fd[i] == -ENOENT ? cg_open_file(dir_fd, sampler->file[i]->file) : -ENOENT;

		if (fd == -ENOENT)
			continue;
		if (fd < 0 || sampler->n_fds >= sampler->max_fds) {
			(void)close_fd(fd);
			close_files(sampler, row);
			return;
		}
		row->fd[i] = fd;
		sampler->n_fds++;
	}
}

static int name_row(struct row *row, const struct listed *at)
{
	char address[NAMES_SHOWN_MAX];

	row->address = strdup(names_show(address, at->tenant, at->name));
	row->tenant = strdup(at->tenant);
	row->name = at->name ? strdup(at->name) : NULL;
	return row->address && row->tenant && (row->name || !at->name) ? 0 : -ENOMEM;
}

static int find_row(const struct listed *at, void *data)
{
	struct scan *scan = data;
	struct row *row = rows_add(&scan->rows);
	int r;

	if (!row)
		return -ENOMEM;
	row->group = (struct ration_sampler_group){ .size = sizeof(row->group), .is_tenant = !at->name, .uid = at->st.st_uid,
		.id = at->st.st_ino };
	row->old = find_old(scan, row->group.id);
	scan->rows.n++;
	r = name_row(row, at);
	if (r < 0)
		return r;
	if (row->old == NO_ROW || !scan->sampler->rows.row[row->old].fd)
		return open_files(scan->sampler, row, at->fd);
	open_missing(scan->sampler, &scan->sampler->rows.row[row->old], at->fd);
	return 0;
}

/* From now on the new rows count; they have what the old ones keep open. */
static void take_rows(struct ration_sampler *sampler, struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct row *row = &rows->row[i];

		if (row->old != NO_ROW && !row->fd)
			row->fd = TAKE_PTR(sampler->rows.row[row->old].fd);
	}
	rows_done(sampler, &sampler->rows);
	if (rows->n > 0)
		qsort(rows->row, rows->n, sizeof(rows->row[0]), compare_rows);
	for (size_t i = 0; i < rows->n; i++)
		rows->row[i].group.address = rows->row[i].address;
	sampler->rows = *rows;
	*rows = (struct rows){ .n = 0 };
}

int ration_sampler_scan(struct ration_sampler *sampler, struct ration_error *reterr)
{
	struct scan scan = { .sampler = sampler };
	CLEANUP(freep) struct by_id *old = sort_ids(&sampler->rows);
	int r;

	if (!old)
		return error_oom(reterr);
	scan.old = old;
	r = listed_each(host_now(sampler->host), sampler->only[0] ? sampler->only : NULL, find_row, &scan, reterr);
	if (r < 0) {
		rows_done(sampler, &scan.rows);
		return r;
	}
	take_rows(sampler, &scan.rows);
	return (int)sampler->rows.n;
}

/* ------------------------------------------------------------------ reading */

/* Reads the text of a file from one that is kept, or from the group's directory. Grows its room for long ones. */
static int read_text(struct ration_sampler *sampler, int fd, int dir_fd, const char *file)
{
	for (;;) {
		int r = fd >= 0 ? cg_read_fd(fd, sampler->text, sampler->text_size) :
				  cg_read(dir_fd, file, sampler->text, sampler->text_size);
		char *text;

		if (r != -EFBIG || sampler->text_size > METRICS_LONG_MAX)
			return r;
		text = realloc(sampler->text, 4 * sampler->text_size);
		if (!text)
			return -ENOMEM;
		sampler->text = text;
		sampler->text_size *= 4;
	}
}

static void set_all(const struct ration_sampler *sampler, size_t file, const char *text, uint64_t *values)
{
	for (size_t i = 0; i < sampler->n_columns; i++) {
		const struct column *column = &sampler->column[i];
		uint64_t value;

		if (!column->at || column->file != file)
			continue;
		value = metrics_value(column->at, text);
		values[i] = value == USAGE_ABSENT ? RATION_UNKNOWN : value;
	}
}

static void set_unknown(const struct ration_sampler *sampler, uint64_t *values)
{
	for (size_t i = 0; i < sampler->n_columns; i++)
		values[i] = RATION_UNKNOWN;
}

/* Opens the directory that the row was made of. -ENOENT: it has gone. */
static int open_row(const struct row *row, int namespace_fd)
{
	CLEANUP(closep) int tenant_fd = namespace_fd < 0 ? namespace_fd : cg_open_dir(namespace_fd, row->tenant);
	CLEANUP(closep) int fd = -EBADF;
	struct stat st;

	if (tenant_fd < 0)
		return tenant_fd;
	fd = row->name ? cg_open_dir(tenant_fd, row->name) : TAKE_FD(tenant_fd);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_ino == row->group.id ? TAKE_FD(fd) : -ENOENT;
}

static int read_row(struct ration_sampler *sampler, struct row *row, int namespace_fd, uint64_t *values)
{
	CLEANUP(closep) int dir_fd = row->fd || row->group.gone ? -EBADF : open_row(row, namespace_fd);
	int r = row->fd || row->group.gone || dir_fd >= 0 ? 0 : dir_fd;

	set_unknown(sampler, values);
	for (size_t i = 0; r >= 0 && !row->group.gone && i < sampler->n_files; i++) {
		int fd = row->fd ? row->fd[i] : -EBADF;

		r = row->fd && fd < 0 ? fd : read_text(sampler, fd, dir_fd, sampler->file[i]->file);
		if (r >= 0)
			set_all(sampler, i, sampler->text, values);
		else if (listed_is_shut(r, row->group.uid) || !metrics_doubt(r))
			r = 0;
	}
	if (!vanished(r))
		return listed_is_shut(r, row->group.uid) ? 0 : r;
	row->group.gone = true;
	close_files(sampler, row);
	set_unknown(sampler, values);
	return 0;
}

int ration_sampler_read(struct ration_sampler *sampler, uint64_t *ret_values, size_t n, uint64_t *ret_usec,
		struct ration_error *reterr)
{
	CLEANUP(closep) int namespace_fd = -EBADF;
	int gone = 0;

	if (n / sampler->n_columns < sampler->rows.n)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "room for %zu values is too little for %zu groups with %zu each",
				n, sampler->rows.n, sampler->n_columns);
	for (size_t i = 0; i < sampler->rows.n; i++) {
		struct row *row = &sampler->rows.row[i];
		int r;

		if (!row->fd && namespace_fd == -EBADF)
			namespace_fd = nodes_open(host_now(sampler->host));
		r = read_row(sampler, row, namespace_fd, ret_values + i * sampler->n_columns);
		if (r < 0)
			return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't read the counters of %s: %s",
					row->address, error_text(r));
		if (ret_usec)
			ret_usec[i] = sys_now_usec();
		gone += row->group.gone;
	}
	return gone;
}

/* ------------------------------------------------------------- life, answers */

static const struct metric_file *find_metric(enum ration_metric metric)
{
	const struct metric_file *at;

	for (size_t i = 0; (at = metrics_at(i)); i++) {
		if (at->metric == metric)
			return at;
	}
	return NULL;
}

static size_t file_of(struct ration_sampler *sampler, const struct metric_file *at)
{
	for (size_t i = 0; i < sampler->n_files; i++) {
		if (strcmp(sampler->file[i]->file, at->file) == 0)
			return i;
	}
	sampler->file[sampler->n_files] = at;
	return sampler->n_files++;
}

static void take_metrics(struct ration_sampler *sampler, const struct ration_sampler_options *options)
{
	for (size_t i = 0; i < options->n_metrics; i++) {
		struct column *column = &sampler->column[sampler->n_columns++];

		column->at = find_metric(options->metrics[i]);
		if (column->at)
			column->file = file_of(sampler, column->at);
	}
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
