/* SPDX-License-Identifier: MIT */
/*
 * group.h - the leaf in which a run's processes live
 */
#ifndef RATION_GROUP_LEAF_H
#define RATION_GROUP_LEAF_H

#include "host/host.h"
#include "group/owner.h"
#include "ration.h"

struct group {
	const struct ration_host *host; /* borrowed */
	int namespace_fd, tenant_fd, fd;
	int v1_fd[HOST_V1_MAX];         /* its directories in host->v1, or -EBADF */
	char tenant[RATION_NAME_MAX + 1];
	char name[RATION_NAME_MAX + 1];
	char owner[OWNER_TEXT_MAX]; /* who prepared it: a subreaper makes it for another */
};

#define GROUP_NONE                                                                \
	((struct group) { .namespace_fd = -EBADF, .tenant_fd = -EBADF, .fd = -EBADF, \
			.v1_fd = { [0 ... HOST_V1_MAX - 1] = -EBADF } })

/*
 * Takes "TENANT" or "TENANT/NAME" apart; `name` is "" for a tenant. -EINVAL.
 */
int group_parse(const char *address, char tenant[RATION_NAME_MAX + 1], char name[RATION_NAME_MAX + 1],
		struct ration_error *reterr);

/*
 * Checks both names. A tenant that is NULL is "default", a name one that nobody
 * else uses. -EINVAL.
 */
int group_choose(const char *tenant, const char *name, char ret_tenant[RATION_NAME_MAX + 1],
		char ret_name[RATION_NAME_MAX + 1], struct ration_error *reterr);

/*
 * Makes sure that BASE/NAMESPACE/TENANT is there and can have groups with
 * `controllers`, and chooses the group's name. Makes no group yet.
 * `name` may be NULL: one that nobody else uses.
 * Errors: -EINVAL (names), -EBUSY (processes where there can't be any), -EACCES,
 * -EPERM, -EAGAIN (too many groups), -EIO.
 */
int group_prepare(const struct ration_host *host, const char *tenant, const char *name, uint32_t controllers,
		struct group *ret_group, struct ration_error *reterr);

/*
 * Makes the leaf, for us alone: locked, and not to be seen as made before
 * group_made(). -EEXIST: a group of that name is there, and its owner lives.
 */
int group_make(struct group *group, uint32_t controllers, struct ration_error *reterr);

/* Takes a group that is there, `mine` if we have made its directory. -EEXIST: it is finished. */
int group_claim(int fd, bool mine);

/* All is written: it is a group, for everybody. */
void group_made(int fd);

/* Tells whether the directory is still there. */
bool group_alive(int fd);

/*
 * Makes the leaf and writes on it that it is of who prepared it. -EEXIST: a group of that name is
 * there, and its owner lives.
 */
int group_create(struct group *group, uint32_t controllers, struct ration_error *reterr);

/*
 * Removes the leaf, whatever its processes left below it, its directories in cgroup
 * v1, and the nodes above them that nobody uses and that aren't marked to stay.
 * -EBUSY: processes in it.
 */
int group_remove(struct group *group);

/* Closes what is open. The group itself stays. */
void group_close(struct group *group);

#endif
