/* SPDX-License-Identifier: MIT */
/*
 * handle.h - struct ration_group: a tenant or a group that is open
 *
 * life/create.c     creates them
 * limits/update.c   changes the limits of live ones
 * life/move.c       moves processes in, and out again
 * life/exec.c       starts commands in them
 * life/control.c    freezes, thaws, kills, reclaims
 * stats/stats.c     reads what they use
 * limits/show.c     shows their limits: asked, here, effective
 * life/remove.c     removes them
 */
#ifndef RATION_GROUP_HANDLE_H
#define RATION_GROUP_HANDLE_H

#include "group/nodes.h"
#include "group/place.h"
#include "group/whose.h"
#include "host/host.h"
#include "ration.h"

struct ration_group {
	const struct ration_host *handle;  /* borrowed */
	const struct host_snapshot *host; /* the newest when it was opened */
	struct place at;    /* at.fd is the directory of the tenant or group itself; -EBADF: no cgroup */
	bool tenant;
	char address[2 * RATION_NAME_MAX + 2];
	char path[PATH_MAX + NODES_PATH_MAX + 2 * RATION_NAME_MAX + 4];
	char from[PATH_MAX];/* where the last process that was attached came from */
	char reason[400];   /* why it has no cgroup */
};

/* Makes a handle for an address, with nothing open. -EINVAL (names), -ENOMEM. */
int handle_new(const struct ration_host *handle, const struct host_snapshot *host, const char *address,
		struct ration_group **ret_group, struct ration_error *reterr);

static inline void handle_freep(struct ration_group **group)
{
	*group = ration_group_free(*group);
}

/* -EOPNOTSUPP, with the reason, if the handle has no cgroup. */
int handle_check(const struct ration_group *group, struct ration_error *reterr);

/* The same, and -EINVAL if it is a tenant. */
int handle_check_leaf(const struct ration_group *group, struct ration_error *reterr);

/* -EOPNOTSUPP if a plan that was made for a group has limits that a tenant can't have here. */
int handle_check_plan(const struct ration_group *group, const struct ration_plan *plan,
		struct ration_error *reterr);

/*
 * -EOPNOTSUPP if limits of the group are in directories of cgroup v1 that don't exist any more or that this
 * process can't reach: then no process can be put under them.
 */
int handle_check_v1(const struct ration_group *group, struct ration_error *reterr);

/*
 * -EPERM if a uid other than the caller's, root's and `allowed` can write to the group or to a node above it:
 * then nothing is put into it. The hint explains how to do it with `exec --user`.
 */
int handle_check_trust(const struct ration_group *group, uid_t allowed, struct ration_error *reterr);

/* -EPERM if the limits of the group or of the nodes above it belong to another uid: then none is set. */
int handle_check_limits(const struct ration_group *group, struct ration_error *reterr);

/*
 * "can't WHAT acme/vm7: …", for an errno of one of its files. Distinguishes a group that is gone, one that
 * belongs to somebody else and a missing file. Returns the code; -ENOENT for a group that is gone.
 */
int handle_error(const struct ration_group *group, int code, const char *what, struct ration_error *reterr);

/* Takes the lock of a group against others that change it. -ETIMEDOUT, -ENOENT. */
int handle_lock(struct ration_group *group, struct ration_error *reterr);
void handle_unlock(struct ration_group *group);

#endif
