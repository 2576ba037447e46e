/* SPDX-License-Identifier: MIT */
/*
 * handle.c - tenants and groups that are open: opened, locked, told why something fails
 */
#include "group/handle.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "group/cgroup1.h"
#include "group/leaf.h"
#include "group/outside.h"
#include "group/owner.h"
#include "group/trust.h"
#include "host/names.h"
#include "plan/plan.h"
#include "sys/cgroup/cgroup.h"
#include "util/cleanup.h"
#include "util/error.h"

/* ------------------------------------------------------------------ errors */

static int vanished_error(const struct ration_group *group, struct ration_error *reterr)
{
	return error_set(reterr, -ENOENT, RATION_CAUSE_VANISHED, "%s was removed meanwhile", group->address);
}

int handle_check(const struct ration_group *group, struct ration_error *reterr)
{
	const struct host_facts *facts = &group->host->facts;

	int r = group->at.fd >= 0 ? 0 : outside_error(group->host, group->at.tenant, group->at.name, reterr);

	if (group->at.fd >= 0 || r < 0)
		return r;
	(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NO_CGROUP, "%s has no cgroup: %s", group->address,
			group->reason);
	return error_hint(reterr, -EOPNOTSUPP, "%s%ssee ration doctor", facts->base_fix,
			facts->base_fix[0] ? "; " : "");
}

int handle_check_leaf(const struct ration_group *group, struct ration_error *reterr)
{
	int r = handle_check(group, reterr);

	if (r < 0 || !group->tenant)
		return r;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID,
			"%s is a tenant and can't have processes", group->address);
	return error_hint(reterr, -EINVAL, "use one of its groups, e.g. %s/vm7", group->address);
}

int handle_check_v1(const struct ration_group *group, struct ration_error *reterr)
{
	char line[PATH_MAX + 32], *place;
	int r = group->tenant ? 0 : v1_check(&group->at, line, sizeof(line));

	if (r == 0)
		return 0;
	place = line + strcspn(line, " ");
	place += *place == ' ';
	if (r == -ENOENT && leaf_gone(&group->at))
		return vanished_error(group, reterr);
	if (r == -ENOENT) {
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_VANISHED,
				"the directory of %s below %.300s was removed with its limits",
				group->address, place);
		return error_hint(reterr, -EOPNOTSUPP, "ration rm removes the rest of it");
	}
	(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NOT_DELEGATED,
			"limits of %s are in cgroup v1 below %.300s, where this process isn't or can't write",
			group->address, place);
	return error_hint(reterr, -EOPNOTSUPP, "enter that group first, as the user that created %s or as root: "
			"echo $$ >%.300s/cgroup.procs", group->address, place);
}

int handle_check_plan(const struct ration_group *group, const struct ration_plan *plan,
		struct ration_error *reterr)
{
	for (size_t i = 0; group->tenant && plan && i < plan->n; i++) {
		const struct ration_plan_item *item = &plan->entry[i].item;

		if (item->mechanism != RATION_MECHANISM_CGROUP1)
			continue;
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NOT_ENFORCEABLE,
				"%s can't be enforced for %s: cgroup v1 can enforce it for groups, but not "
				"for a tenant",
				ration_limit_info(item->limit)->flag, group->address);
		return error_hint(reterr, -EOPNOTSUPP, "set it on the groups, e.g. %s/vm7", group->address);
	}
	return 0;
}

int handle_check_trust(const struct ration_group *group, uid_t allowed, struct ration_error *reterr)
{
	int r = group->at.fd < 0 ? 0 : trust_all(&group->at, allowed, reterr);
	uid_t uid;

	/* The owner's processes belong there. */
	if (r < 0 && whose_is(group->at.fd, &uid) != WHOSE_OWN && uid != geteuid())
		return error_hint(reterr, r, "as root: ration exec --user %u %s -- COMMAND", (unsigned)uid,
				group->address);
	return r;
}

int handle_check_limits(const struct ration_group *group, struct ration_error *reterr)
{
	uid_t uid;
	int r = group->tenant ? nodes_check(group->host, WHOSE_NOBODY, reterr) :
		trust_above(&group->at, WHOSE_NOBODY, reterr);

	/* For directories of root's the kernel refuses it, and that is reported. */
	if (r < 0 || whose_is(group->at.fd, &uid) != WHOSE_OTHER || uid == 0)
		return r;
	(void)error_set(reterr, -EPERM, RATION_CAUSE_NOT_DELEGATED,
			"can't set limits of %s: it belongs to uid %u, who can change them", group->address,
			(unsigned)uid);
	return error_hint(reterr, -EPERM, "set them on a tenant or group of yours above it, or do it as that user");
}

