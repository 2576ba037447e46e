/* SPDX-License-Identifier: MIT */
/*
 * nodes.h - what lies between BASE and a group: the namespace, and its tenants
 */
#ifndef RATION_GROUP_NODES_H
#define RATION_GROUP_NODES_H

#include <errno.h>

#include "group/whose.h"
#include "host/snapshot.h"
#include "ration.h"

/* Rounds against others who remove what we make; far more than ever seen. */
#define NODES_ROUNDS_MAX 1000

/* The group of a file or directory that was there has been removed. */
static inline bool vanished(int code)
{
	return code == -ENOENT || code == -ENODEV;
}

/* "can't WHAT the group WHERE": for what goes wrong in the middle. */
int nodes_error(int code, const char *what, const char *where, struct ration_error *reterr);

/* Opens the namespace's directory. -ENOENT: nothing has been made in it. */
int nodes_open(const struct host_snapshot *host);

/* Room for the path of the namespace below BASE. */
#define NODES_PATH_MAX (HOST_NODES_MAX * (RATION_NAME_MAX + 1) + 1)

/* Writes the path of the namespace below BASE, "/a/b/ration". Returns buf. */
const char *nodes_path(char *buf, size_t size, const struct host_snapshot *host);

/*
 * -EPERM if a uid other than the caller's, root's and `allowed` can write to a node from BASE down to the
 * namespace: see whose_check(). As far as they exist.
 */
int nodes_check(const struct host_snapshot *host, uid_t allowed, struct ration_error *reterr);

/*
 * Makes sure that the namespace and `tenant` exist and can have groups with `controllers`, whatever others
 * remove meanwhile. Makes and changes nothing below a directory that another uid can write: -EPERM.
 * Errors: -EBUSY (processes where a node must be), -EACCES, -EPERM, -EAGAIN (too many groups), -ENOENT (a
 * parent that should exist), -EIO.
 */
int nodes_make(const struct host_snapshot *host, const char *tenant, uint32_t controllers, int *ret_namespace_fd,
		int *ret_tenant_fd, struct ration_error *reterr);

/* The same for the namespace alone. */
int nodes_make_namespace(const struct host_snapshot *host, uint32_t controllers, int *ret_namespace_fd,
		struct ration_error *reterr);

/* Removes the tenant and the namespace where they are empty and not marked to stay. */
void nodes_remove(const struct host_snapshot *host, int namespace_fd, const char *tenant, int tenant_fd);

/* The same from the namespace upwards, once a tenant is gone. */
void nodes_remove_above(const struct host_snapshot *host, int namespace_fd);

#endif
