/* SPDX-License-Identifier: MIT */
/*
 * shortage.h - why the kernel refuses another process or another group
 */
#ifndef RATION_GROUP_SHORTAGE_H
#define RATION_GROUP_SHORTAGE_H

#include "group/place.h"
#include "ration.h"
#include "sys/spawn/spawn.h"

/*
 * For an mkdir(2) in `dir_fd`, which is the tenant's or, with `tenant` NULL, a node's: names the
 * group, this one or one above, that has as many groups below it, or as many levels, as it may
 * have, or whose memory is used up. Returns `code`.
 */
int shortage_error(int dir_fd, const char *tenant, const char *address, int code, struct ration_error *reterr);

/*
 * For a spawn_start() in `place` that has failed: names the group whose tasks or memory are used
 * up, if that is why, and else says what command_spawn_error() does. Returns the code, which is
 * -EAGAIN or -ENOMEM if a group is named.
 */
int shortage_start_error(const struct place *place, const struct spawn *spawn, int code, struct ration_error *reterr);

/*
 * -EAGAIN where the group at `place` or its tenant has as many tasks as it may have, by cgroup2 or v1: the kernel
 * refuses nobody who moves into it. 0: there is room for this process, or it is in there and counts already.
 */
int shortage_check_tasks(const struct place *place, struct ration_error *reterr);

/* For a process of our own, `what`, that couldn't be forked: the same of the group that we are in. Returns `code`. */
int shortage_fork_error(const struct host_snapshot *host, const char *what, int code, struct ration_error *reterr);

#endif
