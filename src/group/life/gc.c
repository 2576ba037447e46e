/* SPDX-License-Identifier: MIT */
/*
 * gc.c - remove the groups whose owner is dead
 *
 * A run leaves something here only if its supervisor and its keeper were killed at the same time;
 * after a power cut there are no groups at all. Groups that a program made for itself, and commands
 * that replaced ration, leave theirs.
 */
#include "group/life/gc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "group/cgroup1.h"
#include "group/leaf.h"
#include "group/limits/protect.h"
#include "group/nodes.h"
#include "group/owner.h"
#include "group/whose.h"
#include "host/host.h"
#include "host/names.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/walk.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/size.h"

/* Longer than another gc takes to kill and remove a group. */
#define WAIT_MSEC 5000

struct gc {
	const struct host_snapshot *host;
	const char *tenant;
	size_t v1;            /* 0: in cgroup2; else in host->v1[v1 - 1] */
	uint64_t first;       /* of the groups of a tenant, the one to begin with, counted round */
	uint64_t examine_max; /* groups to look at; then stop */
	int wait_msec;        /* for another process that is removing or changing a group */
	struct ration_gc_options options;
	struct ration_gc_report report;
};

static enum ration_gc_action collect_group(const struct gc *gc, int tenant_fd, const char *name, int fd)
{
	int pid, r = owner_ask(gc->host->proc_fd, fd, &pid), owner = r;

	/* If we can't find out whether the owner is dead, report a failure rather than a live owner. */
	if (r < 0)
		return vanished(r) ? RATION_GC_LIVE : RATION_GC_FAILED;
	if (owner == RATION_OWNER_ALIVE || owner == RATION_OWNER_KEPT)
		return RATION_GC_LIVE;
	/* It belongs to another uid, or is below such a directory: that uid collects it. */
	if (whose_is(fd, NULL) == WHOSE_OTHER || whose_is(tenant_fd, NULL) != WHOSE_OWN)
		return RATION_GC_LIVE;
	if (gc->options.dry_run)
		return owner == RATION_OWNER_UNKNOWN ? RATION_GC_LIVE : RATION_GC_REMOVED;
	if (owner == RATION_OWNER_UNKNOWN)
		r = owner_remove_unmade(tenant_fd, name, fd);
	else
		r = gc->v1 == 0 ? leaf_remove_dead(gc->host, gc->tenant, tenant_fd, name, fd, gc->wait_msec) :
			v1_remove_dead(gc->host, gc->tenant, name);
	/* Another process is changing it, or it isn't a group of ours. */
	if (r == -EALREADY)
		return RATION_GC_LIVE;
	return r < 0 ? RATION_GC_FAILED : RATION_GC_REMOVED;
}

static void report_action(struct gc *gc, const char *name, enum ration_gc_action action)
{
	char address[NAMES_SHOWN_MAX];

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
	case RATION_GC_SHUT:
		break;
	}
	if (!gc->options.found)
		return;
	gc->options.found(gc->options.userdata, names_show(address, gc->tenant, name), action);
}

/* A group of cgroup v1 is in several hierarchies, but counts once. */
static bool seen_before(const struct gc *gc, const char *name)
{
	CLEANUP(closep) int namespace_fd = gc->v1 > 0 && gc->host->base_fd >= 0 ? nodes_open(gc->host) : -EBADF;
	CLEANUP(closep) int tenant_fd = namespace_fd >= 0 ? cg_open_dir(namespace_fd, gc->tenant) : -EBADF;

	if (tenant_fd >= 0 && sys_access(tenant_fd, name, F_OK) == 0)
		return true;
	for (size_t i = 0; i + 1 < gc->v1; i++) {
		CLEANUP(closep) int fd = v1_open_tenant(gc->host, i, gc->tenant);

		if (fd >= 0 && sys_access(fd, name, F_OK) == 0)
			return true;
	}
	return false;
}

static int visit_group(int tenant_fd, const char *name, void *data)
{
	struct gc *gc = data;
	CLEANUP(closep) int fd = cg_open_dir(tenant_fd, name);

	if (vanished(fd) || seen_before(gc, name))
		return 0;
	/* Somebody's own sort of directory. */
	if (fd == -EACCES) {
		report_action(gc, name, RATION_GC_SHUT);
		return 0;
	}
	if (gc->report.examined == gc->examine_max)
		return 1;
	gc->report.examined++;
	report_action(gc, name, fd < 0 ? RATION_GC_FAILED : collect_group(gc, tenant_fd, name, fd));
	return 0;
}

