/* SPDX-License-Identifier: MIT */
/*
 * trust.h - whether the caller may put something into a place
 */
#ifndef RATION_GROUP_TRUST_H
#define RATION_GROUP_TRUST_H

#include "group/place.h"
#include "group/whose.h"

/*
 * -EPERM, naming the directory and the way, if another uid can write to one of the
 * directories from BASE down to the tenant, in cgroup2 or cgroup v1: root and `allowed`
 * don't count. Each is asked while it is open, from BASE down: so nobody but the caller
 * and root can have replaced one meanwhile.
 */
int trust_above(const struct place *place, uid_t allowed, struct ration_error *reterr);

/* The same in one hierarchy of cgroup v1, as far as the directories are there. */
int trust_v1(const struct host_snapshot *host, size_t hierarchy, const char *tenant, uid_t allowed,
		struct ration_error *reterr);

/* The same, and of the group's own directories. */
int trust_all(const struct place *place, uid_t allowed, struct ration_error *reterr);

#endif
