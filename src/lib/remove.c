/* SPDX-License-Identifier: MIT */
/*
 * remove.c - remove tenants and groups
 *
 * By name, since that is how the kernel removes; so the name is first compared
 * with the directory that the handle has, which may be gone and have a successor.
 */
#include "lib/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/origin.h"
#include "lib/protect.h"
#include "lib/v1.h"
#include "sys/cgroup.h"
#include "util/cleanup.h"
#include "util/error.h"

/* How long killed processes have to be gone. */
#define KILL_MSEC 10000

/* Rounds against others who put something in. */
#define ROUNDS_MAX 100

static int parent_fd(const struct ration_group *group)
{
	return group->tenant ? group->at.namespace_fd : group->at.tenant_fd;
}

static const char *own_name(const struct ration_group *group)
{
	return group->tenant ? group->at.tenant : group->at.name;
}

/* The directory of that name is still ours. */
static bool same(const struct ration_group *group)
{
	struct stat ours, named;

	return fstat(group->at.fd, &ours) == 0 && group_alive(group->at.fd) &&
		fstatat(parent_fd(group), own_name(group), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
		ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

static int populated_error(const struct ration_group *group, struct ration_error *reterr)
{
	int n = cg_count(group->at.fd);

	(void)error_set(reterr, -EBUSY, RATION_CAUSE_HAS_PROCESSES, "%s has %d process%s", group->address, n,
			n == 1 ? "" : "es");
	return error_hint(reterr, -EBUSY, "ration rm --force kills them, --release lets them live without its limits");
}

/* Sees to its processes. */
static int empty(const struct ration_group *group, enum ration_remove mode, struct ration_remove_report *report,
		struct ration_error *reterr)
{
	int n, r;

	switch (mode) {
	case RATION_REMOVE_EMPTY:
		return cg_populated(group->at.fd) == 1 ? populated_error(group, reterr) : 0;
	case RATION_REMOVE_KILL:
		n = cg_count(group->at.fd);
		r = cg_end(group->at.fd, KILL_MSEC);
		if (r == -ETIMEDOUT)
			return error_set(reterr, -EBUSY, RATION_CAUSE_HAS_PROCESSES,
					"processes of %s don't die within %d s", group->address, KILL_MSEC / 1000);
		if (r < 0)
			return handle_error(group, r, "kill", reterr);
		report->killed += n > 0 ? (uint64_t)n : 0;
		return 0;
	case RATION_REMOVE_RELEASE:
		return origin_release(group, report, reterr);
	}
	return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "there is no such way to remove a group");
}

static int remove_it(const struct ration_group *group, enum ration_remove mode,
		struct ration_remove_report *report, struct ration_error *reterr)
{
	int r = -EBUSY;

	/* A run that starts in a tenant meanwhile, or a process that forks, needs another round. */
	for (int round = 0; round < ROUNDS_MAX && r == -EBUSY && same(group); round++) {
		r = empty(group, mode, report, reterr);
		if (r < 0)
			return r;
		r = cg_rmdir_tree(parent_fd(group), own_name(group));
	}
	if (r == -EBUSY && !same(group))
		return 0;
	if (r == -EBUSY)
		return error_set(reterr, r, RATION_CAUSE_HAS_PROCESSES, "processes keep appearing in %s",
				group->address);
	return r < 0 ? handle_error(group, r, "remove", reterr) : 0;
}

int ration_group_remove(struct ration_group *group, enum ration_remove mode, struct ration_remove_report *report,
		struct ration_error *reterr)
{
	struct ration_remove_report done = { .size = report ? report->size : 0 };
	int r;

	if (group->at.fd < 0)
		return 0;
	r = remove_it(group, mode, &done, reterr);
	if (report)
		(void)memcpy(report, &done, report->size < sizeof(done) ? report->size : sizeof(done));
	if (r < 0)
		return r;
	(void)protect_nodes(NULL, &group->at, NULL);
	if (!group->tenant)
		v1_remove_name(group->host, group->at.tenant, group->at.name);
	if (group->tenant)
		nodes_remove_above(group->host, group->at.namespace_fd);
	else
		nodes_remove(group->host, group->at.namespace_fd, group->at.tenant, group->at.tenant_fd);
	return 0;
}
