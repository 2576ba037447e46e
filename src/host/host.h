/* SPDX-License-Identifier: MIT */
/*
 * host.h - the handle of a host: which snapshot is the newest
 *
 * A call takes the newest snapshot once, at its beginning, and uses that one to its end. Snapshots live as
 * long as the handle, and the handle outlives everything that is made from it.
 */
#ifndef RATION_HOST_HOST_H
#define RATION_HOST_HOST_H

#include <pthread.h>
#include <stdatomic.h>

#include "host/snapshot.h"
#include "ration.h"

struct ration_host {
	_Atomic(struct host_snapshot *) newest;
	pthread_mutex_t lock; /* held while the next snapshot is made */
};

/* ration_host_open() with /proc and /sys below `root`, for made-up machines in tests. NULL: this machine. */
int host_open(const char *root, const struct ration_host_options *options, struct ration_host **ret_host,
		struct ration_error *reterr);

/* Returns the newest snapshot. It never changes. */
static inline const struct host_snapshot *host_now(const struct ration_host *host)
{
	return atomic_load_explicit(&host->newest, memory_order_acquire);
}

/* Makes `next` the newest snapshot; the handle owns it from now on. The caller holds the lock. */
void host_show(struct ration_host *host, struct host_snapshot *next);

#endif
