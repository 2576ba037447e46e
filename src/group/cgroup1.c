/* SPDX-License-Identifier: MIT */
/*
 * cgroup1.c - a group's directories in the hierarchies of cgroup v1
 */
#include "group/cgroup1.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "group/nodes.h"
#include "group/owner.h"
#include "group/record.h"
#include "group/trust.h"
#include "host/cgroup1.h"
#include "host/notes.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/cgroup1.h"
#include "sys/cgroup/kill.h"
#include "sys/cgroup/members.h"
#include "sys/cgroup/walk.h"
#include "sys/proc/mounts.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

/* How long the processes of a dead owner have to die. */
#define DEAD_MSEC 2000

/* ------------------------------------------------------------------- nodes */

/* The nodes of one hierarchy, from our own group to the tenant. */
struct chain {
	const struct host_snapshot *host;
	const char *tenant;
	size_t n;                      /* that are open */
	int fd[HOST_NODES_MAX + 2];    /* the first is the host's */
};

static void chain_close(struct chain *chain)
{
	while (chain->n > 1)
		(void)close_fd(chain->fd[--chain->n]);
}

static struct chain chain_of(const struct host_snapshot *host, size_t hierarchy, const char *tenant)
{
	return (struct chain) { .host = host, .tenant = tenant, .n = 1, .fd[0] = host->v1[hierarchy].fd };
}

/* How many nodes there are, our own group included. */
static size_t chain_length(const struct chain *chain)
{
	return chain->host->n_nodes + (chain->tenant ? 2 : 1);
}

static const char *chain_name(const struct chain *chain, size_t i)
{
	return i <= chain->host->n_nodes ? chain->host->node[i - 1] : chain->tenant;
}

/* Opens one more, and makes it if `make` is set. */
static int chain_step(struct chain *chain, bool make)
{
	const char *name = chain_name(chain, chain->n);
	int above = chain->fd[chain->n - 1], fd;
	int r = make ? cg_mkdir(above, name) : -EEXIST;

	if (r < 0 && r != -EEXIST)
		return r;
	fd = cg_open_dir(above, name);
	if (fd < 0) {
		if (r == 0)
			(void)cg_rmdir(above, name);
		return fd;
	}
	if (r == 0)
		(void)notes_mark(fd, NOTE_MADE);
	chain->fd[chain->n++] = fd;
	return 0;
}

static int chain_open(struct chain *chain, bool make)
{
	int r = 0;

	while (r == 0 && chain->n < chain_length(chain))
		r = chain_step(chain, make);
	return r;
}

/* Removes empty nodes, from the last open one upwards. Parents that others have made stay. */
static void chain_remove(const struct chain *chain)
{
	for (size_t i = chain->n; i-- > 1;) {
		bool ours = i >= chain->host->n_nodes || notes_has(chain->fd[i], NOTE_MADE);

		if (!ours || cg_rmdir(chain->fd[i - 1], chain_name(chain, i)) < 0)
			return;
	}
}

static int open_last(const struct host_snapshot *host, size_t hierarchy, const char *tenant)
{
	CLEANUP(chain_close) struct chain chain = chain_of(host, hierarchy, tenant);
	int r = chain_open(&chain, false);

	return r < 0 ? r : chain.fd[--chain.n];
}

int v1_open_namespace(const struct host_snapshot *host, size_t hierarchy)
{
	return open_last(host, hierarchy, NULL);
}

int v1_open_tenant(const struct host_snapshot *host, size_t hierarchy, const char *tenant)
{
	return open_last(host, hierarchy, tenant);
}

/* A path of names that have been checked, in directories where nobody can make a link. */
static const char *path_of(char *buf, size_t size, const struct host_snapshot *host, const char *tenant, const char *name)
{
	char nodes[NODES_PATH_MAX];

	(void)snprintf(buf, size, "%s%s%s%s%s", nodes_path(nodes, sizeof(nodes), host) + 1, tenant ? "/" : "",
			tenant ? tenant : "", name ? "/" : "", name ? name : "");
	return buf;
}

#define V1_PATH_MAX (NODES_PATH_MAX + 2 * RATION_NAME_MAX + 3)

