/* SPDX-License-Identifier: MIT */
/*
 * kinds.c - controllers, kernels and containers, by name
 */
#include "host/kinds.h"

#include "ration.h"

const struct host_controller host_controllers[HOST_CONTROLLERS] = {
	{ "cpu", RATION_CONTROLLER_CPU },
	{ "cpuset", RATION_CONTROLLER_CPUSET },
	{ "hugetlb", RATION_CONTROLLER_HUGETLB },
	{ "io", RATION_CONTROLLER_IO },
	{ "memory", RATION_CONTROLLER_MEMORY },
	{ "pids", RATION_CONTROLLER_PIDS },
};

const char *kernel_fix_v1(const char *kind)
{
	if (kernel_is(kind, KERNEL_WSL2))
		return "in Windows, %UserProfile%\\.wslconfig: [wsl2] kernelCommandLine = cgroup_no_v1=all "
		       "systemd.unified_cgroup_hierarchy=1; then wsl --shutdown";
	if (kernel_is(kind, KERNEL_WSL1))
		return "in Windows: wsl --set-version DISTRIBUTION 2";
	return "boot with cgroup_no_v1=all systemd.unified_cgroup_hierarchy=1";
}
