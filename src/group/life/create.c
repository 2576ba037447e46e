/* SPDX-License-Identifier: MIT */
/*
 * create.c - make tenants and groups by hand
 *
 * Several processes may make the same group at once. The lock on its directory decides which one
 * does (leaf_claim()). It writes the time of creation last, so whoever finds that sees a complete
 * group, with its limits in force.
 *
 * A tenant may already exist although nobody created it explicitly: runs make the nodes that they
 * need. Then it becomes a kept one, and gets its limits like a live group does, without anything
 * being killed.
 */
#include "group/handle.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "group/budget/budget.h"
#include "group/cgroup1.h"
#include "group/leaf.h"
#include "group/life/gc.h"
#include "group/limits/apply.h"
#include "group/limits/compare.h"
#include "group/limits/update.h"
#include "group/outside.h"
#include "group/owner.h"
#include "group/record.h"
#include "host/notes.h"
#include "host/prepare.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/walk.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/size.h"
#include "util/text.h"

/*
 * Delegates in the sense of the kernel's documentation: the user can move processes and make groups below it,
 * but its limits belong to the owner of the group above.
 */
static int chown_files(int fd, const char *const *files, uid_t uid, gid_t gid)
{
	for (; *files; files++) {
		if (fchownat(fd, *files, uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
	}
	return 0;
}

static int find_child(int dir_fd, const char *name, void *data)
{
	(void)dir_fd;
	(void)snprintf(data, RATION_NAME_MAX + 1, "%.128s", name);
	return 1;
}

/* All that is below would be in that uid's hands. Checked when the tenant is given: later callers see whose it is. */
static int check_no_groups(const struct ration_group *group, const struct ration_group_options *options,
		struct ration_error *reterr)
{
	char name[RATION_NAME_MAX + 1], shown[TEXT_SHOWN_MAX];

	if (!group->tenant || options->uid == geteuid() || cg_each_child(group->at.fd, find_child, name) <= 0)
		return 0;
	(void)error_set(reterr, -EBUSY, RATION_CAUSE_IN_USE, "can't give %s to uid %u: %s has groups, e.g. %s/%s",
			group->address, (unsigned)options->uid, group->address, group->address,
			text_escape(shown, sizeof(shown), name));
	return error_hint(reterr, -EBUSY, "remove its groups first, or use another tenant");
}

static int delegate(const struct place *place, uid_t uid, gid_t gid)
{
	static const char *const files[] = { "", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control",
		NULL };
	static const char *const files_v1[] = { "", "cgroup.procs", "tasks", NULL };
	int r = chown_files(place->fd, files, uid, gid);

	for (size_t i = 0; i < place->host->n_v1 && r == 0; i++)
		r = place->v1_fd[i] < 0 ? 0 : chown_files(place->v1_fd[i], files_v1, uid, gid);
	return r;
}

static int set_oom_group(int fd, bool on)
{
	int r = cg_write(fd, "memory.oom.group", on ? "1" : "0");

	/* No memory controller: the setting would have no effect. */
	return r == -ENOENT ? 0 : r;
}

/* It was made by a run, and somebody may have written to its files since then. */
static int check_nothing_else(const struct ration_group *group, const struct ration_plan *plan,
		struct ration_error *reterr)
{
	char text[COMPARE_TEXT_MAX];
	int r = compare_others(&group->at, group->tenant, plan, text);

	if (r <= 0)
		return r < 0 ? handle_error(group, r, "read the limits of", reterr) : 0;
	(void)error_set(reterr, -EEXIST, RATION_CAUSE_EXISTS, "the tenant %s exists already, with limits that weren't asked "
			"for: %s", group->address, text);
	return error_hint(reterr, -EEXIST, "ration rm %s removes it", group->address);
}

struct finishing {
	struct ration_group *group;
	const struct ration_group_options *options;
};

/* Its limits are set: gives it to its owner, and marks it as complete. If this fails, the limits are taken back. */
static int finish(void *data, struct ration_error *reterr)
{
	const struct finishing *finishing = data;
	struct ration_group *group = finishing->group;
	const struct ration_group_options *options = finishing->options;
	int r = options->budget ? budget_change(group->at.fd, "--budget", options->budget, NULL, reterr) : 0;

	if (r < 0)
		return r;
	r = options->has_owner ? delegate(&group->at, options->uid, options->gid) : 0;
	if (r < 0)
		r = handle_error(group, r, "change the owner of", reterr);
	else if (options->has_owner)
		r = check_no_groups(group, options, reterr);
	if (r == 0) {
		if (options->command)
			(void)notes_write(group->at.fd, NOTE_COMMAND, options->command);
		r = leaf_complete(&group->at);
		if (r < 0)
			r = handle_error(group, r, "write notes on", reterr);
	}
	if (r < 0 && options->has_owner)
		(void)delegate(&group->at, geteuid(), getegid());
	return r;
}

/* Writes everything to a group that we have claimed. */
static int write_group(struct ration_group *group, const struct ration_plan *plan,
		const struct ration_group_options *options, struct ration_error *reterr)
{
	struct finishing finishing = { .group = group, .options = options };
	int fd = group->at.fd;
	int r;

	r = options->keep ? owner_keep(fd) : owner_record(group->host->proc_fd, fd);
	if (r < 0)
		return handle_error(group, r, "write notes on", reterr);
	/*
	 * In a group an OOM kill ends all processes, whatever limit caused it; the groups of a tenant are
	 * independent.
	 */
	if (!group->tenant)
		r = set_oom_group(fd, !options->no_oom_group);
	if (r < 0)
		return handle_error(group, r, "set memory.oom.group of", reterr);
	if (!group->tenant)
		r = v1_make(&group->at, apply_v1_controllers(plan, &group->host->facts), reterr);
	if (r < 0)
		return r;
	r = options->keep ? v1_keep(&group->at) : 0;
	if (r < 0)
		return handle_error(group, r, "write notes on", reterr);
	if (group->tenant)
		r = check_nothing_else(group, plan, reterr);
	if (r == 0 && plan)
		return update_apply_then(group, plan, finish, &finishing, reterr);
	return r < 0 ? r : finish(&finishing, reterr);
}

/* Limits that no file shows are found in the note. */
static bool has_unwritten(const struct ration_plan *plan)
{
	for (size_t i = 0; plan && i < plan->n; i++) {
		if (plan->entry[i].item.mechanism == RATION_MECHANISM_NONE)
			return true;
	}
	return false;
}

/* 1: its limits differ from the plan's; `text` says how, after a colon, if that is known. */
static int compare(const struct ration_group *group, const struct ration_plan *plan,
		char text[COMPARE_TEXT_MAX + 2])
{
	int r = compare_limits(&group->at, group->tenant, plan, text + 2);

	if (r > 0)
		memcpy(text, ": ", 2);
	return r == 0 && has_unwritten(plan) && !record_limits_match(group->at.fd, plan) ? 1 : r;
}

/*
 * Only root can see by a note whether a delegated tenant is complete; but its limits are files that the
 * caller made.
 */
static bool is_whole(const struct ration_group *group)
{
	return leaf_recorded(group->at.fd) || whose_is(group->at.fd, NULL) == WHOSE_DELEGATED;
}

/* Tells whether it belongs to the requested owner. */
static bool given_to(const struct ration_group *group, const struct ration_group_options *options)
{
	uid_t uid;

	return !options->has_owner || (whose_is(group->at.fd, &uid) != WHOSE_OTHER && uid == options->uid);
}

/* 1: a budget is asked for, and the tenant has another one. */
static int compare_budget(const struct ration_group *group, const struct ration_group_options *options)
{
	struct budget has = BUDGET_NONE, asked = BUDGET_NONE;
	char a[BUDGET_TEXT_MAX], b[BUDGET_TEXT_MAX];
	int r = options->budget ? budget_read(group->at.fd, &has) : 0;

	if (r < 0 || !options->budget)
		return r;
	r = budget_parse("--budget", options->budget, &asked, NULL);
	return r < 0 ? r : strcmp(budget_format(a, &has), budget_format(b, &asked)) != 0;
}

/* It exists: take it as ours, if that is allowed and it is what was asked for. */
static int take_existing(struct ration_group *group, const struct ration_plan *plan,
		const struct ration_group_options *options, struct ration_error *reterr)
{
	char text[COMPARE_TEXT_MAX + 2] = "";
	int r = 0;

	if (options->exist_ok && is_whole(group) && given_to(group, options)) {
		if (!group->tenant)
			r = v1_open(&group->at);
		if (r >= 0)
			r = compare(group, plan, text);
		if (r == 0 && (r = compare_budget(group, options)) > 0)
			(void)strcpy(text, ": another budget");
		if (r <= 0)
			return r < 0 ? handle_error(group, r, "read the limits of", reterr) : 0;
	}
	(void)error_set(reterr, -EEXIST, RATION_CAUSE_EXISTS, "the %s %s exists already%s%s",
			group->tenant ? "tenant" : "group", group->address, r > 0 ? ", with other limits" : "", text);
	return error_hint(reterr, -EEXIST, "ration set changes its limits, ration rm removes it");
}

/* Undoes what was begun: a tenant that a run made before becomes a mere node again. */
static void abandon(struct ration_group *group, bool mine)
{
	(void)notes_write(group->at.fd, NOTE_KEEP, "");
	(void)notes_write(group->at.fd, NOTE_OWNER, "");
	(void)notes_write(group->at.fd, NOTE_BUDGET, "");
	handle_unlock(group);
	if (group->tenant)
		nodes_remove(group->host, group->at.namespace_fd, group->at.tenant, group->at.fd);
	else if (mine)
		(void)leaf_remove(&group->at);
}

/* Removes a tenant whose creator is dead, with its groups whose owners are dead. True: it is gone. */
static bool make_room(const struct ration_group *group)
{
	const struct host_snapshot *host = group->host;

	if (owner_state(host->proc_fd, group->at.fd, NULL) != RATION_OWNER_DEAD)
		return false;
	gc_sweep(&group->at, UINT64_MAX);
	nodes_remove(host, group->at.namespace_fd, group->at.tenant, group->at.fd);
	return !leaf_alive(group->at.fd);
}

/* We can compare a delegated tenant, but make nothing in it. */
static bool open_delegated(struct ration_group *group)
{
	struct place *at = &group->at;

	at->namespace_fd = nodes_open(group->host);
	if (at->namespace_fd >= 0)
		at->fd = cg_open_dir(at->namespace_fd, at->tenant);
	if (at->fd >= 0 && whose_is(at->fd, NULL) == WHOSE_DELEGATED)
		return true;
	place_close(at);
	return false;
}

/* Only a tenant has a budget; and its owner, if it is delegated, wouldn't be bound by ours. */
static int check_budget(const struct ration_group *group, const struct ration_group_options *options,
		struct ration_error *reterr)
{
	if (!options->budget)
		return 0;
	if (!group->tenant) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "--budget: %s is a group, and only a tenant has a "
				"budget", group->address);
		return error_hint(reterr, -EINVAL, "set it on the tenant: ration set %s --budget ...", group->at.tenant);
	}
	if (options->has_owner && options->uid != geteuid()) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "--budget and --owner exclude each other: it would "
				"bind nobody in a tenant that is uid %u's", (unsigned)options->uid);
		return error_hint(reterr, -EINVAL, "set limits on the tenant, e.g. --memory 8G");
	}
	return ration_budget_check(options->budget, reterr);
}