void v1_remove_nodes(const struct host_snapshot *host, size_t hierarchy, const char *tenant)
{
	CLEANUP(chain_close) struct chain chain = chain_of(host, hierarchy, tenant);
	char path[V1_PATH_MAX];

	/* The usual case takes no fd, so that nothing can fail at the end of a run. */
	if (host->n_nodes == 1) {
		if (cg_rmdir(host->v1[hierarchy].fd, path_of(path, sizeof(path), host, tenant, NULL)) == 0)
			(void)cg_rmdir(host->v1[hierarchy].fd, path_of(path, sizeof(path), host, NULL, NULL));
		return;
	}
	(void)chain_open(&chain, false);
	chain_remove(&chain);
}

/* Removes the group's directory and what its processes have made in it. One that isn't there is no error. */
static int remove_leaf(const struct host_snapshot *host, size_t hierarchy, const char *tenant, const char *name)
{
	CLEANUP(closep) int tenant_fd = -EBADF;
	CLEANUP(closep) int fd = -EBADF;
	char path[V1_PATH_MAX];
	int r = cg_rmdir(host->v1[hierarchy].fd, path_of(path, sizeof(path), host, tenant, name));

	if (r != -EBUSY)
		return r;
	tenant_fd = v1_open_tenant(host, hierarchy, tenant);
	if (tenant_fd < 0)
		return tenant_fd;
	/*
	 * The kernel reports the end of the last process in one hierarchy after the other, and we may react
	 * to the first. It holds a lock meanwhile, and counting waits for that.
	 */
	fd = cg_open_dir(tenant_fd, name);
	if (fd >= 0)
		(void)cg_count(fd);
	return cg_rmdir_tree(tenant_fd, name);
}

/* ------------------------------------------------------------------- group */

int v1_fd(const struct place *place, uint32_t controller)
{
	for (size_t i = 0; place->host && i < place->host->n_v1; i++) {
		if (place->host->v1[i].controllers & controller)
			return place->v1_fd[i];
	}
	return -EBADF;
}

int v1_members_fd(const struct place *place)
{
	int fd = v1_fd(place, RATION_CONTROLLER_FREEZER);

	for (size_t i = 0; fd < 0 && place->host && i < place->host->n_v1; i++)
		fd = place->v1_fd[i];
	return fd;
}

/* Removes one directory of that name, unless its owner lives. `unmade`: also one that has none yet. 0: it isn't there any more. */
static int remove_dead(const struct host_snapshot *host, int tenant_fd, const char *name, bool unmade)
{
	CLEANUP(closep) int fd = cg_open_dir(tenant_fd, name);
	int pid, r;

	if (fd < 0)
		return vanished(fd) ? 0 : fd;
	r = owner_ask(host->proc_fd, fd, &pid);
	if (r >= 0 && r != RATION_OWNER_DEAD)
		r = unmade ? owner_remove_unmade(tenant_fd, name, fd) : -EALREADY;
	if (r != RATION_OWNER_DEAD)
		return r == -EALREADY ? -EEXIST : vanished(r) ? 0 : r;
	(void)cg_end(fd, DEAD_MSEC);
	return cg_rmdir_tree_of(fd, tenant_fd, name);
}

static int make_leaf(struct place *place, size_t hierarchy)
{
	const struct host_snapshot *host = place->host;
	int r = -ENOENT;

	/* In each round somebody else has removed a node, or a dead owner's directory was removed. */
	for (int round = 0; round < NODES_ROUNDS_MAX && (vanished(r) || r == -EEXIST); round++) {
		CLEANUP(chain_close) struct chain chain = chain_of(host, hierarchy, place->tenant);
		int tenant_fd;

		r = chain_open(&chain, true);
		if (r < 0)
			continue;
		tenant_fd = chain.fd[chain.n - 1];
		r = cg_mkdir(tenant_fd, place->name);
		/* An empty directory without a note may belong to somebody else. */
		if (r == -EEXIST && remove_dead(host, tenant_fd, place->name, false) < 0)
			return r;
		if (r < 0)
			continue;
		r = place->v1_fd[hierarchy] = cg_open_dir(tenant_fd, place->name);
		if (r >= 0)
			r = owner_claim(host->proc_fd, r, place->owner);
		if (r < 0) {
			place->v1_fd[hierarchy] = close_fd(place->v1_fd[hierarchy]);
			(void)cg_rmdir(tenant_fd, place->name);
		}
	}
	return r < 0 ? r : 0;
}

