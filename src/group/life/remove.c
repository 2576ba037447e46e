/* SPDX-License-Identifier: MIT */
/*
 * remove.c - remove tenants and groups
 *
 * By name, since that is how the kernel removes; so the name is first compared
 * with the directory that the handle has, which may be gone and have a successor.
 */
#include "group/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "group/cgroup1.h"
#include "group/leaf.h"
#include "group/life/origin.h"
#include "group/life/stuck.h"
#include "group/limits/protect.h"
#include "host/names.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/kill.h"
#include "sys/cgroup/members.h"
#include "sys/cgroup/walk.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/size.h"

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
	return cg_is(group->at.fd, parent_fd(group), own_name(group));
}

/* ------------------------------------------------------------- in cgroup v1 */

/* What is to be done with the directories of each group of a tenant. */
struct each {
	const struct ration_group *tenant;
	int (*visit)(struct ration_group *leaf, void *data);
	void *data;
	bool remove; /* directories that can't be groups of ours are removed instead */
};

static int visit_leaf(int tenant_fd, const char *name, void *data)
{
	const struct each *each = data;
	struct ration_group leaf = { .handle = each->tenant->handle, .host = each->tenant->host, .at = PLACE_NONE };
	int r;

	/* Not a name of ours: nothing in cgroup v1 belongs to it. */
	if (names_check("group", name, NULL) < 0)
		return each->remove ? cg_rmdir_tree(tenant_fd, name) : 0;
	leaf.at.host = leaf.host;
	(void)strcpy(leaf.at.tenant, each->tenant->at.tenant);
	(void)snprintf(leaf.at.name, sizeof(leaf.at.name), "%s", name);
	(void)snprintf(leaf.address, sizeof(leaf.address), "%s/%s", leaf.at.tenant, leaf.at.name);
	leaf.at.tenant_fd = tenant_fd;
	r = leaf.at.fd = cg_open_dir(tenant_fd, name);
	if (r >= 0)
		r = v1_open(&leaf.at);
	if (r >= 0)
		r = each->visit(&leaf, each->data);
	leaf.at.tenant_fd = -EBADF;
	place_close(&leaf.at);
	return vanished(r) ? 0 : r;
}

/* Visits the group, or those of the tenant that are there, until a visit returns other than 0. */
static int each_leaf(struct ration_group *group, int (*visit)(struct ration_group *leaf, void *data),
		void *data)
{
	struct each each = { .tenant = group, .visit = visit, .data = data };
	int r;

	if (!group->tenant)
		return visit(group, data);
	r = group->host->n_v1 == 0 ? 0 : cg_each_child(group->at.fd, visit_leaf, &each);
	return vanished(r) ? 0 : r;
}

/* If this process can't reach them, they would stay, and nobody would know whose they are. */
static int check_reach(struct ration_group *leaf, void *data)
{
	char line[PATH_MAX + 32];

	return v1_check(&leaf->at, line, sizeof(line)) == -EXDEV ? handle_check_v1(leaf, data) : 0;
}

/* Counts the processes in its directories: usually those of its cgroup2, and any that somebody else has put there. */
static int count_v1(struct ration_group *leaf, void *data)
{
	int *most = data;

	for (size_t i = 0; i < leaf->host->n_v1; i++) {
		int n = leaf->at.v1_fd[i] < 0 ? 0 : cg_count(leaf->at.v1_fd[i]);

		*most = n > *most ? n : *most;
	}
	return 0;
}

static int kill_v1(struct ration_group *leaf, void *data)
{
	int r = 0;

	(void)data;
	for (size_t i = 0; i < leaf->host->n_v1 && r == 0; i++) {
		if (leaf->at.v1_fd[i] >= 0 && cg_count(leaf->at.v1_fd[i]) > 0)
			r = cg_end(leaf->at.v1_fd[i], KILL_MSEC);
	}
	return r;
}

static int release_v1(struct ration_group *leaf, void *data)
{
	return origin_release_v1(leaf, data);
}

static int remove_v1(struct ration_group *leaf)
{
	int r = v1_remove(&leaf->at);

	/* Of one that somebody else has removed, the nodes are left. */
	for (size_t i = 0; i < leaf->host->n_v1 && r == 0; i++)
		v1_remove_nodes(leaf->host, i, leaf->at.tenant);
	return r;
}

