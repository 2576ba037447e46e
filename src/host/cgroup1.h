/* SPDX-License-Identifier: MIT */
/*
 * cgroup1.h - the hierarchies of cgroup v1 that are mounted
 */
#ifndef RATION_HOST_CGROUP1_H
#define RATION_HOST_CGROUP1_H

#include "host/snapshot.h"

/* Finds the hierarchies, and what we may do there. Without any it is a host without. */
int cgroup1_probe(struct host_snapshot *host, const char *root);

/* The controller by which a hierarchy is known. */
const char *cgroup1_name(uint32_t controllers);

#endif
