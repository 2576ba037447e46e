/* SPDX-License-Identifier: MIT */
/*
 * stats.c - what a group uses now, and has used
 */
#include "group/stats.h"

#include <errno.h>
#include <unistd.h>

#include "group/handle.h"
#include "group/metrics.h"
#include "sys/cgroup.h"
#include "sys/members.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

static int read_members(int fd, struct ration_stats *stats)
{
	uint64_t populated = 1, frozen = 0;
	char text[256];
	int n, r = cg_read(fd, "cgroup.events", text, sizeof(text));

	/* ENODEV is what its files say when it was removed. */
	if (r < 0)
		return sys_access(fd, "cgroup.procs", F_OK) == -ENOENT ? -ENOENT : r;
	(void)cg_text_key(text, "frozen", &frozen);
	stats->frozen = frozen != 0;
	stats->populated = cg_text_key(text, "populated", &populated) == 0 && populated != 0;
	/* The kernel counts those of all groups below. */
	n = populated == 0 ? 0 : cg_count(fd);
	if (metrics_got(&stats->usage, n))
		stats->processes = (uint64_t)n;
	return 0;
}

int stats_read(int fd, const struct stats_wanted *wanted, struct ration_stats *ret)
{
	struct ration_stats stats = { .processes = RATION_UNKNOWN, .memory_pressure_pct100 = RATION_UNKNOWN };
	int r = wanted->members ? read_members(fd, &stats) : 0;

	if (r < 0)
		return r;
	metrics_read(fd, wanted->metrics, &stats.usage, wanted->share ? &stats.memory_pressure_pct100 : NULL);
	/* Removed while it was read: half of it would be missing, and look like not known. */
	r = sys_access(fd, "cgroup.procs", F_OK);
	if (r == 0)
		*ret = stats;
	return r;
}

int ration_stats_new(const struct ration_group *group, struct ration_stats **ret_stats, struct ration_error *reterr)
{
	CLEANUP(freep) struct ration_stats *stats = NULL;
	int r = handle_check(group, reterr);

	if (r < 0)
		return r;
	stats = calloc(1, sizeof(*stats));
	if (!stats)
		return error_oom(reterr);
	r = stats_read(group->at.fd, &STATS_ALL, stats);
	if (r == 0) {
		metrics_read_v1(&group->at, METRICS_ALL, &stats->usage);
		r = stats->usage.unread;
	}
	if (r < 0)
		return handle_error(group, r, "read the counters of", reterr);
	*ret_stats = TAKE_PTR(stats);
	return 0;
}

struct pids {
	int *pid;
	size_t n, room;
};

static int add_pid(void *data, pid_t pid)
{
	struct pids *pids = data;

	if (pids->n < pids->room)
		pids->pid[pids->n] = (int)pid;
	pids->n++;
	return 0;
}

int ration_group_pids(const struct ration_group *group, int *ret_pids, size_t n, struct ration_error *reterr)
{
	struct pids pids = { .pid = ret_pids, .room = n };
	int r = handle_check(group, reterr);

	if (r < 0)
		return r;
	r = cg_each_pid(group->at.fd, add_pid, &pids);
	return r < 0 ? handle_error(group, r, "read the processes of", reterr) : (int)pids.n;
}
