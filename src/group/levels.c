/* SPDX-License-Identifier: MIT */
/*
 * levels.c - the groups above a group, as far as this process can see them
 */
#include "group/levels.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "group/nodes.h"
#include "sys/cgroup/cgroup.h"
#include "util/cleanup.h"

/* The path of a group below the mount of the hierarchy; itself where it isn't below. */
static const char *below_mount(const struct host_snapshot *host, const char *path)
{
	size_t length = strlen(host->mount);

	return path + (strncmp(path, host->mount, length) == 0 ? length : 0);
}

/*
 * Visits the group at `path`, open as `fd`, and those above it, up to the mount. The
 * first `sure` of them are ours, and there wherever the mount is.
 */
static void climb(const struct host_snapshot *host, int fd, char *path, size_t sure, level_visitor *visit, void *data)
{
	for (size_t i = 0; fd >= 0; i++) {
		const char *where = below_mount(host, path);
		bool top = !*where;

		if (i >= sure && where == path)
			break;
		visit(data, fd, RATION_LEVEL_ANCESTOR, top ? "/" : where);
		if (top)
			break;
		*strrchr(path, '/') = '\0';
		(void)cg_step_up(&fd);
	}
	(void)close_fd(fd);
}

void levels_walk(const struct place *place, level_visitor *visit, void *data)
{
	const struct host_snapshot *host = place->host;
	char path[PATH_MAX + NODES_PATH_MAX], nodes[NODES_PATH_MAX];
	char tenant[sizeof(path) + RATION_NAME_MAX + 1];

	(void)snprintf(path, sizeof(path), "%s%s", host->base, nodes_path(nodes, sizeof(nodes), host));
	(void)snprintf(tenant, sizeof(tenant), "%s/%s", below_mount(host, path), place->tenant);
	visit(data, place->tenant_fd, RATION_LEVEL_TENANT, tenant);
	climb(host, fcntl(place->namespace_fd, F_DUPFD_CLOEXEC, 3), path, host->n_nodes, visit, data);
}

void levels_walk_own(const struct host_snapshot *host, level_visitor *visit, void *data)
{
	char path[2 * PATH_MAX];

	if (!host->own_known || !host->mount[0])
		return;
	(void)snprintf(path, sizeof(path), "%s%s", host->mount, strcmp(host->own, "/") == 0 ? "" : host->own);
	climb(host, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), path, 0, visit, data);
}
