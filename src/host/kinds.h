/* SPDX-License-Identifier: MIT */
/*
 * kinds.h - controllers, kernels and containers, by name
 */
#ifndef RATION_HOST_KINDS_H
#define RATION_HOST_KINDS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct host_controller {
	const char *name;
	uint32_t bit;
};
#define HOST_CONTROLLERS 6
extern const struct host_controller host_controllers[HOST_CONTROLLERS];

/* Kernels that aren't as any Linux is: ration_host_info.kernel_kind. */
#define KERNEL_GVISOR "gvisor"
#define KERNEL_WSL1 "wsl1"
#define KERNEL_WSL2 "wsl2"

/* The `container_kind` of a pod's container. */
#define CONTAINER_KUBERNETES "kubernetes"

static inline bool kernel_is(const char *kind, const char *wanted)
{
	return strcmp(kind, wanted) == 0;
}

/* How a kernel of this kind is brought to leave all controllers to cgroup v2. */
const char *kernel_fix_v1(const char *kind);

#endif
