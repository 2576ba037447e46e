/* SPDX-License-Identifier: MIT */
/*
 * stats.h - what a group uses now, and has used
 */
#ifndef RATION_GROUP_STATS_STATS_H
#define RATION_GROUP_STATS_STATS_H

#include "group/stats/metrics.h"
#include "ration.h"
#include "util/usage.h"

struct ration_stats {
	bool populated, frozen;
	enum ration_state state;
	uint64_t processes;              /* or RATION_UNKNOWN */
	uint64_t memory_pressure_pct100; /* the same */
	struct usage usage;
};

/* What is to be read of a group. */
struct stats_wanted {
	uint64_t metrics; /* a set of group/stats/metrics.h */
	bool share;       /* memory_pressure_pct100 */
	bool members;     /* `processes`, and the next */
	bool state;       /* `populated`, `frozen`, and `state` but for what `stopped` adds */
	bool stopped;     /* a look at the processes, until one isn't stopped */
	int proc_fd;      /* for that; < 0: there is none */
};

/* All, by a /proc that is open. */
#define STATS_ALL(fd) \
	((struct stats_wanted) { .metrics = METRICS_ALL, .share = true, .members = true, .state = true, .stopped = true, .proc_fd = (fd) })

/*
 * Reads what is wanted and can be read of the group behind `fd`; `usage.unread` tells what can't. The rest is absent or
 * RATION_UNKNOWN. -ENOENT: it is gone.
 */
int stats_read(int fd, const struct stats_wanted *wanted, struct ration_stats *ret);

/*
 * The same of an open group, and in cgroup v1 what that counts. Errors: -ENOENT, -EOPNOTSUPP (the handle has no cgroup),
 * and those that a metric which is there can't be read with.
 */
int stats_read_group(const struct ration_group *group, const struct stats_wanted *wanted, struct ration_stats *ret);

#endif
