/* SPDX-License-Identifier: MIT */
/*
 * outside.h - a group that isn't below BASE, but elsewhere: perhaps given to the caller
 */
#ifndef RATION_GROUP_OUTSIDE_H
#define RATION_GROUP_OUTSIDE_H

#include "host/snapshot.h"
#include "ration.h"

/*
 * Explains with -EPERM that a tenant or group was given to the caller by root but can't be entered from
 * outside, or that it is another user's and the caller has no BASE, and how root brings processes in. `name`
 * may be "", or that of a group that doesn't exist yet. 0: there is no such tenant or group where root's
 * would be.
 */
int outside_error(const struct host_snapshot *host, const char *tenant, const char *name,
		struct ration_error *reterr);

/*
 * Says that there is no such tenant (`name` is "") or group, where it was looked for, and which BASE above
 * ours has one of that name, if any. Returns -ENOENT.
 */
int outside_missing(const struct host_snapshot *host, const char *tenant, const char *name,
		struct ration_error *reterr);

#endif
