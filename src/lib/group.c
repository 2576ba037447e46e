/* SPDX-License-Identifier: MIT */
/*
 * group.c - the leaf in which a run's processes live, and the nodes above it
 *
 *     BASE / NAMESPACE / TENANT / NAME
 *
 * Nodes have limits and never processes, leaves have processes and never
 * children of ours: so the kernel's rule against processes in inner groups
 * can't bite. Nodes come with the first run that needs them and go with the
 * last. Another run may remove a node between any two of our steps; then the
 * next step fails with ENOENT or ENODEV, and we begin again from the top: each
 * such round means that somebody else got something done.
 */
#include "lib/group.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "lib/owner.h"
#include "sys/cgroup.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Rounds against others who remove what we make; far more than ever seen. */
#define ROUNDS_MAX 1000

static bool vanished(int code)
{
	return code == -ENOENT || code == -ENODEV;
}

/* A node that somebody made by hand stays when it is empty. */
static bool stays(int fd)
{
	char value[1];

	return fgetxattr(fd, CG_XATTR_KEEP, value, sizeof(value)) >= 0;
}

/* For what goes wrong in the middle; others that vanish meanwhile lead to another round. */
static int cant(int code, const char *what, const char *where, struct ration_error *reterr)
{
	return error_set(reterr, code, vanished(code) ? RATION_CAUSE_VANISHED : RATION_CAUSE_UNKNOWN,
			"can't %s the group %.200s: %s", what, where, error_text(code));
}

/* -------------------------------------------------------------- controllers */

/*
 * A group with processes that gets +cpu or +pids alone turns into a threaded
 * domain without a word, and one that gets +memory answers EBUSY: so look first.
 * The real root (no cgroup.type there) may have both processes and controllers.
 */
static int check_empty(int fd, const char *where, struct ration_error *reterr)
{
	char text[64];
	int r = cg_read(fd, "cgroup.type", text, sizeof(text));

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return cant(r, "read", where, reterr);
	if (strcmp(text, "domain") != 0 && strcmp(text, "domain threaded") != 0)
		return error_set(reterr, -EBUSY, RATION_CAUSE_HAS_PROCESSES, "%s is a %s group", where, text);
	r = cg_read(fd, "cgroup.procs", text, sizeof(text));
	if (r == 0 || vanished(r))
		return 0;
	(void)error_set(reterr, -EBUSY, RATION_CAUSE_HAS_PROCESSES,
			"%.200s has processes of its own, so groups below it can't have controllers "
			"(no internal processes)",
			where);
	return error_hint(reterr, -EBUSY,
			"move them into a leaf below it: mkdir LEAF, and write each pid to LEAF/cgroup.procs");
}

/* Enables what is missing of `wanted` for the children of a node. */
static int enable(int fd, uint32_t wanted, const char *where, struct ration_error *reterr)
{
	char have[256], text[64] = "";
	size_t length = 0;
	int r = cg_read(fd, "cgroup.subtree_control", have, sizeof(have));

	if (r < 0)
		return cant(r, "read", where, reterr);
	for (size_t i = 0; i < HOST_CONTROLLERS; i++) {
		if (wanted & host_controllers[i].bit && !cg_text_has_word(have, host_controllers[i].name))
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%s+%s",
					length ? " " : "", host_controllers[i].name);
	}
	if (length == 0)
		return 0;
	r = check_empty(fd, where, reterr);
	if (r == 0)
		r = cg_write(fd, "cgroup.subtree_control", text);
	else
		return r;
	if (r == 0 || vanished(r))
		return r;
	(void)error_set(reterr, r, r == -EBUSY ? RATION_CAUSE_HAS_PROCESSES : RATION_CAUSE_NOT_DELEGATED,
			"can't write \"%s\" to cgroup.subtree_control of %.200s: %s", text, where, error_text(r));
	if (r == -EINVAL && wanted & RATION_CONTROLLER_CPU)
		return error_hint(reterr, r, "a realtime task outside the root group blocks the cpu controller: "
					     "find it with ps -eLo pid,cls,comm | grep -E 'FF|RR'");
	return error_hint(reterr, r, "see ration doctor");
}

/* ------------------------------------------------------------ evacuation */

