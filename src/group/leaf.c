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
#include "group/leaf.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "group/nodes.h"
#include "group/owner.h"
#include "group/record.h"
#include "group/cgroup1.h"
#include "sys/cgroup.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

int group_prepare(const struct ration_host *host, const char *tenant, const char *name, uint32_t wanted,
		struct group *ret_group, struct ration_error *reterr)
{
	struct group group = GROUP_NONE;
	int r;

	group.host = host;
	r = group_choose(tenant, name, group.tenant, group.name, reterr);
	if (r < 0)
		return r;
	owner_say(host->proc_fd, group.owner);
	if (host->base_fd >= 0)
		r = nodes_make(host, group.tenant, wanted, &group.namespace_fd, &group.tenant_fd, reterr);
	if (r < 0)
		return r;
	*ret_group = group;
	return 0;
}

/* ----------------------------------------------------------------- leaf */

/* Far longer than anybody has the lock of a group for. */
#define LOCK_MSEC 30000

/* A leaf of that name is there: ours to remove if its owner is dead. */
static int make_room(struct group *group, struct ration_error *reterr)
{
	CLEANUP(closep) int fd = cg_open_dir(group->tenant_fd, group->name);
	int r;

	if (fd < 0)
		return vanished(fd) ? 0 : nodes_error(fd, "open", group->name, reterr);
	if (owner_state(group->host->proc_fd, fd, NULL) == RATION_OWNER_DEAD) {
		/* First: see group_remove(). */
		r = v1_remove_dead(group->host, group->tenant, group->name);
		if (r == 0)
			r = owner_remove_group(group->tenant_fd, group->name, fd);
		if (r >= 0)
			return 0;
	}
	(void)error_set(reterr, -EEXIST, RATION_CAUSE_EXISTS, "the group %s/%s exists already", group->tenant,
			group->name);
	return error_hint(reterr, -EEXIST, "choose another --name, or leave it out for one that nobody has");
}

/*
 * Several may be making a group of this name. Who has the lock on its directory
 * and finds that nobody has finished it, has it: so it is made whole by one, even
 * if its first maker has died in between. -EEXIST: it is finished.
 */
int group_claim(int fd, bool mine)
{
	char text[32];
	int r;

	/* Whoever has the lock makes a few system calls, or waits for memory to be reclaimed. */
	for (int msec = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; msec++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (msec > LOCK_MSEC)
			return -EBUSY;
		(void)poll(NULL, 0, 1);
	}
	r = record_get(fd, RECORD_CREATED, text, sizeof(text));
	/* Where nothing can be remembered (before 5.7), the directory alone has to do. */
	if (r == -ENODATA || (r < 0 && mine))
		return 0;
	(void)flock(fd, LOCK_UN);
	return -EEXIST;
}

int group_make(struct group *group, uint32_t wanted, struct ration_error *reterr)
{
	int r = -EEXIST;

	for (int round = 0; round < NODES_ROUNDS_MAX && (vanished(r) || r == -EEXIST); round++) {
		bool mine;

		r = cg_mkdir(group->tenant_fd, group->name);
		mine = r == 0;
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
		if (r < 0 && r != -EEXIST)
			break;
		r = group->fd = cg_open_dir(group->tenant_fd, group->name);
		if (mine && r < 0 && !vanished(r))
			(void)cg_rmdir(group->tenant_fd, group->name);
		if (r < 0)
			continue;
		r = group_claim(group->fd, mine);
		if (r == -EEXIST) {
			int room;

			group->fd = close_fd(group->fd);
			room = make_room(group, reterr);
			if (room < 0)
				return room;
		}
		/* Who had the lock before may have removed it again. */
		if (r == 0 && !group_alive(group->fd)) {
			group->fd = close_fd(group->fd);
			r = -ENOENT;
		}
	}
	if (r == -EACCES || r == -EPERM)
		return owner_error(group->tenant_fd, r, "make a group in", group->tenant, reterr);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't make the group %s/%s: %s", group->tenant,
				group->name, error_text(r));
	return 0;
}

void group_made(int fd)
{
	record_created(fd);
	(void)flock(fd, LOCK_UN);
}

bool group_alive(int fd)
{
	return sys_access(fd, "cgroup.procs", F_OK) == 0;
}

int group_create(struct group *group, uint32_t wanted, struct ration_error *reterr)
{
	int r = group_make(group, wanted, reterr);

	if (r < 0)
		return r;
	owner_write(group->fd, group->owner);
	group_made(group->fd);
	return 0;
}

int group_remove(struct group *group)
{
	/* First: as long as the other is there, nobody else has a group of that name. */
	int r = v1_remove(group);

	if (r == 0 && group->fd >= 0)
		r = cg_rmdir_tree(group->tenant_fd, group->name);
	if (r == 0 && group->tenant_fd >= 0)
		nodes_remove(group->host, group->namespace_fd, group->tenant, group->tenant_fd);
	return r;
}

void group_close(struct group *group)
{
	v1_group_close(group);
	group->fd = close_fd(group->fd);
	group->tenant_fd = close_fd(group->tenant_fd);
	group->namespace_fd = close_fd(group->namespace_fd);
}