static int make_error(const struct place *place, const char *where, int code, struct ration_error *reterr)
{
	if (code == -EEXIST) {
		(void)error_set(reterr, code, RATION_CAUSE_EXISTS, "the group %s/%s exists already below %.200s",
				place->tenant, place->name, where);
		return error_hint(reterr, code, "choose another --name, or omit it for a unique one");
	}
	return error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't create the group %s/%s below %.200s: %s",
			place->tenant, place->name, where, error_text(code));
}

static int make_in(struct place *place, size_t hierarchy, struct ration_error *reterr)
{
	int r = trust_v1(place->host, hierarchy, place->tenant, WHOSE_NOBODY, reterr);

	if (r < 0)
		return r;
	r = make_leaf(place, hierarchy);
	if (r == 0)
		return 0;
	v1_remove_nodes(place->host, hierarchy, place->tenant);
	return make_error(place, place->host->v1[hierarchy].path, r, reterr);
}

/*
 * Notes on the group's cgroup2 where its other directories are: otherwise nobody who removes the group finds
 * them. If nothing can be remembered (before 5.7), they are found by name.
 */
static int record_places(const struct place *place)
{
	char text[NOTE_MAX];
	size_t used = 0;
	int r = 0;

	for (size_t i = 0; i < place->host->n_v1 && used < sizeof(text); i++) {
		const struct host_v1 *at = &place->host->v1[i];

		if (place->v1_fd[i] >= 0)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s", used ? "\n" : "",
					cgroup1_name(at->controllers), at->path);
	}
	if (used > 0)
		r = notes_write(place->fd, NOTE_V1, text);
	return r == -EOPNOTSUPP ? 0 : r;
}

int v1_make(struct place *place, uint32_t wanted, struct ration_error *reterr)
{
	const struct host_snapshot *host = place->host;
	int r;

	for (size_t i = 0; i < host->n_v1; i++) {
		r = host->v1[i].controllers & wanted ? make_in(place, i, reterr) : 0;
		if (r < 0) {
			(void)v1_remove(place);
			return r;
		}
	}
	r = place->fd >= 0 ? record_places(place) : 0;
	if (r < 0) {
		(void)v1_remove(place);
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't write notes on the group %s/%s: %s", place->tenant,
				place->name, error_text(r));
	}
	return 0;
}

int v1_keep(const struct place *place)
{
	int r = 0;

	for (size_t i = 0; i < place->host->n_v1 && r == 0; i++)
		r = place->v1_fd[i] < 0 ? 0 : owner_keep(place->v1_fd[i]);
	return r;
}

/* "CONTROLLER /PLACE". A line that ration wouldn't have written says nothing about the group's directories. */
static bool is_place(const char *line)
{
	size_t length = strcspn(line, " ");

	return length > 0 && cgroup1_is_name(line, length) && line[length] == ' ' && line[length + 1] == '/';
}

/* Finds our hierarchy of a line "CONTROLLER PLACE" of the record. -1: our place there is another, or none. */
static int find_place(const struct host_snapshot *host, const char *line)
{
	for (size_t i = 0; i < host->n_v1; i++) {
		const char *name = cgroup1_name(host->v1[i].controllers);
		size_t length = strlen(name);

		if (strncmp(line, name, length) == 0 && line[length] == ' ' &&
				strcmp(line + length + 1, host->v1[i].path) == 0)
			return (int)i;
	}
	return -1;
}

/* One that isn't there is no error. */
static int open_leaf(struct place *place, size_t hierarchy)
{
	CLEANUP(closep) int tenant_fd = v1_open_tenant(place->host, hierarchy, place->tenant);
	int r = tenant_fd < 0 ? tenant_fd : cg_open_dir(tenant_fd, place->name);

	place->v1_fd[hierarchy] = r;
	return r >= 0 || r == -ENOENT ? 0 : r;
}

int v1_check(const struct place *place, char *ret_line, size_t size)
{
	char text[NOTE_MAX], *save = NULL;
	int result = 0;

	if (notes_read(place->fd, NOTE_V1, text, sizeof(text)) < 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		int i = find_place(place->host, line);

		if (!is_place(line) || (i >= 0 && place->v1_fd[i] >= 0))
			continue;
		result = i < 0 ? -EXDEV : -ENOENT;
		(void)snprintf(ret_line, size, "%s", line);
		if (i < 0)
			break;
	}
	return result;
}

