/* SPDX-License-Identifier: MIT */
/*
 * nodes.c - what lies between BASE and a group: the namespace, and its tenants
 *
 * Nodes have limits and never processes. They are made with the first group that needs them and
 * removed with the last. Another process may remove a node between any two of our steps. Then the
 * next step fails with ENOENT or ENODEV, and we begin again from the top. Each such round means
 * that another process has made progress.
 */
#include "group/nodes.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "group/owner.h"
#include "group/shortage.h"
#include "host/kinds.h"
#include "host/notes.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/lock.h"
#include "util/cleanup.h"
#include "util/error.h"

int nodes_error(int code, const char *what, const char *where, struct ration_error *reterr)
{
	return error_set(reterr, code, vanished(code) ? RATION_CAUSE_VANISHED : RATION_CAUSE_UNKNOWN,
			"can't %s the group %.200s: %s", what, where, error_text(code));
}

/* -------------------------------------------------------------- controllers */

/*
 * A group with processes that gets +cpu or +pids alone silently becomes a threaded domain, and one that gets
 * +memory answers EBUSY: so check first. The real root (no cgroup.type there) can have both processes and
 * controllers.
 */
static int check_empty(int fd, const char *where, struct ration_error *reterr)
{
	char text[64];
	int r = cg_read(fd, "cgroup.type", text, sizeof(text));

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return nodes_error(r, "read", where, reterr);
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
			"move them into a leaf below: mkdir LEAF and write each pid to LEAF/cgroup.procs");
}

/* Enables what is missing of `wanted` for the children of a node. */
static int enable(int fd, uint32_t wanted, const char *where, struct ration_error *reterr)
{
	char have[256], text[64] = "";
	size_t length = 0;
	int r = cg_read(fd, "cgroup.subtree_control", have, sizeof(have));

	if (r < 0)
		return nodes_error(r, "read", where, reterr);
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
	if (r == -EACCES || r == -EPERM)
		return owner_error(fd, r, "enable controllers in", where, reterr);
	(void)error_set(reterr, r, r == -EBUSY ? RATION_CAUSE_HAS_PROCESSES : RATION_CAUSE_NOT_DELEGATED,
			"can't write \"%s\" to cgroup.subtree_control of %.200s: %s", text, where, error_text(r));
	if (r == -EINVAL && wanted & RATION_CONTROLLER_CPU)
		return error_hint(reterr, r, "a realtime task outside the root group blocks the cpu controller: "
					     "find it with ps -eLo pid,cls,comm | grep -E 'FF|RR'");
	return error_hint(reterr, r, "see ration doctor");
}

/* ------------------------------------------------------------ evacuation */

