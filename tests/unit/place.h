/* SPDX-License-Identifier: MIT */
/*
 * place.h - a directory of our own on this machine's cgroup2 mount
 *
 * Its names begin with "rtest-", then the pid: parallel tests don't meet. Where
 * there is no writable place the test is skipped, and says so.
 */
#ifndef RATION_TESTS_PLACE_H
#define RATION_TESTS_PLACE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host.h"
#include "ration.h"
#include "sys/cgroup.h"

struct place {
	struct ration_host *host;
	char nspace[32];
	char path[8192]; /* of BASE/NAMESPACE, which isn't there yet */
};

static inline void place_begin(struct place *place)
{
	struct ration_host_options options = { .size = sizeof(options), .nspace = place->nspace };
	struct ration_host_info info = { .size = sizeof(info) };

	(void)snprintf(place->nspace, sizeof(place->nspace), "rtest-%d", (int)getpid());
	assert_int_equal(ration_host_open(&options, &place->host, NULL), 0);
	ration_host_info(place->host, &info);
	if (!info.base) {
		print_message("no writable cgroup2 here: %s\n", info.base_reason);
		place->host = ration_host_free(place->host);
		skip();
	}
	(void)snprintf(place->path, sizeof(place->path), "%s/%s", info.base, place->nspace);
}

static inline void place_end(struct place *place)
{
	int base_fd = place->host->base_fd;
	bool left = access(place->path, F_OK) == 0;

	if (left)
		(void)cg_rmdir_tree(base_fd, place->nspace);
	place->host = ration_host_free(place->host);
	assert_false(left);
}

/* A group right below BASE; -1 is never returned. For tests of less than a run. */
static inline int place_make(struct place *place)
{
	int fd;

	assert_int_equal(cg_mkdir(place->host->base_fd, place->nspace), 0);
	fd = cg_open_dir(place->host->base_fd, place->nspace);
	assert_true(fd >= 0);
	return fd;
}

static inline void place_remove(struct place *place, int fd)
{
	(void)cg_kill(fd);
	for (int i = 0; i < 1000 && cg_rmdir_tree(place->host->base_fd, place->nspace) < 0; i++)
		(void)usleep(5000);
	(void)close(fd);
	place_end(place);
}

#endif
