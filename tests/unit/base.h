/* SPDX-License-Identifier: MIT */
/*
 * base.h - a directory of our own on this machine's cgroup2 mount
 *
 * Its names begin with "rtest-", then the pid: parallel tests don't meet. Where
 * there is no writable place the test is skipped, and says so.
 */
#ifndef RATION_TESTS_BASE_H
#define RATION_TESTS_BASE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host.h"
#include "ration.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/kill.h"
#include "sys/cgroup/walk.h"

struct base {
	struct ration_host *host;
	char nspace[32];
	char path[8192]; /* of BASE/NAMESPACE, which isn't there yet */
};

/* With the helper programs of this folder; `small`: as a program that may be forked. */
static inline void base_begin_with(struct base *base, const char *helpers, bool small)
{
	struct ration_host_options options = { .size = sizeof(options), .nspace = base->nspace, .helpers = helpers,
		.fork_helpers = small };
	struct ration_host_info info = { .size = sizeof(info) };

	(void)snprintf(base->nspace, sizeof(base->nspace), "rtest-%d", (int)getpid());
	assert_int_equal(ration_host_open(&options, &base->host, NULL), 0);
	ration_host_info(base->host, &info);
	if (!info.base) {
		(void)snprintf(base->path, sizeof(base->path), "%s", info.base_reason);
		base->host = ration_host_free(base->host);
		skip_because("no writable cgroup2 here: %s", base->path);
	}
	(void)snprintf(base->path, sizeof(base->path), "%s/%s", info.base, base->nspace);
}

static inline void base_begin(struct base *base)
{
	base_begin_with(base, NULL, false);
}

static inline void base_end(struct base *base)
{
	int base_fd = host_now(base->host)->base_fd;
	bool left = access(base->path, F_OK) == 0;

	if (left)
		(void)cg_rmdir_tree(base_fd, base->nspace);
	base->host = ration_host_free(base->host);
	assert_false(left);
}

/* A group right below BASE; -1 is never returned. For tests of less than a run. */
static inline int base_make(struct base *base)
{
	int fd;

	assert_int_equal(cg_mkdir(host_now(base->host)->base_fd, base->nspace), 0);
	fd = cg_open_dir(host_now(base->host)->base_fd, base->nspace);
	assert_true(fd >= 0);
	return fd;
}

static inline void base_remove(struct base *base, int fd)
{
	(void)cg_kill(fd);
	(void)soon(cg_rmdir_tree(host_now(base->host)->base_fd, base->nspace) >= 0);
	(void)close(fd);
	base_end(base);
}

#endif
