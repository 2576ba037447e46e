/* SPDX-License-Identifier: MIT */
/*
 * host.c - the handle of a host: opened, told of, freed
 */
#include "host/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/probe.h"
#include "util/error.h"
#include "util/size.h"

void host_show(struct ration_host *host, struct host_snapshot *next)
{
	next->older = atomic_load_explicit(&host->newest, memory_order_relaxed);
	atomic_store_explicit(&host->newest, next, memory_order_release);
}

static int probe_first(const char *root, const struct ration_host_options *options, struct host_snapshot **ret_host,
		struct ration_error *reterr)
{
	struct host_snapshot *host;
	int r = snapshot_new(root, options, &host, reterr);

	if (r < 0)
		return r;
	r = probe(host, options, reterr);
	if (r < 0) {
		(void)snapshot_free(host);
		return r;
	}
	*ret_host = host;
	return 0;
}

int host_open(const char *root, const struct ration_host_options *given, struct ration_host **ret_host,
		struct ration_error *reterr)
{
	struct ration_host_options options;
	struct host_snapshot *first = NULL;
	struct ration_host *host;
	int r = TAKE_OPTIONS(struct ration_host_options, &options, given, reterr);

	if (r == 0)
		r = probe_first(root, &options, &first, reterr);
	if (r < 0)
		return r;
	host = calloc(1, sizeof(*host));
	r = host ? -pthread_mutex_init(&host->lock, NULL) : error_oom(reterr);
	if (r < 0) {
		(void)snapshot_free(first);
		free(host);
		return r;
	}
	host_show(host, first);
	*ret_host = host;
	return 0;
}

int ration_host_open(const struct ration_host_options *options, struct ration_host **ret_host,
		struct ration_error *reterr)
{
	return host_open(NULL, options, ret_host, reterr);
}

struct ration_host *ration_host_free(struct ration_host *host)
{
	if (host) {
		struct host_snapshot *older, *snapshot = atomic_load_explicit(&host->newest, memory_order_acquire);

		for (; snapshot; snapshot = older) {
			older = snapshot->older;
			(void)snapshot_free(snapshot);
		}
		(void)pthread_mutex_destroy(&host->lock);
		free(host);
	}
	return NULL;
}

void ration_host_info(const struct ration_host *handle, struct ration_host_info *info)
{
	const struct host_snapshot *host = host_now(handle);
	const struct host_facts *facts = &host->facts;
	_Static_assert(sizeof(facts->features) == sizeof(info->features), "a feature's bit gets lost");
	struct ration_host_info all = {
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

	(void)GIVE_RESULT(struct ration_host_info, info, &all, NULL);
}