int v1_open(struct place *place)
{
	char text[NOTE_MAX], *save = NULL;
	int r = notes_read(place->fd, NOTE_V1, text, sizeof(text));

	for (size_t i = 0; i < ARRAY_SIZE(place->v1_fd); i++)
		place->v1_fd[i] = close_fd(place->v1_fd[i]);

	/* The directory of that name belongs to a group below another BASE. */
	if (r == -ENODATA)
		return 0;
	/* Where nothing can be remembered (before 5.7), the name has to do. */
	if (r < 0) {
		r = 0;
		for (size_t i = 0; i < place->host->n_v1 && r == 0; i++)
			r = open_leaf(place, i);
		return r;
	}
	r = 0;
	for (char *line = strtok_r(text, "\n", &save); line && r == 0; line = strtok_r(NULL, "\n", &save)) {
		int i = find_place(place->host, line);

		if (i >= 0)
			r = open_leaf(place, (size_t)i);
	}
	return r;
}

/* By now, the name may belong to another group. */
static bool has_name(const struct place *place, size_t hierarchy)
{
	char path[V1_PATH_MAX];

	return place->v1_fd[hierarchy] >= 0 && cg_is(place->v1_fd[hierarchy], place->host->v1[hierarchy].fd,
			path_of(path, sizeof(path), place->host, place->tenant, place->name));
}

int v1_remove(struct place *place)
{
	int result = 0;

	for (size_t i = 0; place->host && i < place->host->n_v1; i++) {
		int r = has_name(place, i) ? remove_leaf(place->host, i, place->tenant, place->name) : 0;

		if (r < 0)
			result = r;
		if (r < 0 || place->v1_fd[i] < 0)
			continue;
		place->v1_fd[i] = close_fd(place->v1_fd[i]);
		v1_remove_nodes(place->host, i, place->tenant);
	}
	return result;
}

bool v1_inside(const struct place *place, size_t hierarchy, const char *path)
{
	char own[V1_PATH_MAX], full[PATH_MAX + V1_PATH_MAX];

	(void)snprintf(full, sizeof(full), "%s/%s", place->host->v1[hierarchy].path,
			path_of(own, sizeof(own), place->host, place->tenant, place->name));
	return cg_path_within(path, full);
}

int v1_place(const struct host_snapshot *host, size_t hierarchy, pid_t pid, char *buf, size_t size)
{
	CLEANUP(freep) struct mounts_v1 *mounts = NULL;
	const char *name = cgroup1_name(host->v1[hierarchy].controllers);
	char whose[32];
	int n;

	(void)snprintf(whose, sizeof(whose), "/proc/%d", (int)pid);
	n = mounts_read_v1_of("/proc/self", whose, &mounts);
	for (int i = 0; i < n; i++) {
		if (mounts_has_controller(mounts[i].controllers, name) &&
				(size_t)snprintf(buf, size, "%s%s", mounts[i].point, mounts[i].own) < size)
			return 0;
	}
	return n < 0 ? n : -ENOENT;
}

int v1_move(pid_t pid, const char *path)
{
	CLEANUP(closep) int fd = cg1_open_base(path);

	return fd < 0 ? fd : cg_attach(fd, pid);
}

int v1_remove_name(const struct host_snapshot *host, const char *tenant, const char *name)
{
	int result = 0;

	for (size_t i = 0; i < host->n_v1; i++) {
		int r = remove_leaf(host, i, tenant, name);

		if (r == 0)
			v1_remove_nodes(host, i, tenant);
		else if (!vanished(r))
			result = r;
	}
	return result;
}

int v1_remove_dead(const struct host_snapshot *host, const char *tenant, const char *name)
{
	int result = 0;

	for (size_t i = 0; i < host->n_v1; i++) {
		CLEANUP(chain_close) struct chain chain = chain_of(host, i, tenant);
		int r = chain_open(&chain, false);

		if (r == 0)
			r = remove_dead(host, chain.fd[chain.n - 1], name, true);
		/* A directory whose owner lives belongs to another group of that name, below another BASE. */
		if (r < 0 && r != -EEXIST && !vanished(r))
			result = r;
		chain_remove(&chain);
	}
	return result;
}

bool v1_is_there(const struct host_snapshot *host, const char *tenant, const char *name)
{
	char path[V1_PATH_MAX];

	(void)path_of(path, sizeof(path), host, tenant, name);
	for (size_t i = 0; i < host->n_v1; i++) {
		if (sys_access(host->v1[i].fd, path, F_OK) == 0)
			return true;
	}
	return false;
}
