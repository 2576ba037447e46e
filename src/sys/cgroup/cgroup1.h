/* SPDX-License-Identifier: MIT */
/*
 * cgroup1.h - what is different about directories of cgroup v1
 *
 * The functions of cgroup.h that read, write, create, remove, count and kill work on
 * them as well. They call the functions below where v1 differs.
 */
#ifndef RATION_SYS_CGROUP_CGROUP1_H
#define RATION_SYS_CGROUP_CGROUP1_H

/* Opens the directory `path` and checks that it is on a cgroup v1 file system. -EINVAL: it isn't. */
int cg1_open_base(const char *path);

/* Thaws the processes of the group. Only in the hierarchy of the freezer; elsewhere -ENOENT. */
int cg1_thaw(int dir_fd);

/* As cg_kill(): frozen, killed and thawed where there is a freezer; else those who are there now. */
int cg1_kill(int dir_fd);

/* As cg_wait_empty(). Nothing tells of it in v1, so this looks every millisecond. */
int cg1_wait_empty(int dir_fd, int timeout_msec);

#endif
