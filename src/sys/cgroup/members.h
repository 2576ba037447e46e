/* SPDX-License-Identifier: MIT */
/*
 * members.h - the processes of a group: count them, signal them
 *
 * Of the group and of all groups below it (walk.h). Returns and errors as in cgroup.h,
 * and -ENOMEM.
 */
#ifndef RATION_SYS_CGROUP_MEMBERS_H
#define RATION_SYS_CGROUP_MEMBERS_H

#include <stdbool.h>
#include <sys/types.h>

/* 1: the group or one below it has processes. 0: none, or it is gone. */
int cg_populated(int dir_fd);

/*
 * Calls `visit` for each process of the group and of those below it, until one
 * returns other than 0. A pid of 0 is a process of another pid namespace.
 */
int cg_each_pid(int dir_fd, int (*visit)(void *data, pid_t pid), void *data);

/* The same without those of groups below that are frozen. 1: there are such groups with processes, and else as that. */
int cg_each_awake(int dir_fd, int (*visit)(void *data, pid_t pid), void *data);

/*
 * Sends `sig` to each process of the group and of those below it, once. For a
 * warning, not for an end: a process that forks meanwhile can be missed. A pid that
 * has been given to a process outside is never signalled.
 * Returns how many had it. -EMFILE, …: not all had it.
 */
int cg_signal(int dir_fd, int sig);

/*
 * The same with SIGKILL, also for processes of which only threads are in the group. The kernel moves no
 * thread that has ended, so a process can have its main thread, by which it is listed and killed, in the
 * group where that was when it ended.
 */
int cg_signal_all(int dir_fd);

/* Sends `sig` to the same processes, but for the caller itself. */
int cg_signal_others(int dir_fd, int sig);

/* Whether the caller itself is in the group or below it. */
bool cg_has_caller(int dir_fd);

/* How many processes are in the group and in those below it. */
int cg_count(int dir_fd);

#endif
