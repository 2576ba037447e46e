/* SPDX-License-Identifier: MIT */
/*
 * stats.c - what a group uses now, and has used
 */
#include "group/stats/stats.h"

#include <errno.h>
#include <unistd.h>

#include "group/handle.h"
#include "group/stats/metrics.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/members.h"
#include "sys/proc/proc.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

/* What no file of a group tells. */
struct look {
	int proc_fd;
	bool stopped; /* one is, and no other runs as far as has been looked */
};

static int look_at(void *data, pid_t pid)
{
	struct look *look = data;
	struct proc_stat stat;
	int r = pid > 0 ? proc_stat_read(look->proc_fd, pid, &stat) : -ENOENT;

	/* One that ends meanwhile says nothing of the others. */
	if (r == -ESRCH)
		return 0;
	look->stopped = r == 0 && stat.state == 'T';
	return look->stopped ? 0 : -ECANCELED;
}

/* Of a group that has processes and isn't frozen. The first that runs decides, so mostly one is looked at. */
static void read_state(int fd, int proc_fd, struct ration_stats *stats)
{
	struct look look = { .proc_fd = proc_fd };
	int r = cg_each_awake(fd, look_at, &look);

	if (r == -ECANCELED || !metrics_got(&stats->usage, r))
		return;
	if (look.stopped)
		stats->state = RATION_STATE_STOPPED;
	else if (r > 0)
		stats->state = RATION_STATE_FROZEN;
}

static int read_members(int fd, const struct stats_wanted *wanted, struct ration_stats *stats)
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
	stats->state = frozen ? RATION_STATE_FROZEN : stats->populated ? RATION_STATE_RUNNING : RATION_STATE_EMPTY;
	/* The kernel counts those of all groups below. */
	n = populated == 0 || !wanted->members ? 0 : cg_count(fd);
	if (wanted->members && metrics_got(&stats->usage, n))
		stats->processes = (uint64_t)n;
	if (wanted->stopped && wanted->proc_fd >= 0 && stats->state == RATION_STATE_RUNNING)
		read_state(fd, wanted->proc_fd, stats);
	return 0;
}

int stats_read(int fd, const struct stats_wanted *wanted, struct ration_stats *ret)
{
	struct ration_stats stats = { .processes = RATION_UNKNOWN, .memory_pressure_pct100 = RATION_UNKNOWN };
	int r = wanted->state ? read_members(fd, wanted, &stats) : 0;

	if (r < 0)
		return r;
	metrics_read(fd, wanted->metrics, &stats.usage, wanted->share ? &stats.memory_pressure_pct100 : NULL);
	/* Removed while it was read: half of it would be missing, and look like not known. */
	r = sys_access(fd, "cgroup.procs", F_OK);
	if (r == 0)
		*ret = stats;
	return r;
}

int stats_read_group(const struct ration_group *group, const struct stats_wanted *wanted, struct ration_stats *ret)
{
	int r = group->at.fd < 0 ? -EOPNOTSUPP : stats_read(group->at.fd, wanted, ret);

	if (r < 0)
		return r;
	metrics_read_v1(&group->at, wanted->metrics, &ret->usage);
	return ret->usage.unread;
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
	r = stats_read_group(group, &STATS_ALL(group->host->proc_fd), stats);
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
