/* SPDX-License-Identifier: MIT */
/*
 * lock.h - the lock of a group, which no other user can hold
 *
 * A lock on a file that others can open for reading isn't one: flock(2) takes any fd, and
 * a read lock keeps a writer out as well. So it is an open file description's write lock
 * (3.15) on a file of the group that is never given away, cgroup.max.descendants (4.14),
 * and cg_mkdir() closes that file to everybody but the owner of the group. Like any such
 * lock, it ends with its last fd: nobody dead holds one.
 */
#ifndef RATION_SYS_CGROUP_LOCK_H
#define RATION_SYS_CGROUP_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LOCK_FILE "cgroup.max.descendants"
/* That of a directory of cgroup v1. */
#define LOCK_FILE_V1 "notify_on_release"

/*
 * Tells whether other users can't open the file of a directory's lock: true for directories of cg_mkdir(),
 * false for those of mkdir(1).
 */
bool lock_is_shut(int dir_fd);

/* Opens the file of a directory's lock, for a lock on it. Errors: those of lock_take(). */
int lock_open(int dir_fd);

/*
 * Takes the lock of the group, until lock_release() of the returned fd. Another lock of the same process
 * counts like anybody's. -EBUSY: somebody holds it all the time; -ENOENT, -ENODEV: the group is gone;
 * -EACCES, -EPERM: the group is another user's.
 */
int lock_take(int dir_fd, int timeout_msec);

/* Gives it back, and closes its fd. Accepts no fd; returns "no fd". */
int lock_release(int fd);

static inline void lock_releasep(int *fd)
{
	*fd = lock_release(*fd);
}

/* A lock on a file that a process has open, from byte `begin` on. */
struct lock_seen {
	dev_t device;
	ino_t inode;
	uint64_t begin;
	pid_t pid;
};

/* Calls `visit` for the locks that can be seen, until it returns true. */
void lock_each(bool (*visit)(const struct lock_seen *seen, void *data), void *data);

/* Finds who has the lock. 0: nobody, or nobody knows. */
pid_t lock_holder(int dir_fd);

#endif
