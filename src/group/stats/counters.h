/* SPDX-License-Identifier: MIT */
/*
 * counters.h - what the kernel has counted for a group, and above it
 *
 * A receipt needs two snapshots: one before the command starts, and one after the last process has
 * gone, but before the directory is removed, since its counters go with it. The group itself is
 * new, so its counters begin at 0. The groups above are shared with others, so only changes of
 * their counters matter.
 */
#ifndef RATION_GROUP_STATS_COUNTERS_H
#define RATION_GROUP_STATS_COUNTERS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "group/place.h"
#include "ration.h"
#include "util/usage.h"

/* Tenant, namespace, the nodes above it, BASE, and what lies above that. */
#define COUNTER_LEVELS_MAX 24

struct counter_level {
	enum ration_level level;
	dev_t device;     /* with its inode: identifies the group, however much of its path fits */
	ino_t inode;
	size_t where;     /* its path from the mount of the hierarchy: so many bytes of `path`; 0: "/"; SIZE_MAX: not known */
	uint64_t oom;     /* memory.events.local: this very group's limit was hit */
	uint64_t high;    /* memory.events.local: its memory.high was */
	uint64_t pids;    /* pids.events.local, since 6.11: its pids.max was, by a fork in it or below */
	uint64_t throttled; /* cpu.stat: periods in which its cpu.max was used up */
	bool pids_full;   /* there can have been as many tasks as its pids.max allows; only set with pids_asked */
};

struct counters {
	uint64_t oom;            /* memory.events.local: the group's own limit was hit */
	uint64_t oom_kill;       /* memory.events.local: processes in the group itself were killed */
	uint64_t oom_group_kill; /* memory.events.local, since 5.17: the group was killed whole */
	uint64_t oom_kill_below; /* memory.events: in it or below it */
	uint64_t machine_oom_kill; /* vmstat: on the whole machine */
	bool hidden;             /* there are groups above that we can't see: those of a container's maker */
	uint32_t elsewhere;      /* controllers of cgroup v1: no group of cgroup2 has them */
	uint64_t throttled_above_v1; /* cpu.stat of cgroup v1: the same of all levels above ration's */
	bool pids_asked;         /* forks in the group were refused, and its counter doesn't show by whose limit */
	bool pids_v1;            /* they were counted in cgroup v1 */
	uint64_t pids_max;       /* its own limit; USAGE_ABSENT: none */
	uint64_t pids_peak;      /* the most tasks that it had, since 6.1; only where pids_asked */
	bool v1;                 /* the group's memory is counted in cgroup v1: `oom` is what the supervisor
				    has heard of memory.oom_control, `oom_kill` what stands in it */
	char path[PATH_MAX];     /* of the lowest level: those above are on it */
	size_t n_levels;
	struct counter_level level[COUNTER_LEVELS_MAX];
};

/* Counts the next level, which is filled in but for its path: that begins with the path of each above it. */
void counters_put_where(struct counters *counters, const char *where);

/* Writes the path of a level of `counters`: "/", or "" where it isn't known. Returns buf. */
static inline const char *counters_where(const struct counters *counters, const struct counter_level *level,
		char buf[PATH_MAX])
{
	size_t length = level->where < PATH_MAX ? level->where : 0;

	(void)memcpy(buf, counters->path, length);
	(void)strcpy(buf + length, level->where == 0 ? "/" : "");
	return buf;
}

/* Reads what verdicts rest on, and if `machine` what the machine has counted. `place` may have no cgroup. */
void counters_read(const struct place *place, bool machine, struct counters *ret);

/* Processes that were OOM-killed in the group, by its memory.oom_control. USAGE_ABSENT. */
uint64_t counters_v1_oom_kill(const struct place *place);

/* cpu.stat's usage_usec alone, of an open cpu.stat, or that of an open cpuacct.usage. USAGE_ABSENT. */
uint64_t counters_cpu_usec(int cpu_stat_fd);

#endif
