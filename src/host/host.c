/* SPDX-License-Identifier: MIT */
/*
 * host-handle.c - the handle of a host: made, told of, freed
 *
 * What is the same on every system. Looking at the machine is host.c's, and
 * host-other.c's where that isn't Linux.
 */
#include "host/host.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/names.h"
#include "util/cleanup.h"
#include "util/error.h"

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

/* Takes "a/b/c" and the namespace apart. */
static int take_nodes(struct ration_host *host, const char *parent, struct ration_error *reterr)
{
	char name[RATION_NAME_MAX + 2];
	int r;

	for (const char *at = parent; at && *at;) {
		size_t length = strcspn(at, "/");

		if (host->n_nodes == HOST_NODES_MAX - 1)
			return error_set(reterr, -EINVAL, RATION_CAUSE_BAD_NAME,
					"--parent has more than %d names", HOST_NODES_MAX - 1);
		/* One byte more than is allowed shows that it is too long. */
		(void)snprintf(name, sizeof(name), "%.*s", (int)length, at);
		r = names_check("--parent", name, reterr);
		if (r < 0)
			return r;
		(void)strcpy(host->node[host->n_nodes++], name);
		at += length;
		if (*at == '/' && !*++at)
			return names_check("--parent", "", reterr);
	}
	(void)strcpy(host->node[host->n_nodes++], host->nspace);
	return 0;
}

int host_new(const struct ration_host_options *options, struct ration_host **ret_host, struct ration_error *reterr)
{
	const char *nspace = options->nspace ? options->nspace : "ration";
	struct ration_host *host;
	int r;

	if (options->size != sizeof(*options))
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "ration_host_options of another version");
	r = names_check("--namespace", nspace, reterr);
	if (r < 0)
		return r;
	host = calloc(1, sizeof(*host));
	if (!host)
		return error_oom(reterr);
	host->proc_fd = host->base_fd = -EBADF;
	host->kernel_kind = "";
	(void)snprintf(host->root, sizeof(host->root), "%s", options->root ? options->root : "");
	(void)sigemptyset(&host->mask);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &host->mask);
	host->nspace = strdup(nspace);
	r = host->nspace ? take_nodes(host, options->parent, reterr) : error_oom(reterr);
	if (r < 0) {
		(void)ration_host_free(host);
		return r;
	}
	host->no_create = options->no_create;
	*ret_host = host;
	return 0;
}

struct ration_host *ration_host_free(struct ration_host *host)
{
	if (host) {
		(void)close_fd(host->proc_fd);
		(void)close_fd(host->base_fd);
		for (size_t i = 0; i < host->n_v1; i++)
			(void)close_fd(host->v1[i].fd);
		free(host->nspace);
		free(host);
	}
	return NULL;
}

void ration_host_info(const struct ration_host *host, struct ration_host_info *info)
{
	const struct host_facts *facts = &host->facts;
	struct ration_host_info all = {
		.size = info->size,
		.hierarchy = facts->hierarchy,
		.base_kind = facts->base_kind,
		.controllers = facts->controllers,
		.features = facts->features,
		.kernel = host->kernel,
		.mount = host->mount[0] ? host->mount : NULL,
		.own = host->own_known ? host->own : NULL,
		.base = host->base[0] ? host->base : NULL,
		.base_reason = facts->base_reason,
		.base_fix = facts->base_fix,
		.memory_bytes = facts->memory_bytes,
		.memory_source = host->memory_source,
		.swap_bytes = facts->swap_bytes,
		.cpus = facts->cpus,
		.root = facts->root,
		.container = facts->container,
		.systemd = facts->systemd,
		.base_pending = host->unit_pending,
		.base_outside = host->outside,
		.cgroup_namespace = facts->cgroup_namespace,
		.container_kind = host->container_kind,
		.controllers_v1 = facts->v1_controllers,
		.v1_reason = facts->v1_reason,
		.kernel_kind = host->kernel_kind,
	};

	memcpy(info, &all, info->size < sizeof(all) ? info->size : sizeof(all));
}