/* A delegated tenant counts as one, by its own limits; any other by its groups. */
static int take_for_tenant(const struct ration_group *group, const struct ration_plan *plan,
		const struct ration_group_options *options, struct budget_hold *hold, struct ration_error *reterr)
{
	struct budget_ask ask;

	if (!options->has_owner || options->uid == geteuid())
		return 0;
	budget_ask_of(plan, &ask);
	return budget_take(&group->at, &ask, NULL, hold, reterr);
}

static int create_tenant(struct ration_group *group, const struct ration_plan *plan,
		const struct ration_group_options *options, uint32_t wanted, struct ration_error *reterr)
{
	CLEANUP(budget_release) struct budget_hold hold = BUDGET_HOLD_NONE;
	struct place *at = &group->at;
	int r = -ENOENT;

	/* Until it is marked to stay, it is removed with the last run in it. */
	for (int round = 0; round < NODES_ROUNDS_MAX && vanished(r); round++) {
		budget_release(&hold);
		place_close(at);
		if (open_delegated(group))
			return take_existing(group, plan, options, reterr);
		r = nodes_make(group->host, at->tenant, wanted, &at->namespace_fd, &at->tenant_fd, reterr);
		if (r < 0)
			return r;
		r = at->fd = cg_open_dir(at->namespace_fd, at->tenant);
		if (r < 0)
			continue;
		r = take_for_tenant(group, plan, options, &hold, reterr);
		if (r < 0) {
			nodes_remove(group->host, at->namespace_fd, at->tenant, at->fd);
			break;
		}
		r = leaf_claim(at, false, reterr);
		if (r == -EEXIST && !make_room(group))
			return take_existing(group, plan, options, reterr);
		if (r == -EEXIST) {
			r = -ENOENT;
			continue;
		}
		/* Nothing of it is ours to undo. */
		if (r < 0)
			continue;
		r = write_group(group, plan, options, reterr);
		if (r == 0 && !leaf_alive(at->fd))
			r = -ENOENT;
		if (r < 0)
			abandon(group, false);
	}
	return r;
}

