/* SPDX-License-Identifier: MIT */
/*
 * ceiling.h - what the groups at and above a place allow those below
 */
#ifndef RATION_HOST_CEILING_H
#define RATION_HOST_CEILING_H

#include "host/snapshot.h"

/*
 * Notes in `facts` what a group in `tenant` can have at most, or BASE and the nodes alone if that is NULL:
 * the CPUs and NUMA nodes of the lowest level that has a cpuset, and the least memory, tasks and CPU time
 * that any level up to the mount allows. `room` is memory and swap, also limited by the nodes and the tenant.
 * The tenant needn't exist.
 */
void ceiling_note(const struct host_snapshot *host, const char *tenant, bool room, struct host_facts *facts);

/*
 * Notes in the host's facts what the group of this process allows, if BASE, which is known, isn't below it.
 * Facts noted once stay.
 */
void ceiling_note_caller(struct host_snapshot *host);

#endif
