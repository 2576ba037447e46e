/* SPDX-License-Identifier: MIT */
/*
 * host.h - the handle of a host: which snapshot is the newest
 *
 * Whoever begins something asks for the newest snapshot once, and stays with it to
 * the end. Snapshots live as long as the handle, which outlives all that is made of it.
 */
#ifndef RATION_HOST_HOST_H
#define RATION_HOST_HOST_H

#include <pthread.h>
#include <stdatomic.h>

#include "host/snapshot.h"
#include "ration.h"

struct ration_host {
	_Atomic(struct host_snapshot *) newest;
	pthread_mutex_t lock; /* of those who make the next */
};

/* ration_host_open() that reads /proc and /sys below `root`: of made-up machines, for tests. NULL: of this one. */
int host_open(const char *root, const struct ration_host_options *options, struct ration_host **ret_host,
		struct ration_error *reterr);

/* The newest snapshot: as good as constant. */
static inline const struct host_snapshot *host_now(const struct ration_host *host)
{
	return atomic_load_explicit(&host->newest, memory_order_acquire);
}

/* From now on this is the newest. The handle has it, and the lock is the caller's. */
void host_show(struct ration_host *host, struct host_snapshot *next);

#endif
