/* SPDX-License-Identifier: MIT */
/*
 * cpuset.h - on which CPUs and NUMA nodes a group's processes may be
 */
#ifndef RATION_SYS_CGROUP_CPUSET_H
#define RATION_SYS_CGROUP_CPUSET_H

#include "sys/cpus.h"

struct cpuset {
	bool known;                /* false: nothing confines the group, or nothing can be seen of it */
	struct cpus cpus, mems;
};

/* Of the group, or of the nearest above it that has a cpuset of its own. */
void cpuset_read(int group_fd, struct cpuset *ret);

/* How many CPUs it has. 0: not known. */
unsigned cpuset_count(const struct cpuset *set);

/*
 * Whether this thread is confined to it. Older kernels leave a process that is born in a group on the CPUs
 * and nodes of its parent; a process that is moved there is confined on every kernel. Makes only system
 * calls: for a child that shares its parent's memory.
 */
bool cpuset_taken(const struct cpuset *set);

#endif