/*
 * A group of a tenant, with its directories in cgroup v1: each under its own lock, since one that is
 * just being made has more of them when that is given back.
 */
static int remove_leaf(struct ration_group *leaf, void *data)
{
	struct place *at = &leaf->at;
	int r = whose_is(at->fd, NULL) == WHOSE_OTHER ? 0 : leaf_lock(at, data);

	if (r == 0)
		r = v1_open(at);
	if (r >= 0)
		r = remove_v1(leaf);
	if (r >= 0)
		r = cg_rmdir_tree_of(at->fd, at->tenant_fd, at->name);
	leaf_unlock(at);
	return r;
}

/* ------------------------------------------------------------------- removal */

static int populated_error(struct ration_group *group, struct ration_error *reterr)
{
	int n = cg_count(group->at.fd);

	(void)each_leaf(group, count_v1, &n);
	(void)error_set(reterr, -EBUSY, RATION_CAUSE_HAS_PROCESSES, "%s has %d process%s", group->address, n,
			n == 1 ? "" : "es");
	return error_hint(reterr, -EBUSY, "ration rm --force kills them, --release keeps them running without limits");
}

/* How long to let them die; after that, look at what keeps them. */
#define PROMPT_MSEC 1000

/* Kills all. `words`: who doesn't die, and why. */
static int end_all(struct ration_group *group, char words[STUCK_WORDS_MAX])
{
	int r = cg_end(group->at.fd, PROMPT_MSEC);

	words[0] = '\0';
	/* The look thaws what the group has frozen in cgroup v1. */
	if (r == -ETIMEDOUT) {
		(void)stuck_in(&group->at, words);
		r = cg_end(group->at.fd, KILL_MSEC - PROMPT_MSEC);
	}
	return r == 0 ? each_leaf(group, kill_v1, NULL) : r;
}

/* Sees to its processes. */
static int empty(struct ration_group *group, enum ration_remove mode, struct ration_remove_report *report,
		struct ration_error *reterr)
{
	char words[STUCK_WORDS_MAX];
	int n, r, in_v1 = 0;

	switch (mode) {
	case RATION_REMOVE_EMPTY:
		(void)each_leaf(group, count_v1, &in_v1);
		return cg_populated(group->at.fd) == 1 || in_v1 > 0 ? populated_error(group, reterr) : 0;
	case RATION_REMOVE_KILL:
		n = cg_count(group->at.fd);
		(void)each_leaf(group, count_v1, &n);
		r = end_all(group, words);
		if (r == -ETIMEDOUT)
			return error_set(reterr, -EBUSY, RATION_CAUSE_HAS_PROCESSES,
					"processes of %s don't die within %d s%s%.250s", group->address,
					KILL_MSEC / 1000, words[0] ? ": " : "", words);
		if (r < 0)
			return handle_error(group, r, "kill", reterr);
		report->killed += n > 0 ? (uint64_t)n : 0;
		return 0;
	case RATION_REMOVE_RELEASE:
		r = origin_check(group, reterr);
		if (r < 0)
			return r;
		r = origin_release(group, report, reterr);
		if (r == 0)
			r = each_leaf(group, release_v1, reterr);
		return r >= 0 || r == -EBUSY ? r : handle_error(group, r, "release the processes of", reterr);
	}
	return error_check_enum("mode", (int)mode, RATION_REMOVE_RELEASE, reterr);
}

#define STRANGERS 2 /* other than what cg_each_group() knows */

static int is_strangers(int fd, void *data)
{
	(void)data;
	return owner_is_another(fd) ? STRANGERS : 0;
}

/*
 * Another user who owns part of it can keep making groups there. A limit of the topmost group, which that
 * user can't change, stops that. Returns the old value.
 */
static void hold_still(const struct ration_group *group, char ret_before[32])
{
	if (cg_each_group(group->at.fd, is_strangers, NULL) != STRANGERS ||
			cg_read(group->at.fd, "cgroup.max.descendants", ret_before, 32) < 0 ||
			cg_write(group->at.fd, "cgroup.max.descendants", "0") < 0)
		ret_before[0] = '\0';
}

