/* SPDX-License-Identifier: MIT */
/*
 * frozen.h - which level keeps a group's processes from running
 *
 * A process that is born in a frozen group, or moved into one, stops before its first instruction,
 * and a process that waits for it waits just as long. cgroup2 freezes everything below a frozen
 * group, and a frozen process dies of SIGKILL. In the freezer of cgroup v1 it doesn't die before it
 * is thawed.
 */
#ifndef RATION_GROUP_FROZEN_H
#define RATION_GROUP_FROZEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "group/place.h"
#include "ration.h"

/*
 * -EBUSY if the group at `place` or one above it is frozen: "can't WHAT acme/vm7: tenant acme is frozen",
 * with a way out. 0: as far as we can see, processes can run there.
 */
int frozen_check(const struct place *place, const char *what, struct ration_error *reterr);

/*
 * Finds the directory of the freezer of cgroup v1 that holds a process. False: none does, or it can't be
 * seen from here.
 */
bool frozen_by_v1(pid_t pid, char *ret_path, size_t size);

/* Thaws what holds a process in the freezer of cgroup v1, if it is the group at `place` or below it. */
void frozen_thaw(const struct place *place, pid_t pid);

#endif
