/* SPDX-License-Identifier: MIT */
/*
 * cgroup1.h - the hierarchies of cgroup v1 that are mounted
 */
#ifndef RATION_HOST_CGROUP1_H
#define RATION_HOST_CGROUP1_H

#include "host/snapshot.h"
#include "sys/proc/mounts.h"

/* Takes the `n` mounted hierarchies, if we may create groups there. */
void cgroup1_probe(struct host_snapshot *host, const struct mounts_v1 *mounts, int n, const char *root);

/* The controller by which a hierarchy is known. */
const char *cgroup1_name(uint32_t controllers);

/* Tells whether it is one of these names. */
bool cgroup1_is_name(const char *name, size_t length);

#endif