static void let_go(const struct ration_group *group, const char *before)
{
	if (before[0])
		(void)cg_write(group->at.fd, "cgroup.max.descendants", before);
}

static int remove_error(const struct ration_group *group, int code, struct ration_error *reterr)
{
	if (code == -EBUSY)
		return error_set(reterr, code, RATION_CAUSE_HAS_PROCESSES, "processes keep appearing in %s",
				group->address);
	if (code == -ETIMEDOUT)
		return error_set(reterr, code, RATION_CAUSE_TIMEOUT, "others keep creating groups in %s",
				group->address);
	return handle_error(group, code, "remove", reterr);
}

static int remove_tenant(struct ration_group *group, struct ration_error *reterr)
{
	struct each each = { .tenant = group, .visit = remove_leaf, .data = reterr, .remove = true };
	int r = group->host->n_v1 == 0 ? 0 : cg_each_child(group->at.fd, visit_leaf, &each);

	if (r < 0 && !vanished(r))
		return r;
	/* A new group has directories in cgroup v1, too, and needs another round. */
	return (group->host->n_v1 > 0 ? cg_rmdir : cg_rmdir_tree)(parent_fd(group), own_name(group));
}

static int remove_group(struct ration_group *group)
{
	/* What it has in cgroup v1 may be more than it was when it was opened. */
	int r = v1_open(&group->at);

	/* First: as long as the other is there, it can be tried again. */
	if (r >= 0)
		r = remove_v1(group);
	return r < 0 ? r : cg_rmdir_tree(parent_fd(group), own_name(group));
}

/*
 * Removes it under its lock. Then nobody can remove it and make another of its name between our check and the
 * kernel's, and nobody is adding to it, in cgroup v1 for instance. If it stays locked, an error says so.
 */
static int remove_locked(struct ration_group *group, bool *ret_told, struct ration_error *reterr)
{
	/* A caller who can't lock it can't remove it either, and the removal will say so. */
	int r = whose_is(group->at.fd, NULL) == WHOSE_OTHER ? 0 : leaf_lock(&group->at, reterr);

	*ret_told = r == -ETIMEDOUT;
	if (*ret_told)
		return r;
	if (!same(group))
		r = 0;
	else
		r = group->tenant ? remove_tenant(group, reterr) : remove_group(group);
	leaf_unlock(&group->at);
	return r;
}

static int remove_it(struct ration_group *group, enum ration_remove mode,
		struct ration_remove_report *report, struct ration_error *reterr)
{
	char before[32] = "";
	bool told = false;
	int r = -EBUSY;

	/* A run that starts in the tenant meanwhile, or a process that forks, needs another round. */
	for (int round = 0; round < ROUNDS_MAX && r == -EBUSY && same(group); round++) {
		r = empty(group, mode, report, reterr);
		if (r < 0) {
			let_go(group, before);
			return r;
		}
		r = remove_locked(group, &told, reterr);
		if (r == -EBUSY && round == 0 && mode == RATION_REMOVE_KILL)
			hold_still(group, before);
	}
	if (r >= 0 || (r == -EBUSY && !same(group)))
		return 0;
	let_go(group, before);
	return told ? r : remove_error(group, r, reterr);
}

int ration_group_remove(struct ration_group *group, enum ration_remove mode, struct ration_remove_report *report,
		struct ration_error *reterr)
{
	struct ration_remove_report done = { .killed = 0 };
	int r = CHECK_RESULT(struct ration_remove_report, report, reterr);

	if (r < 0)
		return r;
	if (group->at.fd < 0)
		return GIVE_RESULT(struct ration_remove_report, report, &done, reterr);
	r = each_leaf(group, check_reach, reterr);
	if (r == -EOPNOTSUPP)
		return r;
	if (r < 0)
		return handle_error(group, r, "open the directories of", reterr);
	r = remove_it(group, mode, &done, reterr);
	(void)GIVE_RESULT(struct ration_remove_report, report, &done, NULL);
	if (r < 0)
		return r;
	(void)protect_nodes(NULL, &group->at, NULL);
	if (group->tenant)
		nodes_remove_above(group->host, group->at.namespace_fd);
	else
		nodes_remove(group->host, group->at.namespace_fd, group->at.tenant, group->at.tenant_fd);
	return 0;
}
