/* SPDX-License-Identifier: MIT */
/*
 * gc.c - remove the groups whose owner is dead
 *
 * Of runs, only what killed a supervisor and its keeper at once leaves anything
 * here; a power cut doesn't, since groups don't survive it either. Groups that a
 * program made for itself, and commands that ration has become, leave theirs.
 */
#include "lib/gc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/nodes.h"
#include "lib/owner.h"
#include "lib/protect.h"
#include "sys/cgroup.h"
#include "util/cleanup.h"
#include "util/error.h"

struct gc {
	const struct ration_host *host;
	const char *tenant;
	uint64_t examine_max; /* groups to look at; then stop */
	struct ration_gc_options options;
	struct ration_gc_report report;
};

/* Another user's, and not ours to end or to remove. */
static bool out_of_reach(int tenant_fd, int fd)
{
	return owner_is_another(fd) && (faccessat(tenant_fd, ".", W_OK, AT_EACCESS) < 0 ||
					       faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) < 0);
}

static enum ration_gc_action decide(const struct gc *gc, int tenant_fd, const char *name, int fd)
{
	switch (owner_state(gc->host->proc_fd, fd, NULL)) {
	case RATION_OWNER_ALIVE:
	case RATION_OWNER_UNKNOWN:
	case RATION_OWNER_KEPT:
		return RATION_GC_LIVE;
	case RATION_OWNER_DEAD:
		break;
	}
	if (out_of_reach(tenant_fd, fd))
		return RATION_GC_LIVE;
	if (gc->options.dry_run)
		return RATION_GC_REMOVED;
	return owner_remove_group(tenant_fd, name, fd) < 0 ? RATION_GC_FAILED : RATION_GC_REMOVED;
}

static void tell(struct gc *gc, const char *name, enum ration_gc_action action)
{
	char address[2 * RATION_NAME_MAX + 2];

	switch (action) {
	case RATION_GC_LIVE:
		gc->report.live++;
		break;
	case RATION_GC_REMOVED:
		gc->report.removed++;
		break;
	case RATION_GC_FAILED:
		gc->report.failed++;
		break;
	}
	if (!gc->options.found)
		return;
	(void)snprintf(address, sizeof(address), "%.128s/%.128s", gc->tenant, name);
	gc->options.found(gc->options.userdata, address, action);
}

static int visit_group(int tenant_fd, const char *name, void *data)
{
	struct gc *gc = data;
	CLEANUP(closep) int fd = cg_open_dir(tenant_fd, name);

	/* Gone meanwhile, or somebody's own sort of directory. */
	if (fd < 0)
		return 0;
	if (gc->report.examined == gc->examine_max)
		return 1;
	gc->report.examined++;
	tell(gc, name, decide(gc, tenant_fd, name, fd));
	return 0;
}

/* Looks at the groups of a tenant, as many as may be looked at. */
static int collect(struct gc *gc, int tenant_fd)
{
	uint64_t removed = gc->report.removed;
	int r = cg_each_child(tenant_fd, visit_group, gc);

	if (gc->report.removed > removed && !gc->options.dry_run)
		protect_without(gc->host, tenant_fd);
	return r;
}

static int visit_tenant(int namespace_fd, const char *name, void *data)
{
	struct gc *gc = data;
	CLEANUP(closep) int fd = cg_open_dir(namespace_fd, name);
	int r;

	if (fd < 0)
		return 0;
	gc->tenant = name;
	r = collect(gc, fd);
	if (!gc->options.dry_run)
		nodes_remove(gc->host, namespace_fd, name, fd);
	return r;
}

void gc_sweep(const struct ration_host *host, int tenant_fd, uint64_t examine_max)
{
	struct gc gc = { .host = host, .examine_max = examine_max };

	(void)collect(&gc, tenant_fd);
}

int ration_gc(const struct ration_host *host, const struct ration_gc_options *options,
		struct ration_gc_report *report, struct ration_error *reterr)
{
	CLEANUP(closep) int namespace_fd = -EBADF;
	struct gc gc = {
		.host = host,
		.examine_max = UINT64_MAX,
		.report = { .size = report->size },
	};
	int r = 0;

	if (options)
		gc.options = *options;
	if (host->base_fd >= 0)
		namespace_fd = nodes_open(host);
	if (namespace_fd >= 0)
		r = cg_each_child(namespace_fd, visit_tenant, &gc);
	if (r < 0)
		return error_set(reterr, -EIO, RATION_CAUSE_UNKNOWN, "can't read %.200s/%s: %s", host->base,
				host->nspace, error_text(r));
	memcpy(report, &gc.report, report->size < sizeof(gc.report) ? report->size : sizeof(gc.report));
	return 0;
}
