/* SPDX-License-Identifier: MIT */
/*
 * account.c - what the files of cgroups say of a run, before and after
 */
#include "run/account.h"

#include <errno.h>
#include <time.h>

#include "group/cgroup1.h"
#include "group/limits/in-force.h"
#include "group/stats/metrics.h"
#include "plan/mech/mech.h"
#include "sys/proc/sysvipc.h"
#include "util/cleanup.h"

void account_counters(const struct place *group, bool all, struct counters *ret)
{
	counters_read(group, all, ret);
}

/*
 * What is worth reporting although the command succeeded: limits that were reached or raised meanwhile (the
 * peaks), and memory that stays behind.
 */
#define TOLD (METRIC_BIT(OOM_KILLS) | METRIC_BIT(PIDS_REFUSED) | METRIC_BIT(MEMORY_PEAK_BYTES) | \
		METRIC_BIT(SWAP_PEAK_BYTES) | METRIC_BIT(MEMORY_SHMEM_BYTES))

/* The metrics that a group can have if its host has these controllers. */
static uint64_t possible(uint32_t controllers)
{
	uint64_t metrics = METRICS_ALL;

	if (!(controllers & RATION_CONTROLLER_MEMORY))
		metrics &= ~METRICS_OF_MEMORY;
	if (!(controllers & RATION_CONTROLLER_PIDS))
		metrics &= ~METRICS_OF_PIDS;
	return controllers & RATION_CONTROLLER_IO ? metrics : metrics & ~METRICS_OF_IO;
}

static bool is_in_v1(const struct place *group)
{
	for (size_t i = 0; i < ARRAY_SIZE(group->v1_fd); i++) {
		if (group->v1_fd[i] >= 0)
			return true;
	}
	return false;
}

void account_usage(const struct place *group, bool all, struct ration_receipt *receipt)
{
	uint64_t wanted = all ? METRICS_ALL & ~METRICS_LIVE : TOLD;
	uint64_t here = group->fd < 0 ? 0 : wanted & possible(group->host->facts.controllers);

	if (here != 0)
		metrics_read(group->fd, here, &receipt->usage, NULL);
	if (is_in_v1(group))
		metrics_read_v1(group, wanted, &receipt->usage);
}

static int read_limit(const struct place *group, const struct ration_plan_item *item, uint64_t *ret)
{
	const struct ration_limit_info *info = ration_limit_info(item->limit);

	if (item->text || info->supervised)
		return -EOPNOTSUPP;
	if (item->mechanism == RATION_MECHANISM_CGROUP2)
		return in_force_read(group->fd, info, ret);
	if (item->mechanism == RATION_MECHANISM_CGROUP1)
		return in_force_read_v1(v1_fd(group, mech_v1_controller(item->limit)), info, ret);
	return -EOPNOTSUPP;
}

/* The kernel lets a group exceed its limit for a moment, by far less than this. */
#define PEAK_SLACK_BYTES (1 << 20)

/* The peak is above the limit at the end: somebody raised the limit and set it back. */
static bool was_raised(const struct ration_plan_item *item, const struct ration_receipt *receipt)
{
	enum ration_metric metric = item->limit == RATION_LIMIT_MEMORY ? RATION_METRIC_MEMORY_PEAK_BYTES :
									 RATION_METRIC_SWAP_PEAK_BYTES;
	uint64_t peak_bytes;

	if ((item->limit != RATION_LIMIT_MEMORY && item->limit != RATION_LIMIT_SWAP) || item->in_force == RATION_UNLIMITED ||
			usage_get(&receipt->usage, metric, &peak_bytes) != RATION_SOURCE_CGROUP2)
		return false;
	return peak_bytes > item->in_force + item->in_force / 8 + PEAK_SLACK_BYTES;
}

void account_changes(const struct place *group, const struct ration_plan *plan, struct ration_receipt *receipt)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct ration_plan_item *item = &plan->entry[i].item;
		struct ration_outcome *outcome = &receipt->outcome[limit_index(item->limit)];
		uint64_t value;

		if (read_limit(group, item, &value) < 0)
			continue;
		outcome->at_end_known = true;
		outcome->at_end = value;
		outcome->changed = value != item->in_force || was_raised(item, receipt);
	}
}

void account_left(int proc_fd, time_t begun, uint64_t wall_usec, struct ration_receipt *receipt)
{
	time_t ago = time(NULL) - (time_t)(wall_usec / 1000000);
	uint64_t bytes, segments;

	if (usage_get(&receipt->usage, RATION_METRIC_MEMORY_SHMEM_BYTES, &bytes) == RATION_SOURCE_ABSENT || bytes == 0)
		return;
	segments = sysvipc_left(proc_fd, (ago < begun ? ago : begun) - 1);
	if (segments == 0)
		return;
	receipt_tell(receipt, "sysvipc/shm segments", segments);
	receipt_tell(receipt, "memory.stat shmem", bytes);
}