static int finish_group(struct ration_group *group, const struct ration_plan *plan,
		const struct ration_group_options *options, struct ration_error *reterr)
{
	int r = write_group(group, plan, options, reterr);

	if (r < 0)
		abandon(group, true);
	return r;
}

/* -ENOENT: it is being removed. */
static int take_existing_group(struct ration_group *group, const struct ration_plan *plan,
		const struct ration_group_options *options, struct ration_error *reterr)
{
	struct place *at = &group->at;
	int r = at->fd = cg_open_dir(at->tenant_fd, at->name);

	if (r >= 0 && whose_is(at->fd, NULL) == WHOSE_OTHER)
		return -EEXIST;
	if (r >= 0)
		r = take_existing(group, plan, options, reterr);
	if (vanished(r))
		place_close(at);
	return vanished(r) ? -ENOENT : r;
}

/* Makes it, if there is room for it. `ret_there`: one of that name is there, and nothing was made. */
static int make_group(struct ration_group *group, const struct ration_plan *plan,
		const struct ration_group_options *options, uint32_t wanted, bool *ret_there, struct ration_error *reterr)
{
	CLEANUP(budget_release) struct budget_hold hold = BUDGET_HOLD_NONE;
	struct budget_ask ask;
	int r = -ESTALE;

	budget_ask_of(plan, &ask);
	/* In each round the tenant is another one of that name: what its budget says counts. */
	for (int round = 0; round < NODES_ROUNDS_MAX && r == -ESTALE; round++) {
		budget_release(&hold);
		r = budget_take(&group->at, &ask, budget_turn_of(options->admission), &hold, reterr);
		*ret_there = r < 0 && options->exist_ok && sys_access(group->at.tenant_fd, group->at.name, F_OK) == 0;
		if (r < 0)
			return r;
		r = leaf_create(&group->at, wanted, reterr);
	}
	*ret_there = r == -EEXIST;
	return r == 0 ? finish_group(group, plan, options, reterr) : r;
}

