/* SPDX-License-Identifier: MIT */
/*
 * guard.h - end the group that stalls its tenant, by the fd of the tenant's directory
 */
#ifndef RATION_GROUP_LIFE_GUARD_H
#define RATION_GROUP_LIFE_GUARD_H

#include <limits.h>

#include "ration.h"

/* A group that could be ended. */
struct guard_candidate {
	char name[NAME_MAX + 1];
	bool avoided;           /* the caller would rather keep it */
	bool stalling;          /* it was stalled itself, for half as long as the tenant or longer */
	uint64_t stalled_usec;  /* some of its processes were (memory.pressure) */
	uint64_t scanned_pages; /* looked at by reclaim, while it was measured */
	uint64_t memory_bytes;  /* memory.current */
};

/* Tells whether `a` is to be ended rather than `b`. */
bool guard_rather(const struct guard_candidate *a, const struct guard_candidate *b);

/* ration_guard_open() on the directory of the tenant `name`; the guard has an fd of its own. */
int guard_open(int tenant_fd, const char *name, const struct ration_guard_options *options,
		struct ration_guard **ret_guard, struct ration_error *reterr);

#endif
