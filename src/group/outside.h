/* SPDX-License-Identifier: MIT */
/*
 * outside.h - a group that isn't below BASE, but elsewhere: perhaps given to the caller
 */
#ifndef RATION_GROUP_OUTSIDE_H
#define RATION_GROUP_OUTSIDE_H

#include "host/snapshot.h"
#include "ration.h"

/*
 * Tells that a tenant or group was given to the caller by root, but that nobody can enter it from
 * outside, or that it is another user's and the caller has no BASE, and how root brings processes
 * in: -EPERM. `name` may be "", or of a group that isn't there yet. 0: there is no such tenant or group where root's would be.
 */
int outside_error(const struct host_snapshot *host, const char *tenant, const char *name,
		struct ration_error *reterr);

/*
 * Tells that there is no such tenant (`name` is "") or group, where it was looked for, and the BASE
 * above ours that has one of that name, if there is. Returns -ENOENT.
 */
int outside_missing(const struct host_snapshot *host, const char *tenant, const char *name,
		struct ration_error *reterr);

#endif
