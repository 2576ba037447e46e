/* SPDX-License-Identifier: MIT */
/*
 * walk.h - the groups below a group
 *
 * Each name but "." and ".." counts, of whatever bytes, at any depth, however many
 * there are: those who live in a group may have made them to be in the way. A walk
 * needs three fds, and memory for the names of one path of siblings. Directories of
 * cgroup2 or cgroup v1; returns and errors as in cgroup.h, and -ENOMEM.
 */
#ifndef RATION_SYS_CGROUP_WALK_H
#define RATION_SYS_CGROUP_WALK_H

#include <stdint.h>

/* Calls `visit` for each directory in `dir_fd`, until one returns other than 0. */
int cg_each_child(int dir_fd, int (*visit)(int dir_fd, const char *name, void *data), void *data);

/* The same, beginning with child number `first`, counted round: for who looks at a few of many. */
int cg_each_child_from(int dir_fd, uint64_t first, int (*visit)(int dir_fd, const char *name, void *data),
		void *data);

/*
 * Calls `known` for each directory in `dir_fd`, with its inode, and then `visit` for those that it returned 0 for. It
 * returns 1 for one that nobody needs to look at, or a negative errno, which ends it.
 */
int cg_each_child_but(int dir_fd, int (*known)(const char *name, uint64_t inode, void *data),
		int (*visit)(int dir_fd, const char *name, void *data), void *data);

/* A visit that returns this doesn't want to see the groups below. */
#define CG_WALK_PAST 1

/*
 * Calls `visit` for a group and all groups below it, each before those below it. One
 * that is removed meanwhile is left out. -ESTALE: one was moved to another place,
 * and the walk can't go back.
 */
int cg_each_group(int dir_fd, int (*visit)(int dir_fd, void *data), void *data);

/*
 * Removes a group and all groups below it, deepest first; what can't be removed
 * doesn't keep the others. One that isn't there is no error. -EBUSY: processes are in
 * it. -ETIMEDOUT: there are more and more of them, for a minute.
 */
int cg_rmdir_tree(int dir_fd, const char *name);

/*
 * The same, if `name` is still the group that is open as `fd`: cg_is(). That it was removed is no error.
 * -EXDEV: it is there, but something is mounted over it, or it has another name.
 */
int cg_rmdir_tree_of(int fd, int dir_fd, const char *name);

#endif
