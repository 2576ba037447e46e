/* SPDX-License-Identifier: MIT */
/*
 * host.h - a machine as this process sees it, for the rest of the library
 */
#ifndef RATION_HOST_HOST_H
#define RATION_HOST_HOST_H

#include <limits.h>
#include <signal.h>
#include <string.h>

#include "host/facts.h"
#include "ration.h"
#include "sys/bus.h"

/* The leaf below our own group into which its processes move: the same for every namespace. */
#define HOST_SELF BUS_LEAF

/* Nodes from BASE to the namespace: eight that the caller names, and the namespace. */
#define HOST_NODES_MAX 9

struct host_controller {
	const char *name;
	uint32_t bit;
};
#define HOST_CONTROLLERS 6
extern const struct host_controller host_controllers[HOST_CONTROLLERS];

/* Those of them, as bits, that a group may hand on to groups below it. None where that can't be read. */
uint32_t host_read_controllers(int fd);

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

/* Hierarchies of cgroup v1 that we make use of: one for each of five controllers at most. */
#define HOST_V1_MAX 5

struct host_v1 {
	uint32_t controllers;
	int fd;                   /* of our own group there, below which groups are made */
	char path[PATH_MAX];
};

struct ration_host {
	struct host_facts facts;
	int proc_fd;
	int base_fd;              /* BASE, or -EBADF */
	bool evacuate;            /* BASE is our own group: its processes move into a leaf first */
	bool unit_pending;        /* BASE will be a unit of ours that isn't there yet: base_fd is -EBADF */
	bool outside;             /* the kernel lets us bring nobody from our own group into BASE */
	char unit_program[PATH_MAX]; /* ration-unit; "": no unit is started */
	sigset_t mask;            /* signals that were blocked when the host was opened */
	char *nspace;
	char root[PATH_MAX];      /* "", or where /proc and /sys are for a test */
	/* The names from BASE down to the namespace: the caller's parents, then `nspace`. */
	size_t n_nodes;
	char node[HOST_NODES_MAX][RATION_NAME_MAX + 1];
	bool no_create;           /* the parents are there, or it is an error */
	char kernel[65];
	const char *kernel_kind;  /* "gvisor", …; "": as any Linux */
	char container_kind[32];  /* "docker", …; "" if not known, or there is none */
	char mount[PATH_MAX];
	char own[PATH_MAX];
	char base[PATH_MAX];
	bool own_known;
	size_t n_v1;
	struct host_v1 v1[HOST_V1_MAX];
	char memory_source[PATH_MAX];
};

/* Looks for BASE again, when something has been done for it to be there. Errors: as ration_host_open(). */
int host_probe_again(struct ration_host *host, struct ration_error *reterr);

/* From now on there is no BASE, for this reason. */
void host_drop_base(struct ration_host *host, const char *reason, const char *fix);

/* Makes a handle that knows its options and nothing of the machine yet. -EINVAL (names), -ENOMEM. */
int host_new(const struct ration_host_options *options, struct ration_host **ret_host, struct ration_error *reterr);

#endif