static int create_group(struct ration_group *group, const struct ration_plan *plan,
		const struct ration_group_options *options, uint32_t wanted, struct ration_error *reterr)
{
	struct place *at = &group->at;
	bool there;
	int r = -ENOENT;

	/* In each round somebody else has removed what was there. */
	for (int round = 0; round < NODES_ROUNDS_MAX && vanished(r); round++) {
		r = nodes_make(group->host, at->tenant, wanted, &at->namespace_fd, &at->tenant_fd, reterr);
		if (r < 0)
			return r;
		r = make_group(group, plan, options, wanted, &there, reterr);
		if (r == 0)
			return 0;
		if (!there)
			break;
		r = take_existing_group(group, plan, options, reterr);
		if (vanished(r))
			(void)error_set(reterr, r, RATION_CAUSE_VANISHED, "%s keeps vanishing", group->address);
	}
	if (r < 0 && at->fd < 0 && at->tenant_fd >= 0)
		nodes_remove(group->host, at->namespace_fd, at->tenant, at->tenant_fd);
	return r;
}

int ration_group_create(const struct ration_host *handle, const char *address, const struct ration_plan *plan,
		const struct ration_group_options *given, struct ration_group **ret_group,
		struct ration_error *reterr)
{
	struct ration_group_options options;
	CLEANUP(handle_freep) struct ration_group *group = NULL;
	const struct host_snapshot *host;
	uint32_t wanted;
	int r;

	r = error_check_null("host", handle, reterr);
	if (r == 0)
		r = error_check_null("address", address, reterr);
	if (r == 0)
		r = TAKE_OPTIONS(struct ration_group_options, &options, given, reterr);
	if (r == 0 && plan)
		r = plan_check_purpose(plan, RATION_PURPOSE_GROUP, reterr);
	if (r == 0)
		r = host_need(handle, RATION_PURPOSE_GROUP, &host, reterr);
	if (r == 0)
		r = handle_new(handle, host, address, &group, reterr);
	if (r < 0)
		return r;
	r = handle_check_plan(group, plan, reterr);
	if (r == 0)
		r = check_budget(group, &options, reterr);
	if (r < 0)
		return r;
	if (host->base_fd < 0) {
		if (!options.without_cgroup)
			return handle_check(group, reterr);
		r = outside_error(host, group->at.tenant, group->at.name, reterr);
		if (r < 0)
			return r;
		*ret_group = TAKE_PTR(group);
		return 0;
	}
	wanted = apply_controllers(plan, &host->facts);
	r = group->tenant ? create_tenant(group, plan, &options, wanted, reterr)
			  : create_group(group, plan, &options, wanted, reterr);
	if (r < 0)
		return r;
	*ret_group = TAKE_PTR(group);
	return 0;
}
