/* SPDX-License-Identifier: MIT */
/*
 * group.c - the leaf in which a run's processes live
 *
 *     BASE / NAMESPACE / TENANT / NAME
 *
 * Nodes have limits and never processes (nodes.c), leaves have processes and
 * never children of ours: so the kernel's rule against processes in inner groups
 * can't bite.
 */
#include "lib/group.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/nodes.h"
#include "lib/owner.h"
#include "sys/cgroup.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

/*
 * Our thread and the time: nobody else has both, but for another pid namespace,
 * whom EEXIST tells.
 */
static void unique_name(char name[RATION_NAME_MAX + 1])
{
	(void)snprintf(name, RATION_NAME_MAX + 1, "r%d-%" PRIx64, (int)gettid(), sys_now_usec());
}

int group_prepare(const struct ration_host *host, const char *tenant, const char *name, uint32_t wanted,
		struct group *ret_group, struct ration_error *reterr)
{
	struct group group = GROUP_NONE;
	int r = 0;

	if (tenant)
		r = host_check_name("--tenant", tenant, reterr);
	if (r == 0 && name)
		r = host_check_name("--name", name, reterr);
	if (r < 0)
		return r;
	group.host = host;
	(void)snprintf(group.tenant, sizeof(group.tenant), "%s", tenant ? tenant : "default");
	if (name)
		(void)snprintf(group.name, sizeof(group.name), "%s", name);
	else
		unique_name(group.name);
	if (host->base_fd >= 0)
		r = nodes_make(host, group.tenant, wanted, &group.namespace_fd, &group.tenant_fd, reterr);
	if (r < 0)
		return r;
	*ret_group = group;
	return 0;
}

/* ----------------------------------------------------------------- leaf */

/* A leaf of that name is there: ours to remove if its owner is dead. */
static int make_room(struct group *group, struct ration_error *reterr)
{
	CLEANUP(closep) int fd = cg_open_dir(group->tenant_fd, group->name);
	int r;

	if (fd < 0)
		return vanished(fd) ? 0 : nodes_error(fd, "open", group->name, reterr);
	if (owner_state(group->host->proc_fd, fd) == OWNER_DEAD) {
		r = owner_remove_group(group->tenant_fd, group->name, fd);
		if (r >= 0)
			return 0;
	}
	(void)error_set(reterr, -EEXIST, RATION_CAUSE_EXISTS, "the group %s/%s exists already", group->tenant,
			group->name);
	return error_hint(reterr, -EEXIST, "choose another --name, or leave it out for one that nobody has");
}

int group_create(struct group *group, uint32_t wanted, struct ration_error *reterr)
{
	int r = -EEXIST;

	for (int round = 0; round < NODES_ROUNDS_MAX && (vanished(r) || r == -EEXIST); round++) {
		r = cg_mkdir(group->tenant_fd, group->name);
		if (r == -EEXIST) {
			int room = make_room(group, reterr);

			if (room < 0)
				return room;
			continue;
		}
		if (vanished(r)) {
			/* The last run of this tenant ended, and took the tenant with it. */
			int again;

			group_close(group);
			again = nodes_make(group->host, group->tenant, wanted, &group->namespace_fd,
					&group->tenant_fd, reterr);
			if (again < 0)
				return again;
			continue;
		}
		if (r < 0)
			break;
		r = group->fd = cg_open_dir(group->tenant_fd, group->name);
		if (r < 0 && !vanished(r))
			(void)cg_rmdir(group->tenant_fd, group->name);
	}
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't make the group %s/%s: %s", group->tenant,
				group->name, error_text(r));
	owner_record(group->host->proc_fd, group->fd);
	return 0;
}

int group_remove(struct group *group)
{
	int r = 0;

	if (group->fd >= 0)
		r = cg_rmdir_tree(group->tenant_fd, group->name);
	if (r == 0 && group->tenant_fd >= 0)
		nodes_remove(group->host, group->namespace_fd, group->tenant, group->tenant_fd);
	return r;
}

void group_close(struct group *group)
{
	group->fd = close_fd(group->fd);
	group->tenant_fd = close_fd(group->tenant_fd);
	group->namespace_fd = close_fd(group->namespace_fd);
}