/* Moves every process of our own group into the leaf ration.self below it. */
static int evacuate(const struct host_snapshot *host, struct ration_error *reterr)
{
	CLEANUP(closep) int leaf = -EBADF;
	const char *name = HOST_SELF;
	char text[CG_FILE_MAX];
	int r;

	r = cg_mkdir(host->base_fd, name);
	if (r == -EAGAIN || r == -ENOMEM)
		return shortage_error(host->base_fd, NULL, name, r, reterr);
	if (r < 0 && r != -EEXIST)
		return error_set(reterr, r, RATION_CAUSE_NOT_DELEGATED, "can't make %.200s/%s: %s", host->base, name,
				error_text(r));
	leaf = cg_open_dir(host->base_fd, name);
	if (leaf < 0)
		return nodes_error(leaf, "open", name, reterr);
	/* Each round moves the processes that are there; children forked meanwhile are moved in the next. */
	for (int round = 0; round < NODES_ROUNDS_MAX; round++) {
		char *save = NULL;

		r = cg_read(host->base_fd, "cgroup.procs", text, sizeof(text));
		if (r == 0)
			return 0;
		if (r < 0 && r != -EFBIG)
			return nodes_error(r, "read", host->base, reterr);
		/* A truncated number would be another process's pid. */
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

static int prepare_base(const struct host_snapshot *host, uint32_t wanted, struct ration_error *reterr)
{
	char have[256];
	bool all = true;
	int r = cg_read(host->base_fd, "cgroup.subtree_control", have, sizeof(have));

	if (r < 0)
		return nodes_error(r, "read", host->base, reterr);
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

/* The path of BASE, and of the first `n` nodes below it. */
static void path_to(char *buf, size_t size, const struct host_snapshot *host, size_t n)
{
	size_t used = (size_t)snprintf(buf, size, "%s", host->base);

	for (size_t i = 0; i < n && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "/%s", host->node[i]);
}

#define WHERE_MAX (PATH_MAX + NODES_PATH_MAX + RATION_NAME_MAX + 2)

/* Node `i`, or the tenant, which comes after the nodes. */
static int check_node(const struct host_snapshot *host, size_t i, int fd, const char *name,
		struct ration_error *reterr)
{
	char where[WHERE_MAX];
	size_t used;

	path_to(where, sizeof(where), host, i);
	used = strlen(where);
	(void)snprintf(where + used, sizeof(where) - used, "/%s", name);
	return whose_check(fd, where, WHOSE_NOBODY, reterr);
}

static int make_node(const struct host_snapshot *host, size_t i, int dir_fd, const char *name, uint32_t wanted,
		int *ret_fd, struct ration_error *reterr)
{
	CLEANUP(closep) int fd = -EBADF;
	int r = cg_mkdir(dir_fd, name);
	bool made;

	if (r == -EACCES || r == -EPERM)
		return owner_error(dir_fd, r, "create a group in the group above", name, reterr);
	if (r == -EAGAIN || r == -ENOMEM)
		return shortage_error(dir_fd, NULL, name, r, reterr);
	if (r < 0 && r != -EEXIST && !vanished(r))
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't create the group %s: %s", name,
				error_text(r));
	made = r == 0;
	fd = cg_open_dir(dir_fd, name);
	r = fd < 0 ? nodes_error(fd, "open", name, reterr) : check_node(host, i, fd, name, reterr);
	if (r == 0)
		r = enable(fd, wanted, name, reterr);
	if (r < 0) {
		if (made)
			(void)cg_rmdir(dir_fd, name);
		return r;
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* The names and directories from BASE down to the namespace, as far as they are open. */
struct chain {
	const struct host_snapshot *host;
	int fd[HOST_NODES_MAX];
};

static void chain_close(struct chain *chain)
{
	for (size_t i = 0; i < HOST_NODES_MAX; i++)
		chain->fd[i] = close_fd(chain->fd[i]);
}

#define CHAIN(h) { .host = (h), .fd = { [0 ... HOST_NODES_MAX - 1] = -EBADF } }

/* The directory in which node `i` is. */
static int above(const struct chain *chain, size_t i)
{
	return i == 0 ? chain->host->base_fd : chain->fd[i - 1];
}

static int chain_open(struct chain *chain)
{
	for (size_t i = 0; i < chain->host->n_nodes; i++) {
		chain->fd[i] = cg_open_dir(above(chain, i), chain->host->node[i]);
		if (chain->fd[i] < 0)
			return chain->fd[i];
	}
	return 0;
}

/* The caller has said that its parents exist. */
static int check_parent(const struct chain *chain, size_t i, struct ration_error *reterr)
{
	const struct host_snapshot *host = chain->host;
	CLEANUP(closep) int fd = -EBADF;

	if (!host->no_create || i + 1 == host->n_nodes)
		return 0;
	fd = cg_open_dir(above(chain, i), host->node[i]);
	if (fd >= 0)
		return 0;
	/* Not -ENOENT, which would start a new round. */
	(void)error_set(reterr, -ENOTDIR, RATION_CAUSE_NO_GROUP, "--parent: no group %s below %.200s: %s",
			host->node[i], host->base, error_text(fd));
	return error_hint(reterr, -ENOTDIR, "remove --no-create to create it");
}

/* A parent that we make is removed when it is empty; one that existed before stays. */
static int make_parent(const struct chain *chain, size_t i, uint32_t wanted, int *ret_fd,
		struct ration_error *reterr)
{
	CLEANUP(closep) int fd = cg_open_dir(above(chain, i), chain->host->node[i]);
	bool made = fd < 0;
	int r;

	r = check_parent(chain, i, reterr);
	if (r == 0)
		r = make_node(chain->host, i, above(chain, i), chain->host->node[i], wanted, ret_fd, reterr);
	if (r == 0 && made)
		(void)notes_mark(*ret_fd, NOTE_MADE);
	return r;
}

/* Parents that others have made stay. */
static bool is_ours(const struct chain *chain, size_t i)
{
	return i + 1 == chain->host->n_nodes || notes_has(chain->fd[i], NOTE_MADE);
}

/* Who has the lock of a node for longer is changing it: it stays, for the next run or `ration gc` to remove. */
#define REMOVE_MSEC 50

/*
 * Removes a node, if it is empty and `stays` doesn't say otherwise. With its lock, under which `ration create` and
 * `ration set` note that it is to stay; and the kernel removes by name, where another may be by now.
 * Returns whether it is gone.
 */
static bool node_remove(const struct host_snapshot *host, int above_fd, const char *name, int fd,
		bool (*stays)(const struct host_snapshot *host, int fd))
{
	CLEANUP(lock_releasep) int lock_fd = -EBADF;
	struct stat st;

	/* "Not empty" is the usual answer: the links of a directory of cgroups are two, and one for each group in it. */
	if ((fstat(fd, &st) == 0 && st.st_nlink > 2) || stays(host, fd))
		return false;
	lock_fd = lock_take(fd, REMOVE_MSEC);
	if (vanished(lock_fd))
		return true;
	/* The end of a run may have no fd for it: then nearly no time is left between the look and the removal. */
	return lock_fd != -EBUSY && !stays(host, fd) && cg_is(fd, above_fd, name) && cg_rmdir(above_fd, name) == 0;
}

static bool is_kept(const struct host_snapshot *host, int fd)
{
	(void)host;
	return owner_kept(fd);
}

/* Removes from the namespace upwards what is empty. */
static void chain_remove(const struct chain *chain)
{
	for (size_t i = chain->host->n_nodes; i-- > 0;) {
		if (chain->fd[i] >= 0 && (!is_ours(chain, i) ||
				!node_remove(chain->host, above(chain, i), chain->host->node[i], chain->fd[i], is_kept)))
			return;
	}
}

static int chain_make(struct chain *chain, uint32_t wanted, struct ration_error *reterr)
{
	size_t last = chain->host->n_nodes - 1;
	int r = 0;

	for (size_t i = 0; i < last && r == 0; i++)
		r = make_parent(chain, i, wanted, &chain->fd[i], reterr);
	if (r == 0)
		r = make_node(chain->host, last, above(chain, last), chain->host->node[last], wanted,
				&chain->fd[last], reterr);
	return r;
}

/* `tenant` NULL: the namespace alone. */
static int make_all(const struct host_snapshot *host, const char *tenant, uint32_t wanted, int *ret_namespace_fd,
		int *ret_tenant_fd, struct ration_error *reterr)
{
	CLEANUP(chain_close) struct chain chain = CHAIN(host);
	CLEANUP(closep) int tenant_fd = -EBADF;
	int *namespace_fd = &chain.fd[host->n_nodes - 1];
	int r = whose_check(host->base_fd, host->base, WHOSE_NOBODY, reterr);

	if (r == 0)
		r = prepare_base(host, wanted, reterr);
	if (r < 0)
		return r;
	r = -ENOENT;
	for (int round = 0; round < NODES_ROUNDS_MAX && vanished(r); round++) {
		chain_close(&chain);
		r = chain_make(&chain, wanted, reterr);
		if (r == 0 && tenant)
			r = make_node(host, host->n_nodes, *namespace_fd, tenant, wanted, &tenant_fd, reterr);
	}
	if (r < 0)
		chain_remove(&chain);
	if (r == -ENOTDIR) {
		if (reterr)
			reterr->code = -ENOENT;
		return -ENOENT;
	}
	if (vanished(r))
		return error_set(reterr, -EIO, RATION_CAUSE_VANISHED, "%.100s/%s keeps vanishing", host->nspace,
				tenant ? tenant : "");
	if (r < 0)
		return r;
	*ret_namespace_fd = TAKE_FD(*namespace_fd);
	if (tenant)
		*ret_tenant_fd = TAKE_FD(tenant_fd);
	return 0;
}

int nodes_make(const struct host_snapshot *host, const char *tenant, uint32_t wanted, int *ret_namespace_fd,
		int *ret_tenant_fd, struct ration_error *reterr)
{
	return make_all(host, tenant, wanted, ret_namespace_fd, ret_tenant_fd, reterr);
}

int nodes_make_namespace(const struct host_snapshot *host, uint32_t wanted, int *ret_namespace_fd,
		struct ration_error *reterr)
{
	return make_all(host, NULL, wanted, ret_namespace_fd, NULL, reterr);
}

int nodes_check(const struct host_snapshot *host, uid_t allowed, struct ration_error *reterr)
{
	CLEANUP(chain_close) struct chain chain = CHAIN(host);
	int r = whose_check(host->base_fd, host->base, allowed, reterr);

	(void)chain_open(&chain);
	for (size_t i = 0; i < host->n_nodes && r == 0 && chain.fd[i] >= 0; i++) {
		char where[WHERE_MAX];

		path_to(where, sizeof(where), host, i + 1);
		r = whose_check(chain.fd[i], where, allowed, reterr);
	}
	return r;
}

int nodes_open(const struct host_snapshot *host)
{
	CLEANUP(chain_close) struct chain chain = CHAIN(host);
	int r = chain_open(&chain);

	return r < 0 ? r : TAKE_FD(chain.fd[host->n_nodes - 1]);
}

const char *nodes_path(char *buf, size_t size, const struct host_snapshot *host)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < host->n_nodes && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "/%s", host->node[i]);
	return buf;
}

void nodes_remove_above(const struct host_snapshot *host, int namespace_fd)
{
	CLEANUP(chain_close) struct chain chain = CHAIN(host);

	/* The usual case has all fds already, so that nothing can fail at the end of a run. */
	if (host->n_nodes == 1) {
		(void)node_remove(host, host->base_fd, host->node[0], namespace_fd, is_kept);
		return;
	}
	/* As far as it exists: another process may be removing it, too. */
	(void)chain_open(&chain);
	chain_remove(&chain);
}

/* Its limits also apply to later groups. */
static bool is_owned(const struct host_snapshot *host, int tenant_fd)
{
	return owner_recorded(tenant_fd) && owner_state(host->proc_fd, tenant_fd, NULL) != RATION_OWNER_DEAD;
}

void nodes_remove(const struct host_snapshot *host, int namespace_fd, const char *tenant, int tenant_fd)
{
	/* It belongs to that uid; or it was delegated, and stays unless its creator is dead. */
	if (whose_is(tenant_fd, NULL) != WHOSE_OWN && !owner_recorded(tenant_fd))
		return;
	if (node_remove(host, namespace_fd, tenant, tenant_fd, is_owned))
		nodes_remove_above(host, namespace_fd);
}