int handle_error(const struct ration_group *group, int code, const char *what, struct ration_error *reterr)
{
	if (vanished(code) && leaf_gone(&group->at))
		return vanished_error(group, reterr);
	if (code == -EACCES || code == -EPERM)
		return owner_error(group->at.fd, code, what, group->address, reterr);
	if (code == -ENOENT)
		return error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NO_CONTROLLER,
				"can't %s %s: the file isn't there", what, group->address);
	return error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't %s %s: %s", what, group->address,
			error_text(code));
}

int handle_lock(struct ration_group *group, struct ration_error *reterr)
{
	int r = leaf_lock(&group->at, reterr);

	if (r == 0 && leaf_alive(group->at.fd))
		return 0;
	handle_unlock(group);
	return r < 0 && r != -ENOENT ? r : vanished_error(group, reterr);
}

void handle_unlock(struct ration_group *group)
{
	leaf_unlock(&group->at);
}

/* ----------------------------------------------------------------- handles */

int handle_new(const struct ration_host *handle, const struct host_snapshot *host, const char *address,
		struct ration_group **ret, struct ration_error *reterr)
{
	struct ration_group *group = calloc(1, sizeof(*group));
	char nodes[NODES_PATH_MAX];
	int r;

	if (!group)
		return error_oom(reterr);
	group->handle = handle;
	group->host = host;
	group->at = PLACE_NONE;
	group->at.host = host;
	r = names_parse(address, group->at.tenant, group->at.name, reterr);
	if (r < 0) {
		free(group);
		return r;
	}
	group->tenant = group->at.name[0] == '\0';
	(void)snprintf(group->address, sizeof(group->address), "%s", address);
	if (host->base_fd >= 0)
		(void)snprintf(group->path, sizeof(group->path), "%s%s/%s", host->base,
				nodes_path(nodes, sizeof(nodes), host), address);
	else
		(void)snprintf(group->reason, sizeof(group->reason), "%s", host->facts.base_reason);
	*ret = group;
	return 0;
}

struct ration_group *ration_group_free(struct ration_group *group)
{
	if (group) {
		place_close(&group->at);
		free(group);
	}
	return NULL;
}

static int open_dirs(struct ration_group *group)
{
	struct place *at = &group->at;

	at->namespace_fd = nodes_open(group->host);
	if (at->namespace_fd < 0)
		return at->namespace_fd;
	at->tenant_fd = cg_open_dir(at->namespace_fd, at->tenant);
	if (at->tenant_fd < 0)
		return at->tenant_fd;
	at->fd = group->tenant ? cg_open_dir(at->namespace_fd, at->tenant) : cg_open_dir(at->tenant_fd, at->name);
	if (at->fd < 0)
		return at->fd;
	if (group->tenant)
		return 0;
	/* Another process is making it: don't show half of it. */
	if (!leaf_recorded(at->fd))
		leaf_settle(at->fd);
	if (!leaf_alive(at->fd))
		return -ENOENT;
	/* It belongs to a run: we can read its limits and what it uses. */
	return v1_open(at);
}

int ration_group_open(const struct ration_host *handle, const char *address, struct ration_group **ret_group,
		struct ration_error *reterr)
{
	CLEANUP(handle_freep) struct ration_group *group = NULL;
	const struct host_snapshot *host;
	int r = error_check_null("host", handle, reterr);

	if (r < 0)
		return r;
	host = host_now(handle);
	r = handle_new(handle, host, address, &group, reterr);
	if (r < 0)
		return r;
	if (host->base_fd < 0 && !host->unit_pending)
		return handle_check(group, reterr);
	r = host->unit_pending ? -ENOENT : open_dirs(group);
	if (vanished(r)) {
		if (outside_error(host, group->at.tenant, group->at.name, reterr) < 0)
			return -EPERM;
		return outside_missing(host, group->at.tenant, group->at.name, reterr);
	}
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't open %s: %s", group->path, error_text(r));
	*ret_group = TAKE_PTR(group);
	return 0;
}

const char *ration_group_address(const struct ration_group *group)
{
	return group->address;
}

const char *ration_group_path(const struct ration_group *group)
{
	return group->at.fd >= 0 ? group->path : NULL;
}

bool ration_group_is_tenant(const struct ration_group *group)
{
	return group->tenant;
}

const char *ration_group_reason(const struct ration_group *group)
{
	return group->reason;
}
