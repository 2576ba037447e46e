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
 * Makes sure that BASE/NAMESPACE/TENANT is there and can have groups with
 * `controllers`, and chooses the group's name. Makes no group yet.
 * `name` may be NULL: one that nobody else uses.
 * Errors: -EINVAL (names), -EBUSY (processes where there can't be any), -EACCES,
 * -EPERM, -EAGAIN (too many groups), -EIO.
 */
int leaf_prepare(const struct host_snapshot *host, const char *tenant, const char *name, uint32_t controllers,
		struct place *ret_place, struct ration_error *reterr);

/*
 * Makes the leaf, for us alone: locked, and not to be seen as made before
 * leaf_made(). -EEXIST: a group of that name is there, and its owner lives.
 */
int leaf_make(struct place *place, uint32_t controllers, struct ration_error *reterr);

/* Takes a group that is there, `mine` if we have made its directory. -EEXIST: it is finished. */
int leaf_claim(struct place *place, bool mine, struct ration_error *reterr);

/* All is written: it is a group, for everybody. Where that can't be noted it fails, and the group stays locked. */
int leaf_made(struct place *place);

/*
 * Takes the lock of the tenant or group that `fd` of the place is, against others that make or
 * change it. -ENOENT: it is gone, and nothing is told. -ETIMEDOUT: the message names who has it.
 */
int leaf_lock(struct place *place, struct ration_error *reterr);
void leaf_unlock(struct place *place);

/*
 * Waits until nobody makes, changes or removes the group any more, if it isn't a stranger's: what was
 * half done is whole then, or gone.
 */
void leaf_settle(int fd);

/* Tells whether it has been made whole by ration, as far as that can be remembered. */
bool leaf_recorded(int fd);

/*
 * Kills what is in the group of a dead owner and removes it, in all hierarchies, if `fd` still has that name.
 * One that somebody else has removed is no error. -EALREADY: somebody else has its lock all the time;
 * -EBUSY: processes that don't die within two seconds.
 */
int leaf_remove_dead(const struct host_snapshot *host, const char *tenant, int tenant_fd, const char *name, int fd,
		int wait_msec);

/* Tells whether the directory is still there. */
bool leaf_alive(int fd);

/*
 * Tells whether the group was removed: where something of it isn't there, whoever is removing it has time
 * to, and so has the kernel, which takes away memory.max before cgroup.procs.
 */
bool leaf_gone(const struct place *place);

/*
 * Makes the leaf and writes on it that it is of who prepared it. It is locked until leaf_made(), so
 * that nobody reads, changes or removes it half made. -EEXIST: a group of that name is there, and its owner lives.
 */
int leaf_create(struct place *place, uint32_t controllers, struct ration_error *reterr);

/*
 * How many levels of groups, and groups in all, a run's command may make below its leaf:
 * enough for a manager of containers with some thousands of them. It isn't a limit that
 * anybody asked for, but every look at the run's processes costs a walk through them.
 */
#define LEAF_DEPTH_MAX "64"
#define LEAF_DESCENDANTS_MAX "4096"

int leaf_bound(int fd);

/*
 * Removes the leaf, whatever its processes left below it, its directories in cgroup
 * v1, and the nodes above them that nobody uses and that aren't marked to stay.
 * -EBUSY: processes in it. -EXDEV: something is mounted over it.
 */
int leaf_remove(struct place *place);

/* Why leaf_remove() failed, in words, with the way out where there is one. */
const char *leaf_unremoved(int code);

#endif
