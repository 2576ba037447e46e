/* SPDX-License-Identifier: MIT */
/*
 * outside.c - a group that was given to the caller, seen from outside of it
 *
 * To move a process into a group, a uid must be able to write cgroup.procs of the nearest group
 * above both places. So a delegate can do everything inside a delegated group, but can't enter it
 * from outside. From there BASE is another place, or there is none. Root's BASE is where the caller
 * is, if root has started it there, or the root of the tree, or the unit. A caller without a BASE
 * can't enter another user's tenant of that name either.
 */
#include "group/outside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "group/nodes.h"
#include "group/whose.h"
#include "host/names.h"
#include "sys/bus.h"
#include "sys/cgroup/cgroup.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* As much of a path as a message shows. */
#define PATH_SHOWN_MAX 200

static int open_steps(const struct host_snapshot *host, const char *base, const char *tenant, const char *name)
{
	CLEANUP(closep) int fd = cg_open_base(base);

	for (size_t i = 0; fd >= 0 && i < host->n_nodes + 2; i++) {
		const char *step = i < host->n_nodes ? host->node[i] : i == host->n_nodes ? tenant : name;
		int below;

		if (!*step)
			break;
		below = cg_open_dir(fd, step);
		(void)close_fd(fd);
		fd = below;
	}
	return fd < 0 ? fd : TAKE_FD(fd);
}

/* Opens the group below a BASE of root's, or its tenant, if there is no such group yet. */
static int open_below(const struct host_snapshot *host, const char *base, const char *tenant, const char *name)
{
	CLEANUP(closep) int base_fd = cg_open_base(base);
	int fd = -ENOENT;

	/* There the caller needs nobody's help. */
	if (base_fd < 0 || whose_is(base_fd, NULL) == WHOSE_OWN)
		return -ENOENT;
	fd = open_steps(host, base, tenant, name);
	return fd < 0 && *name ? open_steps(host, base, tenant, "") : fd;
}

/* Our own group, or the one that we came from into its leaf. */
static void own_place(char *buf, size_t size, const struct host_snapshot *host)
{
	char *slash;

	(void)snprintf(buf, size, "%s%s", host->mount, strcmp(host->own, "/") == 0 ? "" : host->own);
	slash = strrchr(buf, '/');
	if (slash && strcmp(slash + 1, HOST_SELF) == 0)
		*slash = '\0';
}

static int refuse_entry(const char *base, uid_t owner, const char *tenant, const char *name,
		struct ration_error *reterr)
{
	const char *slash = *name ? "/" : "";

	if (owner == geteuid())
		(void)error_set(reterr, -EPERM, RATION_CAUSE_NOT_DELEGATED,
				"%s%s%s can't be entered from outside: it is below %.150s, which isn't this user's", tenant,
				slash, name, base);
	else
		(void)error_set(reterr, -EPERM, RATION_CAUSE_NOT_DELEGATED,
				"%s%s%s can't be entered: it is uid %u's, below %.150s", tenant, slash, name, (unsigned)owner,
				base);
	return error_hint(reterr, -EPERM, "as root: ration exec --user %u %s/%s -- COMMAND%s", (unsigned)geteuid(), tenant,
			*name ? name : "NAME", owner == geteuid() ? "; inside, all of ration works" : "");
}

/*
 * A caller who names another user's tenant expects its limits, unless there is a tenant of that name below
 * the caller's BASE. A caller who names none gets the default tenant.
 */
static bool is_meant(const struct host_snapshot *host, uid_t owner, const char *tenant)
{
	return owner == geteuid() ||
		(host->base_fd < 0 && !host->unit_pending && strcmp(tenant, NAMES_DEFAULT_TENANT) != 0);
}

int outside_error(const struct host_snapshot *host, const char *tenant, const char *name,
		struct ration_error *reterr)
{
	char base[3][2 * PATH_MAX];

	if (!host->mount[0] || geteuid() == 0)
		return 0;
	own_place(base[0], sizeof(base[0]), host);
	(void)snprintf(base[1], sizeof(base[1]), "%s", host->mount);
	(void)snprintf(base[2], sizeof(base[2]), "%s/system.slice/" BUS_UNIT, host->mount);
	for (size_t i = 0; i < ARRAY_SIZE(base); i++) {
		CLEANUP(closep) int fd = open_below(host, base[i], tenant, name);
		struct stat st;

		if (fd >= 0 && fstat(fd, &st) == 0 && is_meant(host, st.st_uid, tenant))
			return refuse_entry(base[i], st.st_uid, tenant, name, reterr);
	}
	return 0;
}

/* Looks above BASE, up to the mount, and in the unit. True: `path` is a BASE that has it. */
static bool find_elsewhere(const struct host_snapshot *host, const char *tenant, const char *name,
		char path[2 * PATH_MAX])
{
	size_t top = strlen(host->mount);
	char *slash;
	int fd;

	(void)snprintf(path, 2 * PATH_MAX, "%s", host->base);
	while (host->mount[0] && strlen(path) > top && (slash = strrchr(path, '/'))) {
		*slash = '\0';
		fd = open_steps(host, path, tenant, name);
		(void)close_fd(fd);
		if (fd >= 0)
			return true;
	}
	(void)snprintf(path, 2 * PATH_MAX, "%s/system.slice/" BUS_UNIT, host->mount);
	fd = strcmp(path, host->base) == 0 ? -ENOENT : open_steps(host, path, tenant, name);
	(void)close_fd(fd);
	return fd >= 0;
}

int outside_missing(const struct host_snapshot *host, const char *tenant, const char *name,
		struct ration_error *reterr)
{
	char path[2 * PATH_MAX + NODES_PATH_MAX], nodes[NODES_PATH_MAX], shown[PATH_SHOWN_MAX];

	(void)snprintf(path, sizeof(path), "%s%s", host->base, nodes_path(nodes, sizeof(nodes), host));
	(void)error_set(reterr, -ENOENT, RATION_CAUSE_NO_GROUP, "no such %s: %s%s%s below %s", *name ? "group" : "tenant",
			tenant, *name ? "/" : "", name, text_escape(shown, sizeof(shown), path));
	if (find_elsewhere(host, tenant, name, path))
		return error_hint(reterr, -ENOENT, "there is one below another base: --base %s",
				text_escape(shown, sizeof(shown), path));
	return error_hint(reterr, -ENOENT, "ration ls lists those that are there; --base DIR looks below another group");
}
