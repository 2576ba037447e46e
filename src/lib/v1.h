/* SPDX-License-Identifier: MIT */
/*
 * v1.h - the hierarchies of cgroup v1, and a group's directories in them
 *
 * A controller that cgroup v1 holds can't be had in cgroup2. So a group has a
 * directory more in each v1 hierarchy whose controller a limit takes, of the same
 * name, below the group that this process has there:
 *
 *     OWN / NAMESPACE / TENANT / NAME      /sys/fs/cgroup/memory/ration/default/r4711-5e0c
 *
 * Nodes there have no limits, and processes may be anywhere; so they are made with
 * the first group and go with the last.
 */
#ifndef RATION_LIB_V1_H
#define RATION_LIB_V1_H

#include "lib/group.h"
#include "lib/host.h"

/* Finds the hierarchies, and what we may do there. Without any it is a host without. */
int v1_probe(struct ration_host *host, const char *root);

/* The group's directory in the hierarchy of `controller`, or -EBADF. */
int v1_fd(const struct group *group, uint32_t controller);

/* The one that tells who is in the group, where there is no cgroup2: the freezer's if it has one. -EBADF: none. */
int v1_members_fd(const struct group *group);

/*
 * Makes the group's directories in the hierarchies of these controllers, all or none,
 * and writes on each whose it is. Errors: -EEXIST (one is there, and its owner
 * lives), -EACCES, -EPERM, -EIO, …
 */
int v1_make(struct group *group, uint32_t controllers, struct ration_error *reterr);

/* Opens those that a group of that name has, and that are there. */
void v1_open(struct group *group);

/* Removes them, and the nodes above that nobody uses. -EBUSY: processes in one. */
int v1_remove(struct group *group);

void v1_group_close(struct group *group);

/* The same of a group of that name, in all hierarchies, as far as it is empty. */
void v1_remove_name(const struct ration_host *host, const char *tenant, const char *name);

/* Kills and removes what a group of that name has left, in all hierarchies, unless its owner lives. */
void v1_remove_dead(const struct ration_host *host, const char *tenant, const char *name);

/* Opens the namespace's, or a tenant's, directory in one hierarchy. -ENOENT: there is none. */
int v1_open_namespace(const struct ration_host *host, size_t hierarchy);
int v1_open_tenant(const struct ration_host *host, size_t hierarchy, const char *tenant);

/* Removes the tenant and the nodes above it in one hierarchy, as far as they are empty. */
void v1_remove_nodes(const struct ration_host *host, size_t hierarchy, const char *tenant);

#endif
