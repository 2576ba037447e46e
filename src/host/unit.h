/* SPDX-License-Identifier: MIT */
/*
 * unit.h - BASE where systemd is process 1: the group of a unit of ours
 */
#ifndef RATION_HOST_UNIT_H
#define RATION_HOST_UNIT_H

#include <limits.h>

#include "host/host.h"
#include "sys/bus.h"

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

/*
 * ration_host_prepare(), for who comes to need it in the middle of something
 * else. Returns 0, or its errors.
 */
int unit_need(const struct ration_host *host, enum ration_purpose purpose, struct ration_error *reterr);

/*
 * Has systemd bring a process of our uid into the leaf of our unit, from where we may
 * move it on. -EOPNOTSUPP: BASE isn't the unit of a user.
 */
int unit_bring(const struct ration_host *host, pid_t pid);

#endif
