/* SPDX-License-Identifier: MIT */
/*
 * account-none.c - there are no cgroups, and no files that say anything of a run
 */
#include "run/account.h"

void account_counters(const struct place *group, bool all, struct counters *ret)
{
	(void)group;
	(void)all;
	*ret = (struct counters) {
		.oom = USAGE_ABSENT,
		.oom_kill = USAGE_ABSENT,
		.oom_group_kill = USAGE_ABSENT,
		.oom_kill_below = USAGE_ABSENT,
		.machine_oom_kill = USAGE_ABSENT,
	};
}

void account_usage(const struct place *group, bool all, struct ration_receipt *receipt)
{
	(void)group;
	(void)all;
	(void)receipt;
}

void account_changes(const struct place *group, const struct ration_plan *plan, struct ration_receipt *receipt)
{
	(void)group;
	(void)plan;
	(void)receipt;
}

void account_left(int proc_fd, time_t begun, uint64_t wall_usec, struct ration_receipt *receipt)
{
	(void)proc_fd;
	(void)begun;
	(void)wall_usec;
	(void)receipt;
}
