/* SPDX-License-Identifier: MIT */
/*
 * ceiling.h - what the groups at and above a place allow those below
 */
#ifndef RATION_HOST_CEILING_H
#define RATION_HOST_CEILING_H

#include "host/snapshot.h"

/*
 * Returns the lowest number in `file` of the namespace's nodes and of `tenant`, which
 * may be NULL, and needn't be there; `whole` where none is lower.
 */
uint64_t ceiling_lowest(const struct host_snapshot *host, const char *tenant, const char *file, uint64_t whole);

/*
 * Notes in `facts` what a group in `tenant`, or BASE and the nodes alone if that is NULL, can
 * have at most: the CPUs and nodes of the lowest level that has a cpuset, and the least
 * memory, tasks and CPU time that any level up to the mount allows.
 */
void ceiling_note(const struct host_snapshot *host, const char *tenant, struct host_facts *facts);

#endif
