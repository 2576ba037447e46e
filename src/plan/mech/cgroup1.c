/* SPDX-License-Identifier: MIT */
/*
 * cgroup1.c - limits that a hierarchy of cgroup v1 enforces for all processes of a group together
 *
 * A controller is either in cgroup v1 or in cgroup2, so on a hybrid machine each limit
 * has just one of the two. Used are the controllers of v1 that need a directory only and
 * enforce the same: not memory.high, which v1 doesn't have, and not cpuset, whose
 * groups begin without any CPU.
 *
 * v1 limits memory and memory with swap, not swap. The second may never be below the
 * first; a new group has neither, so memory comes first.
 */
#include "plan/mech/mech.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/enum-index.h"

#define CPU_PERIOD_USEC 100000

#define MEMORY_FILE "memory.limit_in_bytes"

struct row {
	uint32_t controller;
	uint64_t feature;
	const char *name;     /* of the controller */
	const char *missing;  /* what to say when the feature isn't there */
	const char *fix;
};

static const struct row rows[LIMIT_INDEX_COUNT] = {
	[LIMIT_INDEX_MEMORY] = { .controller = RATION_CONTROLLER_MEMORY, .name = "memory" },
	[LIMIT_INDEX_SWAP] = { .controller = RATION_CONTROLLER_MEMORY, .name = "memory" },
	[LIMIT_INDEX_CPUS] = { .controller = RATION_CONTROLLER_CPU, .name = "cpu" },
	[LIMIT_INDEX_CPU_BURST] = { .controller = RATION_CONTROLLER_CPU, .name = "cpu",
		.feature = RATION_FEATURE_CPU_BURST,
		.missing = "this kernel has no cpu.cfs_burst_us (since 5.14)",
		.fix = "boot a kernel of 5.14 or later" },
	[LIMIT_INDEX_CPU_IDLE] = { .controller = RATION_CONTROLLER_CPU, .name = "cpu",
		.feature = RATION_FEATURE_CPU_IDLE,
		.missing = "this kernel has no cpu.idle (since 5.15)",
		.fix = "boot a kernel of 5.15 or later" },
	[LIMIT_INDEX_CPU_WEIGHT] = { .controller = RATION_CONTROLLER_CPU, .name = "cpu" },
	[LIMIT_INDEX_CPU_TIME] = { .controller = RATION_CONTROLLER_CPUACCT, .name = "cpuacct" },
	[LIMIT_INDEX_PIDS] = { .controller = RATION_CONTROLLER_PIDS, .name = "pids" },
};

uint32_t mech_v1_controller(enum ration_limit limit)
{
	size_t i = limit_index(limit);

	return i < ARRAY_SIZE(rows) ? rows[i].controller : 0;
}

/* What cpu.shares is for a weight, which is 100 where the other is 1024. */
static uint64_t shares(uint64_t weight)
{
	/* The kernel accepts 2 to 262144; no weight from 1 to 10000 is outside of that. */
	return weight * 1024 / 100;
}

static void ask(const struct host_facts *facts, enum ration_limit limit, uint64_t soft, uint64_t hard,
		struct mech_answer *answer)
{
	const struct row *row = &rows[limit_index(limit)];

	(void)soft;
	/* No reason is given without cgroup v1: that is normal. */
	if (row->controller == 0 ||
			(facts->hierarchy != RATION_HIERARCHY_V1 && facts->hierarchy != RATION_HIERARCHY_HYBRID))
		return mech_no(answer, "", "%s", "");
	if (!(facts->v1_controllers & row->controller))
		return mech_no(answer, "", "%s", facts->v1_reason);
	if (row->feature != 0 && !(facts->features & row->feature))
		return mech_no(answer, row->fix, "%s", row->missing);
	if (limit == RATION_LIMIT_SWAP && !facts->v1_swap)
		return mech_no(answer, "boot with swapaccount=1",
				"cgroup v1 doesn't count swap here (no memory.memsw.limit_in_bytes)");
	/* The kernel rounds a size down to whole pages. */
	if (row->controller == RATION_CONTROLLER_MEMORY && hard != RATION_UNLIMITED)
		answer->in_force = hard - hard % facts->page_bytes;
	mech_yes(answer, RATION_SCOPE_GROUP, "");
}

static int write_number(struct group_writes *writes, const struct ration_plan_item *item, const char *file,
		uint64_t value, const char *unlimited)
{
	int r = value == RATION_UNLIMITED ? mech_write(writes, item->limit, file, "%s", unlimited) :
		mech_write(writes, item->limit, file, "%" PRIu64, value);

	if (r == 0)
		writes->write[writes->n - 1].v1 = rows[limit_index(item->limit)].controller;
	return r;
}

/* Of the write before: the row of memory comes before that of swap. RATION_UNLIMITED: it isn't limited. */
static uint64_t memory_of(const struct group_writes *writes)
{
	for (size_t i = writes->n; i-- > 0;) {
		if (strcmp(writes->write[i].file, MEMORY_FILE) == 0)
			return writes->write[i].value[0] == '-' ? RATION_UNLIMITED :
				strtoull(writes->write[i].value, NULL, 10);
	}
	return RATION_UNLIMITED;
}

static int write_swap(struct group_writes *writes, const struct ration_plan_item *item)
{
	uint64_t memory = memory_of(writes), sum;

	if (memory == RATION_UNLIMITED || item->in_force == RATION_UNLIMITED ||
			__builtin_add_overflow(memory, item->in_force, &sum))
		sum = RATION_UNLIMITED;
	return write_number(writes, item, "memory.memsw.limit_in_bytes", sum, "-1");
}

static int write_quota(struct group_writes *writes, const struct ration_plan_item *item)
{
	int r = mech_write(writes, item->limit, "cpu.cfs_period_us", "%d", CPU_PERIOD_USEC);

	if (r < 0)
		return r;
	writes->write[writes->n - 1].v1 = RATION_CONTROLLER_CPU;
	return write_number(writes, item, "cpu.cfs_quota_us", item->in_force, "-1");
}

static int apply_group(const struct ration_plan_item *item, struct group_writes *writes)
{
	/* Only rows that ask() has said yes to get here. */
	if (item->limit == RATION_LIMIT_MEMORY)
		return write_number(writes, item, MEMORY_FILE, item->in_force, "-1");
	if (item->limit == RATION_LIMIT_SWAP)
		return write_swap(writes, item);
	if (item->limit == RATION_LIMIT_CPUS)
		return write_quota(writes, item);
	if (item->limit == RATION_LIMIT_CPU_BURST)
		return write_number(writes, item, "cpu.cfs_burst_us", item->in_force, "0");
	if (item->limit == RATION_LIMIT_CPU_IDLE)
		return write_number(writes, item, "cpu.idle", item->in_force, "0");
	if (item->limit == RATION_LIMIT_CPU_WEIGHT)
		return write_number(writes, item, "cpu.shares", shares(item->in_force), "1024");
	if (item->limit == RATION_LIMIT_PIDS)
		return write_number(writes, item, "pids.max", item->in_force, "max");
	/* The supervisor reads cpuacct.usage. */
	return item->limit == RATION_LIMIT_CPU_TIME ? 0 : -EINVAL;
}

const struct mech_ops mech_cgroup1 = {
	.mechanism = RATION_MECHANISM_CGROUP1,
	.ask = ask,
	.apply_group = apply_group,
};
