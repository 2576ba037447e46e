/* SPDX-License-Identifier: MIT */
/*
 * container.h - are we in a container, whose, on whose kernel, and what would it take to be given groups
 */
#ifndef RATION_HOST_CONTAINER_H
#define RATION_HOST_CONTAINER_H

#include <stdbool.h>

#include "host/kinds.h"
#include "host/snapshot.h"
#include "sys/proc/mounts.h"

/*
 * Fills in `container_kind` and the facts `container` and `cgroup_namespace`. `root` is ""
 * or where a test has its tree. -ENOMEM.
 */
int container_probe(struct host_snapshot *host, const struct mounts *mounts, const char *root);

/* Fills in `kernel` and `kernel_kind`. */
void kernel_probe(struct host_snapshot *host);

/* How its maker would start it with groups that can be written. */
const char *container_fix_read_only(const struct host_snapshot *host);

/* How its maker would start it with a mount that shows the group it is in. */
const char *container_fix_outside(const struct host_snapshot *host);

#endif
