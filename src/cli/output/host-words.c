/* SPDX-License-Identifier: MIT */
/*
 * host-words.c - what a host offers, in words
 */
#include "cli/output/host-words.h"

const struct host_bit controller_words[] = {
	{ RATION_CONTROLLER_CPU, "cpu", NULL },
	{ RATION_CONTROLLER_CPUSET, "cpuset", NULL },
	{ RATION_CONTROLLER_HUGETLB, "hugetlb", NULL },
	{ RATION_CONTROLLER_IO, "io", NULL },
	{ RATION_CONTROLLER_MEMORY, "memory", NULL },
	{ RATION_CONTROLLER_PIDS, "pids", NULL },
	{ 0, NULL, NULL },
};

const struct host_bit v1_words[] = {
	{ RATION_CONTROLLER_CPU, "cpu", NULL },
	{ RATION_CONTROLLER_CPUACCT, "cpuacct", NULL },
	{ RATION_CONTROLLER_FREEZER, "freezer", NULL },
	{ RATION_CONTROLLER_MEMORY, "memory", NULL },
	{ RATION_CONTROLLER_PIDS, "pids", NULL },
	{ 0, NULL, NULL },
};

const struct host_bit feature_words[] = {
	{ RATION_FEATURE_CLONE_INTO_CGROUP, "clone_into_cgroup",
		"start a command inside its group (5.7)" },
	{ RATION_FEATURE_CGROUP_KILL, "cgroup_kill",
		"kill a whole group at once (5.14)" },
	{ RATION_FEATURE_OPENAT2, "openat2",
		"keep paths inside a group (5.6)" },
	{ RATION_FEATURE_PIDFD, "pidfd",
		"supervise a run without a helper process (5.4)" },
	{ RATION_FEATURE_PSI, "psi",
		"measure stalls: --stall-timeout, ration guard (of groups since 5.2, may need psi=1)" },
	{ RATION_FEATURE_MEMORY_PEAK, "memory_peak",
		"peak memory of a group (5.19)" },
	{ RATION_FEATURE_PIDS_PEAK, "pids_peak",
		"peak number of tasks of a group (6.1)" },
	{ RATION_FEATURE_SWAP_PEAK, "swap_peak",
		"peak swap of a group (6.5)" },
	{ RATION_FEATURE_SWAP_MAX, "swap_max",
		"limit swap (CONFIG_SWAP, and no swapaccount=0)" },
	{ RATION_FEATURE_CPU_BURST, "cpu_burst",
		"--cpu-burst (5.14)" },
	{ RATION_FEATURE_CPU_IDLE, "cpu_idle",
		"--cpu-idle (5.15)" },
	{ 0, NULL, NULL },
};

const char *host_hierarchy_name(enum ration_hierarchy hierarchy)
{
	switch (hierarchy) {
	case RATION_HIERARCHY_NONE:
		return "none";
	case RATION_HIERARCHY_V1:
		return "v1";
	case RATION_HIERARCHY_HYBRID:
		return "hybrid";
	case RATION_HIERARCHY_V2:
		return "v2";
	}
	return "unknown";
}

const char *host_base_kind_name(enum ration_base_kind kind)
{
	switch (kind) {
	case RATION_BASE_NONE:
		return "none";
	case RATION_BASE_GIVEN:
		return "given";
	case RATION_BASE_ROOT:
		return "root";
	case RATION_BASE_NESTED:
		return "nested";
	case RATION_BASE_REFUSED:
		return "refused";
	case RATION_BASE_UNIT:
		return "unit";
	}
	return "unknown";
}
