/* SPDX-License-Identifier: MIT */
/*
 * gc.c - remove the groups whose owner is dead
 *
 * Only what killed a supervisor and its keeper at once leaves anything here: a
 * power cut doesn't, since groups don't survive it either.
 */
#include <string.h>

#include "lib/gc.h"
#include "lib/nodes.h"
#include "lib/owner.h"
#include "sys/cgroup.h"
#include "util/cleanup.h"
#include "util/error.h"

struct gc {
	const struct ration_host *host;
	uint64_t examine_max; /* groups to look at; then stop */
	struct ration_gc_report report;
};

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
	switch (owner_state(gc->host->proc_fd, fd)) {
	case OWNER_ALIVE:
	case OWNER_UNKNOWN:
		gc->report.live++;
		return 0;
	case OWNER_DEAD:
		break;
	}
	if (owner_remove_group(tenant_fd, name, fd) < 0)
		gc->report.failed++;
	else
		gc->report.removed++;
	return 0;
}

static int visit_tenant(int namespace_fd, const char *name, void *data)
{
	struct gc *gc = data;
	CLEANUP(closep) int fd = cg_open_dir(namespace_fd, name);
	int r;

	if (fd < 0)
		return 0;
	r = cg_each_child(fd, visit_group, gc);
	nodes_remove(gc->host, namespace_fd, name, fd);
	return r;
}

void gc_sweep(const struct ration_host *host, int tenant_fd, uint64_t examine_max)
{
	struct gc gc = { .host = host, .examine_max = examine_max };

	(void)cg_each_child(tenant_fd, visit_group, &gc);
}

int ration_gc(const struct ration_host *host, struct ration_gc_report *report, struct ration_error *reterr)
{
	CLEANUP(closep) int namespace_fd = -EBADF;
	struct gc gc = {
		.host = host,
		.examine_max = UINT64_MAX,
		.report = { .size = report->size },
	};
	int r = 0;

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