/* Moves every process of our own group into the leaf ration.self below it. */
static int evacuate(const struct ration_host *host, struct ration_error *reterr)
{
	CLEANUP(closep) int leaf = -EBADF;
	const char *name = HOST_SELF;
	char text[CG_FILE_MAX];
	int r;

	r = cg_mkdir(host->base_fd, name);
	if (r < 0 && r != -EEXIST)
		return error_set(reterr, r, RATION_CAUSE_NOT_DELEGATED, "can't make %.200s/%s: %s", host->base, name,
				error_text(r));
	leaf = cg_open_dir(host->base_fd, name);
	if (leaf < 0)
		return cant(leaf, "open", name, reterr);
	/* Each round moves who is there; a child forked meanwhile is there in the next. */
	for (int round = 0; round < ROUNDS_MAX; round++) {
		char *save = NULL;

		r = cg_read(host->base_fd, "cgroup.procs", text, sizeof(text));
		if (r == 0)
			return 0;
		if (r < 0 && r != -EFBIG)
			return cant(r, "read", host->base, reterr);
		/* A number that is cut off would be somebody else's. */
		if (r == -EFBIG && strrchr(text, '\n'))
			*strrchr(text, '\n') = '\0';
		for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
			r = cg_attach(leaf, (pid_t)strtol(line, NULL, 10));
			if (r < 0 && r != -ESRCH && r != -EINVAL)
				return error_set(reterr, r, RATION_CAUSE_NOT_DELEGATED,
						"can't move process %s from %.200s into %s: %s", line, host->base,
						name, error_text(r));
		}
	}
	return error_set(reterr, -EBUSY, RATION_CAUSE_HAS_PROCESSES, "processes keep appearing in %.200s",
			host->base);
}

static int prepare_base(const struct ration_host *host, uint32_t wanted, struct ration_error *reterr)
{
	char have[256];
	bool all = true;
	int r = cg_read(host->base_fd, "cgroup.subtree_control", have, sizeof(have));

	if (r < 0)
		return cant(r, "read", host->base, reterr);
	for (size_t i = 0; i < HOST_CONTROLLERS; i++) {
		if (wanted & host_controllers[i].bit && !cg_text_has_word(have, host_controllers[i].name))
			all = false;
	}
	if (all)
		return 0;
	if (host->evacuate) {
		r = evacuate(host, reterr);
		if (r < 0)
			return r;
	}
	return enable(host->base_fd, wanted, host->base, reterr);
}

/* ---------------------------------------------------------------- nodes */

