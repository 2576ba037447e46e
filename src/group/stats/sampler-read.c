/* SPDX-License-Identifier: MIT */
/*
 * sampler-read.c - reads chosen figures of many groups
 *
 * The files of a row that keeps none are opened for each reading, in the directory that the row was made of
 * and in no other of its name. A file of a group that has gone says so by itself (ENODEV).
 */
#include "ration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "group/cgroup1.h"
#include "group/nodes.h"
#include "group/stats/listed.h"
#include "group/stats/sampler.h"
#include "host/host.h"
#include "sys/cgroup/cgroup.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

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

/* Takes all figures of file number `file` from its text. */
static void set_all(const struct ration_sampler *sampler, size_t file, const char *text, uint64_t *values)
{
	for (size_t i = sampler->begin[file]; i < sampler->begin[file + 1]; i++) {
		const struct sampler_figure *figure = &sampler->figure[i];
		uint64_t found = values[figure->column] == RATION_UNKNOWN ? metrics_value(figure->at, text) : USAGE_ABSENT;

		if (found != USAGE_ABSENT)
			values[figure->column] = found;
	}
}

static void set_unknown(const struct ration_sampler *sampler, uint64_t *values)
{
	for (size_t i = 0; i < sampler->n_columns; i++)
		values[i] = RATION_UNKNOWN;
}

/* The directory of a tenant stays open as long as its rows are read. */
struct way {
	int namespace_fd, tenant_fd;
	const char *tenant;
};

static void way_close(struct way *way)
{
	(void)close_fd(way->namespace_fd);
	(void)close_fd(way->tenant_fd);
}

static int open_tenant(const struct ration_sampler *sampler, const struct sampler_row *row, struct way *way)
{
	if (way->namespace_fd < 0)
		way->namespace_fd = nodes_open(host_now(sampler->host));
	if (way->namespace_fd < 0)
		return way->namespace_fd;
	/* One that was removed has no groups, and another may have its name. */
	if (way->tenant && strcmp(way->tenant, row->tenant) == 0 && sys_access(way->tenant_fd, "cgroup.procs", F_OK) == 0)
		return way->tenant_fd;
	(void)close_fd(way->tenant_fd);
	way->tenant_fd = cg_open_dir(way->namespace_fd, row->tenant);
	way->tenant = row->tenant;
	return way->tenant_fd;
}

/* Opens the directory that the row was made of. -ENOENT: it has gone. */
static int open_row(const struct ration_sampler *sampler, const struct sampler_row *row, struct way *way, struct stat *ret_st)
{
	int tenant_fd = open_tenant(sampler, row, way);
	CLEANUP(closep) int fd = -EBADF;

	if (tenant_fd < 0)
		return tenant_fd;
	fd = row->name ? cg_open_dir(tenant_fd, row->name) : cg_open_dir(way->namespace_fd, row->tenant);
	if (fd < 0)
		return fd;
	if (fstat(fd, ret_st) < 0)
		return -errno;
	return ret_st->st_ino == row->group.id ? TAKE_FD(fd) : -ENOENT;
}

/* A row that keeps no files: where they are. */
static int open_dirs(const struct ration_sampler *sampler, const struct sampler_row *row, struct way *way, struct listed *ret_at,
		struct place *ret_v1)
{
	*ret_at = (struct listed) { .tenant = row->tenant, .name = row->name };
	ret_at->fd = open_row(sampler, row, way, &ret_at->st);
	if (ret_at->fd < 0 || !sampler->v1)
		return ret_at->fd < 0 ? ret_at->fd : 0;
	return listed_open_v1(host_now(sampler->host), ret_at, ret_v1);
}

/* Of cgroup v1 only a directory has gone, perhaps. */
static int still_there(const struct ration_sampler *sampler, const struct sampler_row *row, struct way *way)
{
	struct stat st;
	CLEANUP(closep) int fd = open_row(sampler, row, way, &st);

	return fd < 0 ? fd : 0;
}

/* What is to be done about a file of a row that couldn't be read. 0: its figures aren't known. */
static int judge(const struct ration_sampler *sampler, const struct sampler_row *row, const struct metric_file *file, int code,
		struct way *way)
{
	if (code == -ENODEV && file->controller)
		return still_there(sampler, row, way);
	return listed_is_shut(code, row->group.uid) || !metrics_doubt(code) ? 0 : code;
}

static int read_kept(struct ration_sampler *sampler, const struct sampler_row *row, struct way *way, uint64_t *values)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sampler->n_files; i++) {
		r = row->fd[i] < 0 ? row->fd[i] : read_text(sampler, row->fd[i], -EBADF, NULL);
		if (r >= 0)
			set_all(sampler, i, sampler->text, values);
		else
			r = judge(sampler, row, sampler->file[i], r, way);
	}
	return r;
}

static int read_opened(struct ration_sampler *sampler, const struct sampler_row *row, struct way *way, uint64_t *values)
{
	CLEANUP(place_close) struct place v1 = PLACE_NONE;
	struct listed at;
	int r = open_dirs(sampler, row, way, &at, &v1);
	CLEANUP(closep) int dir_fd = at.fd;

	for (size_t i = 0; r >= 0 && i < sampler->n_files; i++) {
		const struct metric_file *file = sampler->file[i];
		int dir = file->controller ? v1_fd(&v1, file->controller) : dir_fd;

		r = dir < 0 ? -ENOENT : read_text(sampler, -EBADF, dir, file->file);
		if (r >= 0)
			set_all(sampler, i, sampler->text, values);
		else
			r = judge(sampler, row, file, r, way);
	}
	return r;
}

static int read_row(struct ration_sampler *sampler, struct sampler_row *row, struct way *way, uint64_t *values)
{
	int r;

	set_unknown(sampler, values);
	if (row->group.gone)
		return 0;
	r = (row->fd ? read_kept : read_opened)(sampler, row, way, values);
	if (!vanished(r))
		return listed_is_shut(r, row->group.uid) ? 0 : r;
	row->group.gone = true;
	sampler_close_files(sampler, row);
	set_unknown(sampler, values);
	return 0;
}

int ration_sampler_read(struct ration_sampler *sampler, uint64_t *ret_values, size_t n, uint64_t *ret_usec,
		struct ration_error *reterr)
{
	CLEANUP(way_close) struct way way = { .namespace_fd = -EBADF, .tenant_fd = -EBADF };
	int gone = 0;

	if (n / sampler->n_columns < sampler->rows.n)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "room for %zu values is too little for %zu groups with %zu each",
				n, sampler->rows.n, sampler->n_columns);
	for (size_t i = 0; i < sampler->rows.n; i++) {
		struct sampler_row *row = &sampler->rows.row[i];
		int r;

		/* 10,000 rows aren't in the processor's caches. */
		if (i + 2 < sampler->rows.n) {
			__builtin_prefetch(row + 2);
			__builtin_prefetch(row[1].fd);
		}
		r = read_row(sampler, row, &way, ret_values + i * sampler->n_columns);
		if (r < 0)
			return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't read the counters of %s: %s",
					row->address, error_text(r));
		if (ret_usec)
			ret_usec[i] = sys_now_usec();
		gone += row->group.gone;
	}
	return gone;
}
