/* SPDX-License-Identifier: MIT */
/*
 * listed.h - visits tenants and groups, one after the other
 */
#ifndef RATION_GROUP_STATS_LISTED_H
#define RATION_GROUP_STATS_LISTED_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "group/place.h"
#include "host/snapshot.h"
#include "ration.h"

struct listed {
	int fd;             /* its directory */
	struct stat st;     /* what fstat(2) says of it */
	const char *tenant;
	const char *name;   /* NULL: it is the tenant itself */
};

struct listed_visitor {
	/*
	 * 1: this group of a tenant doesn't need a visit, and isn't opened; 0: it does; < 0: an error. NULL:
	 * each does
	 */
	int (*known)(const char *tenant, const char *name, uint64_t inode, void *data);
	int (*visit)(const struct listed *at, void *data);
	void *data;
};

/*
 * Calls `visit` for each tenant, then for its groups; only for those of `tenant`, unless it is NULL. Leaves
 * out groups that disappear meanwhile, and those that another uid keeps unreadable.
 * Errors: -EIO, -ENOMEM; what `known` or `visit` returns < 0.
 */
int listed_each(const struct host_snapshot *host, const char *tenant, const struct listed_visitor *visitor,
		struct ration_error *reterr);

/* The same for this tenant alone, or for its group of that name, unless `name` is "". None is no error. */
int listed_one(const struct host_snapshot *host, const char *tenant, const char *name,
		const struct listed_visitor *visitor, struct ration_error *reterr);

/* Opens the directories that a group has in cgroup v1, none of a tenant. `ret` has nothing else that is open. */
int listed_open_v1(const struct host_snapshot *host, const struct listed *at, struct place *ret);

/* Whether the owner of a directory has closed it to us: that mustn't keep others from a list of their own groups. */
bool listed_is_shut(int code, uid_t uid);

/* Compares two addresses: a tenant's groups come right after it. */
int listed_compare(const char *a, const char *b);

#endif
