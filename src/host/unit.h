/* SPDX-License-Identifier: MIT */
/*
 * unit.h - BASE where systemd is process 1: the group of a unit of ours
 */
#ifndef RATION_HOST_UNIT_H
#define RATION_HOST_UNIT_H

#include <stdbool.h>
#include <stddef.h>

/* Where a manager keeps the unit, from the mount of cgroup2. */
struct unit_place {
	char manager[128];  /* the group that the manager manages: "" or "/user.slice/…/user@1000.service" */
	char unit[256];     /* the unit's own */
};

/* The place of the system's manager, or of that of our uid. */
void unit_place(struct unit_place *ret, bool user);

/* Whether `fd` is a manager's group, and its manager is ours to ask. */
bool unit_managed(int fd, bool user);

/* Whether `fd` is the group of a unit of ours whose holder is at its post. */
bool unit_marked(int fd);

/*
 * How many bytes of `own`, a group as a path, are that of a unit called as ours;
 * 0: it isn't in one. Whether that is ours, its mark says.
 */
size_t unit_prefix(const char *own);

#endif
