/* SPDX-License-Identifier: MIT */
/*
 * mounts.h - where the cgroup hierarchies are mounted, and where we are in them
 *
 * /proc/self/mountinfo says which part of a hierarchy is visible at which directory,
 * and /proc/self/cgroup names our own group. Only both together give a path. That
 * /sys/fs/cgroup exists proves nothing.
 */
#ifndef RATION_SYS_PROC_MOUNTS_H
#define RATION_SYS_PROC_MOUNTS_H

#include <limits.h>
#include <stdbool.h>

struct mounts {
	bool v1;                /* some cgroup v1 controllers are mounted */
	bool v2;                /* a cgroup2 mount was found: the fields below count */
	bool read_only;         /* that mount, or its file system, is read-only */
	bool favordynmods;      /* moving a process into a group is fast there, since 6.0 */
	bool own_known;         /* `own` is our group, and lies below the mount */
	bool whole;             /* the mount begins at our cgroup namespace's root */
	bool outside;           /* the mount shows groups above our cgroup namespace */
	char point[PATH_MAX];   /* where it is mounted */
	char own[PATH_MAX];     /* our group, from the mount point: "" or "/a/b" */
};

/*
 * Reads both files below `proc`, a directory such as "/proc/self".
 * Errors: -ENOENT, -EACCES, -ENOMEM: no such directory can be read.
 */
int mounts_read(const char *proc, struct mounts *ret);

/* Hierarchies of cgroup v1 that may be looked at; a kernel has 14 controllers at most. */
#define MOUNTS_V1_MAX 16

/* One hierarchy of cgroup v1. */
struct mounts_v1 {
	bool read_only;
	const char *controllers; /* as the kernel writes them: "cpu,cpuacct" */
	const char *point;      /* where it is mounted; below PATH_MAX, as the next */
	const char *own;        /* our group, from the mount point: "" or "/a/b" */
};

/*
 * The same, and finds the hierarchies of cgroup v1 that have controllers and show our own group.
 * Returns how many, in a new array, which has their texts as well. Errors: as mounts_read().
 */
int mounts_read_both(const char *proc, struct mounts *ret, struct mounts_v1 **ret_v1);

/* Those of the groups of another process, `whose` directory is "/proc/4711", by our mounts. */
int mounts_read_v1_of(const char *proc, const char *whose, struct mounts_v1 **ret);

/* Finds a word in "cpu,cpuacct". */
bool mounts_has_controller(const char *controllers, const char *name);

/* What is mounted somewhere, and from where. */
struct mount_source {
	char type[64];          /* "btrfs" */
	char source[PATH_MAX];  /* "/dev/sda1", or a word */
};

/*
 * Finds a mount by its id (statx(2), 5.8), or with an id of -1 by the device of its
 * file system. Errors: -ENOENT (no such mount is seen), -EACCES.
 */
int mounts_source(const char *proc, long long id, unsigned major, unsigned minor, struct mount_source *ret);

#endif