static int make_node(int dir_fd, const char *name, uint32_t wanted, int *ret_fd, struct ration_error *reterr)
{
	CLEANUP(closep) int fd = -EBADF;
	int r = cg_mkdir(dir_fd, name);
	bool made;

	if (r < 0 && r != -EEXIST && !vanished(r)) {
		(void)error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't make the group %s: %s", name, error_text(r));
		if (r == -EAGAIN)
			return error_hint(reterr, r, "cgroup.max.descendants or cgroup.max.depth of a group above "
						     "is reached");
		return r;
	}
	made = r == 0;
	fd = cg_open_dir(dir_fd, name);
	r = fd < 0 ? cant(fd, "open", name, reterr) : enable(fd, wanted, name, reterr);
	if (r < 0) {
		if (made)
			(void)cg_rmdir(dir_fd, name);
		return r;
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int make_nodes(struct group *group, uint32_t wanted, struct ration_error *reterr)
{
	const struct ration_host *host = group->host;
	int r = -ENOENT;

	for (int round = 0; round < ROUNDS_MAX && vanished(r); round++) {
		group->namespace_fd = close_fd(group->namespace_fd);
		group->tenant_fd = close_fd(group->tenant_fd);
		r = make_node(host->base_fd, host->nspace, wanted, &group->namespace_fd, reterr);
		if (r == 0)
			r = make_node(group->namespace_fd, group->tenant, wanted, &group->tenant_fd, reterr);
	}
	if (vanished(r))
		return error_set(reterr, -EIO, RATION_CAUSE_VANISHED, "%.100s/%s keeps vanishing", host->nspace,
				group->tenant);
	return r;
}

/*
 * Our thread and the time: nobody else has both, but for another pid namespace,
 * whom EEXIST tells.
 */
static void unique_name(char name[RATION_NAME_MAX + 1])
{
	(void)snprintf(name, RATION_NAME_MAX + 1, "r%d-%" PRIx64, (int)gettid(), sys_now_usec());
}

int group_prepare(const struct ration_host *host, const char *tenant, const char *name, uint32_t wanted,
		struct group *ret_group, struct ration_error *reterr)
{
	struct group group = GROUP_NONE;
	int r = 0;

	if (tenant)
		r = host_check_name("--tenant", tenant, reterr);
	if (r == 0 && name)
		r = host_check_name("--name", name, reterr);
	if (r < 0)
		return r;
	group.host = host;
	(void)snprintf(group.tenant, sizeof(group.tenant), "%s", tenant ? tenant : "default");
	if (name)
		(void)snprintf(group.name, sizeof(group.name), "%s", name);
	else
		unique_name(group.name);
	if (host->base_fd >= 0) {
		r = prepare_base(host, wanted, reterr);
		if (r == 0)
			r = make_nodes(&group, wanted, reterr);
		if (r < 0) {
			if (group.namespace_fd >= 0 && !stays(group.namespace_fd))
				(void)cg_rmdir(host->base_fd, host->nspace);
			group_close(&group);
			return r;
		}
	}
	*ret_group = group;
	return 0;
}

/* ----------------------------------------------------------------- leaf */

/* A leaf of that name is there: ours to remove if its owner is dead. */
static int make_room(struct group *group, struct ration_error *reterr)
{
	CLEANUP(closep) int fd = cg_open_dir(group->tenant_fd, group->name);
	int r;

	if (fd < 0)
		return vanished(fd) ? 0 : cant(fd, "open", group->name, reterr);
	if (owner_state(group->host->proc_fd, fd) == OWNER_DEAD) {
		r = owner_remove_group(group->tenant_fd, group->name, fd);
		if (r >= 0)
			return 0;
	}
	(void)error_set(reterr, -EEXIST, RATION_CAUSE_EXISTS, "the group %s/%s exists already", group->tenant,
			group->name);
	return error_hint(reterr, -EEXIST, "choose another --name, or leave it out for one that nobody has");
}

int group_create(struct group *group, uint32_t wanted, struct ration_error *reterr)
{
	int r = -EEXIST;

	for (int round = 0; round < ROUNDS_MAX && (vanished(r) || r == -EEXIST); round++) {
		r = cg_mkdir(group->tenant_fd, group->name);
		if (r == -EEXIST) {
			int room = make_room(group, reterr);

			if (room < 0)
				return room;
			continue;
		}
		if (vanished(r)) {
			/* The last run of this tenant ended, and took the tenant with it. */
			int again = make_nodes(group, wanted, reterr);

			if (again < 0)
				return again;
			continue;
		}
		if (r < 0)
			break;
		r = group->fd = cg_open_dir(group->tenant_fd, group->name);
		if (r < 0 && !vanished(r))
			(void)cg_rmdir(group->tenant_fd, group->name);
	}
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't make the group %s/%s: %s", group->tenant,
				group->name, error_text(r));
	owner_record(group->host->proc_fd, group->fd);
	return 0;
}

void group_remove_nodes(int base_fd, const char *nspace, int namespace_fd, const char *tenant, int tenant_fd)
{
	/* Not empty is the usual answer, and no failure: somebody else lives there. */
	if (stays(tenant_fd) || cg_rmdir(namespace_fd, tenant) < 0)
		return;
	if (!stays(namespace_fd))
		(void)cg_rmdir(base_fd, nspace);
}

int group_remove(struct group *group)
{
	int r = 0;

	if (group->fd >= 0)
		r = cg_rmdir_tree(group->tenant_fd, group->name);
	if (r == 0 && group->tenant_fd >= 0)
		group_remove_nodes(group->host->base_fd, group->host->nspace, group->namespace_fd, group->tenant,
				group->tenant_fd);
	return r;
}

void group_close(struct group *group)
{
	group->fd = close_fd(group->fd);
	group->tenant_fd = close_fd(group->tenant_fd);
	group->namespace_fd = close_fd(group->namespace_fd);
}
