/* SPDX-License-Identifier: MIT */
/*
 * host-words.c - what a host offers, in words
 */
#include "cli/host-words.h"

const struct host_bit controller_words[] = {
	{ RATION_CONTROLLER_CPU, "cpu" },
	{ RATION_CONTROLLER_CPUSET, "cpuset" },
	{ RATION_CONTROLLER_HUGETLB, "hugetlb" },
	{ RATION_CONTROLLER_IO, "io" },
	{ RATION_CONTROLLER_MEMORY, "memory" },
	{ RATION_CONTROLLER_PIDS, "pids" },
	{ 0, NULL },
};

const struct host_bit v1_words[] = {
	{ RATION_CONTROLLER_CPU, "cpu" },
	{ RATION_CONTROLLER_CPUACCT, "cpuacct" },
	{ RATION_CONTROLLER_FREEZER, "freezer" },
	{ RATION_CONTROLLER_MEMORY, "memory" },
	{ RATION_CONTROLLER_PIDS, "pids" },
	{ 0, NULL },
};

const struct host_bit feature_words[] = {
	{ RATION_FEATURE_CLONE_INTO_CGROUP, "clone_into_cgroup" },
	{ RATION_FEATURE_CGROUP_KILL, "cgroup_kill" },
	{ RATION_FEATURE_OPENAT2, "openat2" },
	{ RATION_FEATURE_PIDFD, "pidfd" },
	{ RATION_FEATURE_PSI, "psi" },
	{ RATION_FEATURE_MEMORY_PEAK, "memory_peak" },
	{ RATION_FEATURE_PIDS_PEAK, "pids_peak" },
	{ RATION_FEATURE_SWAP_PEAK, "swap_peak" },
	{ RATION_FEATURE_SWAP_MAX, "swap_max" },
	{ RATION_FEATURE_CPU_BURST, "cpu_burst" },
	{ RATION_FEATURE_CPU_IDLE, "cpu_idle" },
	{ 0, NULL },
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
