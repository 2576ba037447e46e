/* SPDX-License-Identifier: MIT */
/*
 * listed.c - visits tenants and groups, one after the other
 */
#include "group/stats/listed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "group/cgroup1.h"
#include "group/nodes.h"
#include "host/names.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/walk.h"
#include "util/cleanup.h"
#include "util/error.h"

struct walk {
	const char *tenant;   /* that is being visited */
	const char *only;     /* NULL: all */
	const struct listed_visitor *visitor;
};

bool listed_is_shut(int code, uid_t uid)
{
	return (code == -EACCES || code == -EPERM) && uid != geteuid();
}

/* Opens it and checks whose it is. -ENOENT: it is gone, or we can't look at it. */
static int open_listed(int dir_fd, const char *name, struct stat *ret_st)
{
	int fd = cg_open_dir(dir_fd, name);
	struct stat st;

	if (fd >= 0 && fstat(fd, ret_st) == 0)
		return fd;
	if (fd >= 0) {
		int code = -errno;

		(void)close(fd);
		return vanished(code) ? -ENOENT : code;
	}
	if (fd == -ENOENT || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fd;
	return listed_is_shut(fd, st.st_uid) ? -ENOENT : fd;
}

static int visit_group(int tenant_fd, const char *name, void *data)
{
	const struct walk *walk = data;
	struct listed at = { .tenant = walk->tenant, .name = name };
	CLEANUP(closep) int fd = open_listed(tenant_fd, name, &at.st);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	at.fd = fd;
	return walk->visitor->visit(&at, walk->visitor->data);
}

static int is_known(const char *name, uint64_t inode, void *data)
{
	const struct walk *walk = data;

	return walk->visitor->known(walk->tenant, name, inode, walk->visitor->data);
}

static int visit_tenant(int namespace_fd, const char *name, void *data)
{
	struct walk *walk = data;
	CLEANUP(closep) int fd = -EBADF;
	struct listed at = { .tenant = name };
	int r;

	if (walk->only && strcmp(walk->only, name) != 0)
		return 0;
	fd = open_listed(namespace_fd, name, &at.st);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	at.fd = fd;
	walk->tenant = name;
	r = walk->visitor->visit(&at, walk->visitor->data);
	if (r < 0)
		return r;
	return walk->visitor->known ? cg_each_child_but(fd, is_known, visit_group, walk) : cg_each_child(fd, visit_group, walk);
}

/* -ENOENT: there is none. */
static int open_namespace(const struct host_snapshot *host)
{
	int fd = host->base_fd >= 0 ? nodes_open(host) : -ENOENT;

	return vanished(fd) ? -ENOENT : fd;
}

static int told(const struct host_snapshot *host, int r, struct ration_error *reterr)
{
	if (r == -ENOMEM)
		return error_oom(reterr);
	return r >= 0 ? 0 : error_set(reterr, -EIO, RATION_CAUSE_UNKNOWN, "can't read %.200s/%s: %s", host->base,
						      host->nspace, error_text(r));
}

int listed_each(const struct host_snapshot *host, const char *tenant, const struct listed_visitor *visitor,
		struct ration_error *reterr)
{
	struct walk walk = { .only = tenant, .visitor = visitor };
	CLEANUP(closep) int namespace_fd = open_namespace(host);
	int r = namespace_fd == -ENOENT ? 0 : namespace_fd;

	if (namespace_fd >= 0)
		r = cg_each_child(namespace_fd, visit_tenant, &walk);
	return told(host, r, reterr);
}

int listed_one(const struct host_snapshot *host, const char *tenant, const char *name,
		const struct listed_visitor *visitor, struct ration_error *reterr)
{
	struct walk walk = { .tenant = tenant, .visitor = visitor };
	CLEANUP(closep) int namespace_fd = open_namespace(host);
	struct listed at = { .tenant = tenant };
	CLEANUP(closep) int fd = namespace_fd < 0 ? namespace_fd : open_listed(namespace_fd, tenant, &at.st);
	int r = fd == -ENOENT ? 0 : fd;

	at.fd = fd;
	if (fd >= 0)
		r = name[0] ? visit_group(fd, name, &walk) : visitor->visit(&at, visitor->data);
	return told(host, r, reterr);
}

int listed_open_v1(const struct host_snapshot *host, const struct listed *at, struct place *ret)
{
	int r;

	*ret = PLACE_NONE;
	/* Another user can choose any name, and that user's notes aren't believed. */
	if (host->n_v1 == 0 || !at->name || names_check("", at->tenant, NULL) < 0 || names_check("", at->name, NULL) < 0)
		return 0;
	ret->host = host;
	(void)strcpy(ret->tenant, at->tenant);
	(void)strcpy(ret->name, at->name);
	ret->fd = at->fd;
	r = v1_open(ret);
	/* It isn't ours to close. */
	ret->fd = -EBADF;
	return vanished(r) ? 0 : r;
}

/* The slash sorts before anything else. */
int listed_compare(const char *a, const char *b)
{
	const unsigned char *x = (const unsigned char *)a, *y = (const unsigned char *)b;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	return (*x == '/' ? 1 : *x) - (*y == '/' ? 1 : *y);
}
