/* SPDX-License-Identifier: MIT */
/*
 * trust.c - whether the caller may put something into a place
 */
#include "group/trust.h"

#include <fcntl.h>
#include <stdio.h>

#include "group/nodes.h"
#include "sys/cgroup/cgroup.h"
#include "util/cleanup.h"

#define WHERE_MAX (PATH_MAX + NODES_PATH_MAX + 2 * RATION_NAME_MAX + 3)

static void path_of(char buf[WHERE_MAX], const struct place *place, bool tenant, bool group)
{
	char nodes[NODES_PATH_MAX];

	(void)snprintf(buf, WHERE_MAX, "%s%s%s%s%s%s", place->host->base,
			nodes_path(nodes, sizeof(nodes), place->host), tenant ? "/" : "", tenant ? place->tenant : "",
			group ? "/" : "", group ? place->name : "");
}

int trust_v1(const struct host_snapshot *host, size_t hierarchy, const char *tenant, uid_t allowed,
		struct ration_error *reterr)
{
	CLEANUP(closep) int fd = openat(host->v1[hierarchy].fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char where[WHERE_MAX];
	size_t used = (size_t)snprintf(where, sizeof(where), "%s", host->v1[hierarchy].path);
	int r = whose_check(fd, where, allowed, reterr);

	for (size_t i = 0; i <= host->n_nodes && r == 0; i++) {
		const char *name = i < host->n_nodes ? host->node[i] : tenant;
		int below = cg_open_dir(fd, name);

		/* From here on they are to be made. */
		if (below < 0)
			break;
		(void)close_fd(fd);
		fd = below;
		used += (size_t)snprintf(where + used, sizeof(where) - used, "/%s", name);
		r = whose_check(fd, where, allowed, reterr);
	}
	return r;
}

int trust_above(const struct place *place, uid_t allowed, struct ration_error *reterr)
{
	char where[WHERE_MAX];
	int r = 0;

	if (place->host->base_fd >= 0)
		r = nodes_check(place->host, allowed, reterr);
	path_of(where, place, true, false);
	if (r == 0 && place->tenant_fd >= 0)
		r = whose_check(place->tenant_fd, where, allowed, reterr);
	for (size_t i = 0; i < place->host->n_v1 && r == 0; i++)
		r = place->v1_fd[i] < 0 ? 0 : trust_v1(place->host, i, place->tenant, allowed, reterr);
	return r;
}

int trust_all(const struct place *place, uid_t allowed, struct ration_error *reterr)
{
	char where[WHERE_MAX];
	int r = trust_above(place, allowed, reterr);

	path_of(where, place, true, true);
	if (r == 0 && place->fd >= 0)
		r = whose_check(place->fd, where, allowed, reterr);
	for (size_t i = 0; r == 0 && i < place->host->n_v1; i++) {
		if (place->v1_fd[i] >= 0)
			r = whose_check(place->v1_fd[i], where, allowed, reterr);
	}
	return r;
}