/* Looks at the groups of a tenant, as many as may be looked at. */
static int collect(struct gc *gc, int tenant_fd)
{
	uint64_t removed = gc->report.removed;
	int r = cg_each_child_from(tenant_fd, gc->first, visit_group, gc);

	if (gc->report.removed > removed && !gc->options.dry_run && gc->v1 == 0)
		protect_without(gc->host, tenant_fd);
	return r;
}

static int visit_tenant(int namespace_fd, const char *name, void *data)
{
	struct gc *gc = data;
	CLEANUP(closep) int fd = cg_open_dir(namespace_fd, name);
	int r;

	gc->tenant = name;
	if (fd == -EACCES && gc->v1 == 0)
		report_action(gc, NULL, RATION_GC_SHUT);
	if (fd < 0)
		return vanished(fd) || fd == -EACCES ? 0 : fd;
	r = collect(gc, fd);
	if (!gc->options.dry_run && gc->v1 == 0)
		nodes_remove(gc->host, namespace_fd, name, fd);
	else if (!gc->options.dry_run)
		v1_remove_nodes(gc->host, gc->v1 - 1, name);
	return r;
}

/* A random start, so that runs that start at the same moment check different groups. */
static uint64_t anywhere(void)
{
	uint64_t mixed = (sys_now_usec() ^ (uint64_t)gettid() << 40) * UINT64_C(0x9e3779b97f4a7c15);

	return mixed >> 33;
}

void gc_sweep(const struct place *place, uint64_t examine_max)
{
	struct gc gc = {
		.host = place->host,
		.tenant = place->tenant,
		.first = anywhere(),
		.examine_max = examine_max,
	};

	if (place->tenant_fd >= 0)
		(void)collect(&gc, place->tenant_fd);
	/* Without a cgroup2, each group is in some of these, usually in the same ones. */
	for (gc.v1 = 1; place->tenant_fd < 0 && gc.v1 <= gc.host->n_v1; gc.v1++) {
		CLEANUP(closep) int fd = v1_open_tenant(gc.host, gc.v1 - 1, place->tenant);

		if (fd >= 0)
			(void)collect(&gc, fd);
	}
}

/* A run that was killed before it had a tenant leaves these nodes. Those of another user are that user's. */
static void remove_nodes(const struct gc *gc, int namespace_fd)
{
	if (gc->options.dry_run || (namespace_fd >= 0 && owner_is_another(namespace_fd)))
		return;
	if (gc->v1 == 0)
		nodes_remove_above(gc->host, namespace_fd);
	else
		v1_remove_nodes(gc->host, gc->v1 - 1, NULL);
}

static int visit_all(struct gc *gc, int namespace_fd)
{
	int r = vanished(namespace_fd) ? 0 : namespace_fd;

	if (namespace_fd >= 0)
		r = cg_each_child(namespace_fd, visit_tenant, gc);
	remove_nodes(gc, namespace_fd);
	(void)close_fd(namespace_fd);
	return r;
}

int ration_gc(const struct ration_host *handle, const struct ration_gc_options *options,
		struct ration_gc_report *report, struct ration_error *reterr)
{
	const struct host_snapshot *host = host_now(handle);
	struct gc gc = {
		.host = host,
		.examine_max = UINT64_MAX,
		.wait_msec = WAIT_MSEC,
	};
	int r = TAKE_OPTIONS(struct ration_gc_options, &gc.options, options, reterr);

	if (r == 0)
		r = CHECK_RESULT(struct ration_gc_report, report, reterr);
	if (r < 0)
		return r;
	if (host->base_fd >= 0)
		r = visit_all(&gc, nodes_open(host));
	for (gc.v1 = 1; gc.v1 <= host->n_v1 && r == 0; gc.v1++)
		r = visit_all(&gc, v1_open_namespace(host, gc.v1 - 1));
	if (r < 0)
		return error_set(reterr, -EIO, RATION_CAUSE_UNKNOWN, "can't read %.200s/%s: %s", host->base,
				host->nspace, error_text(r));
	return GIVE_RESULT(struct ration_gc_report, report, &gc.report, reterr);
}
