/* SPDX-License-Identifier: MIT */
/*
 * leaf.h - the leaf in which a run's processes live
 */
#ifndef RATION_GROUP_LEAF_H
#define RATION_GROUP_LEAF_H

#include "group/place.h"
#include "host/snapshot.h"
#include "ration.h"

/*
 * Makes sure that BASE/NAMESPACE/TENANT exists and can have groups with `controllers`, and chooses the
 * group's name. Makes no group yet. `name` may be NULL: a unique one.
 * Errors: -EINVAL (names), -EBUSY (processes where a node must be), -EACCES, -EPERM, -EAGAIN (too many
 * groups), -EIO.
 */
int leaf_prepare(const struct host_snapshot *host, const char *tenant, const char *name, uint32_t controllers,
		struct place *ret_place, struct ration_error *reterr);

/*
 * Makes the leaf, for us alone: it is locked until leaf_complete(), so that nobody reads, changes or removes
 * it half made. -EEXIST: a group of that name exists, and its owner lives. -ESTALE: the tenant was removed, and is made
 * anew: ask its budget again.
 */
int leaf_create(struct place *place, uint32_t controllers, struct ration_error *reterr);

/* The same for a run: notes on it the owner that prepared it, too. */
int leaf_create_owned(struct place *place, uint32_t controllers, struct ration_error *reterr);

/* Claims an existing group; `mine`: we have made its directory. -EEXIST: it is complete. */
int leaf_claim(struct place *place, bool mine, struct ration_error *reterr);

/*
 * Everything is written: marks the group as complete, for everybody. If that can't be noted it fails, and the
 * group stays locked.
 */
int leaf_complete(struct place *place);

/*
 * Takes the lock of the tenant or group that `fd` of the place is, against others that make or change it.
 * -ENOENT: it is gone; `reterr` isn't filled in. -ETIMEDOUT: the message names the holder.
 */
int leaf_lock(struct place *place, struct ration_error *reterr);
void leaf_unlock(struct place *place);

/*
 * Waits until nobody makes, changes or removes the group any more, unless it belongs to another user. A
 * half-made group is complete then, or gone.
 */
void leaf_settle(int fd);

/* Tells whether ration has completed it, as far as that can be remembered. */
bool leaf_recorded(int fd);

/*
 * Kills the processes in the group of a dead owner and removes it, in all hierarchies, if `fd` still has that
 * name. If somebody else has removed it, that is no error. -EALREADY: somebody else holds its lock all the
 * time; -EBUSY: processes that don't die within two seconds.
 */
int leaf_remove_dead(const struct host_snapshot *host, const char *tenant, int tenant_fd, const char *name, int fd,
		int wait_msec);

/* Tells whether the directory is still there. */
bool leaf_alive(int fd);

/*
 * Tells whether the group was removed. If part of it is missing, waits for the process that is removing it,
 * and for the kernel, which removes memory.max before cgroup.procs.
 */
bool leaf_gone(const struct place *place);

/*
 * How many levels of groups, and groups in all, a run's command can make below its leaf: enough for a
 * container manager with some thousands. Nobody asked for this limit, but every look at the run's processes
 * walks through these groups.
 */
#define LEAF_DEPTH_MAX "64"
#define LEAF_DESCENDANTS_MAX "4096"

int leaf_bound(int fd);

/*
 * Removes the leaf, everything that its processes left below it, its directories in cgroup v1, and the nodes
 * above that nobody uses and that aren't marked to stay. -EBUSY: processes in it. -EXDEV: something is
 * mounted over it.
 */
int leaf_remove(struct place *place);

/* Why leaf_remove() failed, in words, with the way out where there is one. */
const char *leaf_unremoved(int code);

#endif
