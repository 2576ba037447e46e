/* SPDX-License-Identifier: MIT */
/*
 * place.h - where a tenant or a group is: its names, and its directories that are open
 */
#ifndef RATION_GROUP_PLACE_H
#define RATION_GROUP_PLACE_H

#include <errno.h>

#include "group/owner.h"
#include "host/snapshot.h"
#include "ration.h"

struct place {
	const struct host_snapshot *host; /* borrowed */
	int namespace_fd, tenant_fd, fd;
	int lock_fd;                    /* if it is one, we have the lock of `fd`: sys/cgroup/lock.h */
	int v1_fd[HOST_V1_MAX];         /* its directories in host->v1, or -EBADF */
	char tenant[RATION_NAME_MAX + 1];
	char name[RATION_NAME_MAX + 1];
	char owner[OWNER_TEXT_MAX]; /* who prepared it: a subreaper makes it for another */
};

#define PLACE_NONE                                                                \
	((struct place) { .namespace_fd = -EBADF, .tenant_fd = -EBADF, .fd = -EBADF, \
			.lock_fd = -EBADF, .v1_fd = { [0 ... HOST_V1_MAX - 1] = -EBADF } })

/* Room for "TENANT/NAME". */
#define PLACE_ADDRESS_MAX (2 * RATION_NAME_MAX + 2)

/* "TENANT/NAME", or "TENANT" of a tenant's. Returns `buf`. */
const char *place_address(const struct place *place, char buf[PLACE_ADDRESS_MAX]);

/* Closes what is open. The group itself stays. */
void place_close(struct place *place);

#endif
