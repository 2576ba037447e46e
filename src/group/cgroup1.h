/* SPDX-License-Identifier: MIT */
/*
 * cgroup1.h - a group's directories in the hierarchies of cgroup v1
 *
 * A controller that cgroup v1 has isn't available in cgroup2. So a group has one more directory in
 * each v1 hierarchy whose controller a limit needs, of the same name, below the group that this
 * process is in there:
 *
 *     OWN / NAMESPACE / TENANT / NAME      /sys/fs/cgroup/memory/ration/default/r4711-5e0c
 *
 * Nodes there have no limits, and can contain processes. They are made with the first group and
 * removed with the last.
 */
#ifndef RATION_GROUP_CGROUP1_H
#define RATION_GROUP_CGROUP1_H

#include "group/place.h"
#include "host/snapshot.h"

/* The group's directory in the hierarchy of `controller`, or -EBADF. */
int v1_fd(const struct place *place, uint32_t controller);

/* The directory that shows the processes of a group without a cgroup2: the freezer's if it has one. -EBADF: none. */
int v1_members_fd(const struct place *place);

/*
 * Makes the group's directories in the hierarchies of these controllers, all or none. Notes the owner on
 * each, and on the group's cgroup2, if it has one, where they are.
 * Errors: -EEXIST (one exists, and its owner lives), -EACCES, -EPERM, -EIO, …
 */
int v1_make(struct place *place, uint32_t controllers, struct ration_error *reterr);

/* Marks them as ones that stay without an owner. */
int v1_keep(const struct place *place);

/*
 * Opens those of the group's directories that exist. `fd` of the group is its cgroup2.
 * Errors: those of open(2): then the group has more than is open.
 */
int v1_open(struct place *place);

/*
 * Tells whether all directories that the group was made with are open. -ENOENT: one was removed. -EXDEV: this
 * process can't reach one, because it is in another place of that hierarchy. `ret_line` gets its "CONTROLLER
 * PLACE".
 */
int v1_check(const struct place *place, char *ret_line, size_t size);

/* Tells whether a path of the file system is the group's directory in one hierarchy, or below it. */
bool v1_inside(const struct place *place, size_t hierarchy, const char *path);

/* Where a process is in one hierarchy, as a path of the file system. -ENOENT: no mount shows it. */
int v1_place(const struct host_snapshot *host, size_t hierarchy, pid_t pid, char *buf, size_t size);

/* Moves a process there. Errors: of cg_attach(). */
int v1_move(pid_t pid, const char *path);

/* Removes them, and the nodes above that nobody uses. -EBUSY: processes in one. */
int v1_remove(struct place *place);

/* The same of a group of that name, in all hierarchies, as far as it is empty. -EBUSY: processes in one. */
int v1_remove_name(const struct host_snapshot *host, const char *tenant, const char *name);

/*
 * Kills and removes what a group of that name has left, in all hierarchies, unless its owner lives.
 * Errors: -ETIMEDOUT, -EBUSY (its processes don't die), -EACCES, -EPERM.
 */
int v1_remove_dead(const struct host_snapshot *host, const char *tenant, const char *name);

/* Tells whether a group of that name exists in any hierarchy. */
bool v1_is_there(const struct host_snapshot *host, const char *tenant, const char *name);

/* Opens the namespace's, or a tenant's, directory in one hierarchy. -ENOENT: there is none. */
int v1_open_namespace(const struct host_snapshot *host, size_t hierarchy);
int v1_open_tenant(const struct host_snapshot *host, size_t hierarchy, const char *tenant);

/* Removes the tenant and the nodes above it in one hierarchy, as far as they are empty. */
void v1_remove_nodes(const struct host_snapshot *host, size_t hierarchy, const char *tenant);

#endif
