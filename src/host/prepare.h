/* SPDX-License-Identifier: MIT */
/*
 * prepare.h - what systemd has to do before BASE can be used
 */
#ifndef RATION_HOST_PREPARE_H
#define RATION_HOST_PREPARE_H

#include <sys/types.h>

#include "host/host.h"
#include "ration.h"

/* Returns the newest snapshot, after ration_host_prepare() if this purpose needs it. Errors: of that. */
int host_need(const struct ration_host *host, enum ration_purpose purpose, const struct host_snapshot **ret_host,
		struct ration_error *reterr);

/*
 * Has systemd move a process of our uid into the leaf of our unit, from where we can move it on. -EOPNOTSUPP:
 * BASE isn't the unit of a user.
 */
int host_bring(const struct host_snapshot *host, pid_t pid);

#endif
