/* SPDX-License-Identifier: MIT */
/*
 * origin.h - where the processes of a group came from, and the way back
 */
#ifndef RATION_GROUP_LIFE_ORIGIN_H
#define RATION_GROUP_LIFE_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "group/handle.h"

/* Writes down, on the group, the path that a process is moved in from. */
void origin_record(const struct ration_group *group, pid_t pid, const char *path);

/*
 * The same for its places in the group's hierarchies of cgroup v1. Returns the hierarchies in which it isn't
 * in the group yet, a bit for each of host->v1.
 */
unsigned origin_record_v1(const struct ration_group *group, pid_t pid);

/*
 * Moves it back in these hierarchies; if its place isn't known or can't be used, to where this process's
 * groups are made.
 */
void origin_return_v1(const struct ration_group *group, pid_t pid, unsigned hierarchies);

/* -EPERM if the group, or a group of the tenant, has processes and another uid can write to it. */
int origin_check(const struct ration_group *group, struct ration_error *reterr);

/*
 * Moves every process of the group out of it, alive: each to where it or its nearest recorded ancestor came
 * from; if that isn't known or can't be used, to this process's own group.
 * Errors: -EBUSY (one can't be moved anywhere).
 */
int origin_release(const struct ration_group *group, struct ration_remove_report *report,
		struct ration_error *reterr);

/*
 * The same in the hierarchies of cgroup v1, called afterwards: so it finds processes that were forked
 * meanwhile. A process that can't go back is moved to where this process's groups are made.
 */
int origin_release_v1(const struct ration_group *group, struct ration_error *reterr);

/* Moves one process to a group by its path from the mount. Errors: of cg_attach(). */
int origin_move(const struct host_snapshot *host, pid_t pid, const char *path);

/*
 * Finds in the text of NOTE_FROM the path of a process that started then. False: there is none, or it is
 * longer than `size`.
 */
bool origin_find(const char *origins, pid_t pid, uint64_t start, char *path, size_t size);

#endif
