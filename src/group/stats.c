/* SPDX-License-Identifier: MIT */
/*
 * stats.c - what a group uses now, and has used
 */
#include "group/stats.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "group/cgroup1.h"
#include "group/counters.h"
#include "group/handle.h"
#include "group/metrics.h"
#include "sys/cgroup.h"
#include "sys/members.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Of a run, what is counted in cgroup v1. */
static void read_v1(const struct place *place, struct usage *usage)
{
	static const struct {
		enum ration_metric metric;
		uint32_t controller;
		const char *file;
	} files[] = {
		{ RATION_METRIC_MEMORY_CURRENT_BYTES, RATION_CONTROLLER_MEMORY, "memory.usage_in_bytes" },
		{ RATION_METRIC_PIDS_CURRENT, RATION_CONTROLLER_PIDS, "pids.current" },
	};

	counters_read_usage_v1(place, usage);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int fd = v1_fd(place, files[i].controller);
		uint64_t value;

		if (fd >= 0 && metrics_got(usage, cg_read_u64(fd, files[i].file, &value)))
			usage_set(usage, files[i].metric, value, RATION_SOURCE_CGROUP1);
	}
}

uint64_t stats_pressure(const char *text)
{
	unsigned whole, hundredths;

	if (sscanf(text, "some avg10=%u.%2u", &whole, &hundredths) != 2)
		return RATION_UNKNOWN;
	return (uint64_t)whole * 100 + hundredths;
}

static uint64_t read_pressure(int fd, struct usage *usage)
{
	char text[512];

	return metrics_got(usage, cg_read(fd, "memory.pressure", text, sizeof(text))) ? stats_pressure(text) : RATION_UNKNOWN;
}

int stats_read(int fd, struct ration_stats *ret)
{
	struct ration_stats stats = { .populated = false };
	uint64_t populated = 0, frozen = 0;
	char text[256];
	int n, r = cg_read(fd, "cgroup.events", text, sizeof(text));

	/* ENODEV is what its files say when it was removed. */
	if (r < 0)
		return sys_access(fd, "cgroup.procs", F_OK) == -ENOENT ? -ENOENT : r;
	(void)cg_text_key(text, "populated", &populated);
	(void)cg_text_key(text, "frozen", &frozen);
	stats.populated = populated != 0;
	stats.frozen = frozen != 0;
	n = cg_count(fd);
	stats.processes = metrics_got(&stats.usage, n) ? (uint64_t)n : RATION_UNKNOWN;
	stats.memory_pressure_pct100 = read_pressure(fd, &stats.usage);
	metrics_read(fd, true, &stats.usage);
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
	r = stats_read(group->at.fd, stats);
	if (r == 0) {
		read_v1(&group->at, &stats->usage);
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
