/* SPDX-License-Identifier: MIT */
/* machine.h - the machine: its kernel, memory and CPUs, and how much of them a group can have */
#ifndef RATION_HOST_MACHINE_H
#define RATION_HOST_MACHINE_H

#include "host/snapshot.h"

/* Looks at what there is; /proc and /sys are those below `root`. Errors: /proc can't be used. */
int machine_probe(struct host_snapshot *host, const char *root, struct ration_error *reterr);

/* Looks at the NUMA nodes and the sizes of huge pages alone. */
void machine_probe_parts(struct host_facts *facts, const char *root);

/* Looks at which CPUs and nodes the cpuset controller gives to the group `base`, and whether its pressure is measured. */
void machine_probe_group(struct host_facts *facts, int base_fd, const char *base);

/* Looks at one of the two, `file`, and keeps its content if it exists. */
void machine_probe_set(struct host_facts *facts, int group_fd, const char *group, const char *file, struct host_set *set);

/* Writes a size of huge pages as in the names of the kernel's files, "2MB". Returns buf. */
const char *machine_page_size(char buf[RATION_TEXT_MAX], uint64_t bytes);

#endif
