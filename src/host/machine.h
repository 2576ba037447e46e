/* SPDX-License-Identifier: MIT */
/*
 * machine.h - the parts that a machine can give to a group
 */
#ifndef RATION_HOST_MACHINE_H
#define RATION_HOST_MACHINE_H

#include "host/facts.h"

/* Looks at what there is, NUMA nodes and sizes of huge pages; /sys is that below `root`. */
void machine_probe(struct host_facts *facts, const char *root);

/* Looks at which CPUs and nodes the cpuset controller gives to the group `base`. */
void machine_probe_group(struct host_facts *facts, int base_fd, const char *base);

/* Writes a size of huge pages as in the names of the kernel's files, "2MB". Returns buf. */
const char *machine_page_size(char buf[RATION_TEXT_MAX], uint64_t bytes);

#endif
