/* SPDX-License-Identifier: MIT */
/*
 * cgroup2.c - limits that the kernel enforces for all processes of a group together
 *
 * One row for each limit: its controller, its file, and the kernel feature that it needs.
 * Everything is written before the first process is in the group. The kernel demands an
 * order: the quota before the burst, which must not be above it, and cpu.idle before
 * the weight, which an idle group doesn't have.
 */
#include "plan/mech/mech.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "util/cleanup.h"
#include "util/enum-index.h"

/* The period of cpu.max: the unit of RATION_UNIT_CPUS is microseconds of it. */
#define CPU_PERIOD_USEC 100000

struct row {
	bool here;            /* this mechanism knows the limit */
	uint32_t controller;  /* 0: any group will do */
	uint64_t feature;     /* 0: none */
	const char *name;     /* of the controller */
	const char *missing;  /* what to say when the feature isn't there */
	const char *fix;
};

static const struct row rows[LIMIT_INDEX_COUNT] = {
	[LIMIT_INDEX_MEMORY] = { .here = true, .controller = RATION_CONTROLLER_MEMORY, .name = "memory" },
	[LIMIT_INDEX_SWAP] = { .here = true, .controller = RATION_CONTROLLER_MEMORY, .name = "memory",
		.feature = RATION_FEATURE_SWAP_MAX,
		.missing = "this kernel doesn't account swap (no memory.swap.max)",
		.fix = "boot a kernel with CONFIG_SWAP and without swapaccount=0" },
	[LIMIT_INDEX_MEMORY_HIGH] = { .here = true, .controller = RATION_CONTROLLER_MEMORY, .name = "memory" },
	[LIMIT_INDEX_MEMORY_LOW] = { .here = true, .controller = RATION_CONTROLLER_MEMORY, .name = "memory" },
	[LIMIT_INDEX_MEMORY_MIN] = { .here = true, .controller = RATION_CONTROLLER_MEMORY, .name = "memory" },
	[LIMIT_INDEX_HUGETLB] = { .here = true, .controller = RATION_CONTROLLER_HUGETLB, .name = "hugetlb" },
	[LIMIT_INDEX_CPUS] = { .here = true, .controller = RATION_CONTROLLER_CPU, .name = "cpu" },
	[LIMIT_INDEX_CPU_BURST] = { .here = true, .controller = RATION_CONTROLLER_CPU, .name = "cpu",
		.feature = RATION_FEATURE_CPU_BURST,
		.missing = "this kernel has no cpu.max.burst (since 5.14)",
		.fix = "boot a kernel of 5.14 or later" },
	[LIMIT_INDEX_CPU_IDLE] = { .here = true, .controller = RATION_CONTROLLER_CPU, .name = "cpu",
		.feature = RATION_FEATURE_CPU_IDLE,
		.missing = "this kernel has no cpu.idle (since 5.15)",
		.fix = "boot a kernel of 5.15 or later" },
	[LIMIT_INDEX_CPU_WEIGHT] = { .here = true, .controller = RATION_CONTROLLER_CPU, .name = "cpu" },
	[LIMIT_INDEX_CPU_TIME] = { .here = true },
	[LIMIT_INDEX_PIDS] = { .here = true, .controller = RATION_CONTROLLER_PIDS, .name = "pids" },
	[LIMIT_INDEX_CPUSET_CPUS] = { .here = true, .controller = RATION_CONTROLLER_CPUSET, .name = "cpuset" },
	[LIMIT_INDEX_CPUSET_MEMS] = { .here = true, .controller = RATION_CONTROLLER_CPUSET, .name = "cpuset" },
	[LIMIT_INDEX_IO_READ_BPS] = { .here = true, .controller = RATION_CONTROLLER_IO, .name = "io" },
	[LIMIT_INDEX_IO_WRITE_BPS] = { .here = true, .controller = RATION_CONTROLLER_IO, .name = "io" },
	[LIMIT_INDEX_IO_READ_IOPS] = { .here = true, .controller = RATION_CONTROLLER_IO, .name = "io" },
	[LIMIT_INDEX_IO_WRITE_IOPS] = { .here = true, .controller = RATION_CONTROLLER_IO, .name = "io" },
	[LIMIT_INDEX_STALL_TIMEOUT] = { .here = true, .feature = RATION_FEATURE_PSI,
		.missing = "this kernel doesn't measure pressure stalls of groups (PSI)",
		.fix = "boot with psi=1 and without cgroup_disable=pressure" },
};

static void ask(const struct host_facts *facts, enum ration_limit limit, uint64_t soft, uint64_t hard,
		struct mech_answer *answer)
{
	const struct row *row = &rows[limit_index(limit)];

	(void)soft;
	if (!row->here)
		return mech_no(answer, "", "cgroups can't enforce it");
	if (facts->base_kind == RATION_BASE_NONE || facts->base_kind == RATION_BASE_REFUSED)
		return mech_no(answer, facts->base_fix, "%s", facts->base_reason);
	if (row->controller != 0 && !(facts->controllers & row->controller))
		return mech_no(answer, facts->base_fix, "the %s controller isn't available%s%s", row->name,
				facts->base_reason[0] ? ": " : "", facts->base_reason);
	if (row->feature != 0 && !(facts->features & row->feature))
		return mech_no(answer, row->fix, "%s", row->missing);
	/* The kernel rounds a size down to whole pages. */
	if (row->controller == RATION_CONTROLLER_MEMORY && hard != RATION_UNLIMITED)
		answer->in_force = hard - hard % facts->page_bytes;
	mech_yes(answer, RATION_SCOPE_GROUP, "");
}

static int write_size(struct group_writes *writes, const struct ration_plan_item *item, const char *file)
{
	if (item->in_force == RATION_UNLIMITED)
		return mech_write(writes, item->limit, file, "max");
	return mech_write(writes, item->limit, file, "%" PRIu64, item->in_force);
}

static int write_rate(struct group_writes *writes, const struct ration_plan_item *item, const char *field)
{
	return mech_write_keyed(writes, item->limit, "io.max", item->in_force_key, field, item->in_force);
}

static int write_huge(struct group_writes *writes, const struct ration_plan_item *item)
{
	char file[32];

	(void)snprintf(file, sizeof(file), "hugetlb.%.12s.max", item->in_force_key);
	return write_size(writes, item, file);
}

static int write_memory(struct group_writes *writes, const struct ration_plan_item *item)
{
	static const struct {
		enum ration_limit limit;
		const char *file;
	} files[] = {
		{ RATION_LIMIT_MEMORY, "memory.max" },
		{ RATION_LIMIT_SWAP, "memory.swap.max" },
		{ RATION_LIMIT_MEMORY_HIGH, "memory.high" },
		{ RATION_LIMIT_MEMORY_LOW, "memory.low" },
		{ RATION_LIMIT_MEMORY_MIN, "memory.min" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (files[i].limit == item->limit)
			return write_size(writes, item, files[i].file);
	}
	return -EINVAL;
}

static int write_quota(struct group_writes *writes, const struct ration_plan_item *item)
{
	if (item->in_force == RATION_UNLIMITED)
		return mech_write(writes, item->limit, "cpu.max", "max %d", CPU_PERIOD_USEC);
	return mech_write(writes, item->limit, "cpu.max", "%" PRIu64 " %d", item->in_force, CPU_PERIOD_USEC);
}

static int apply_group(const struct ration_plan_item *item, struct group_writes *writes)
{
	switch (item->limit) {
	case RATION_LIMIT_MEMORY ... RATION_LIMIT_MEMORY_MIN:
		return write_memory(writes, item);
	case RATION_LIMIT_HUGETLB:
		return write_huge(writes, item);
	case RATION_LIMIT_CPUS:
		return write_quota(writes, item);
	case RATION_LIMIT_CPU_BURST:
		return mech_write(writes, item->limit, "cpu.max.burst", "%" PRIu64, item->in_force);
	case RATION_LIMIT_CPU_IDLE:
		return mech_write(writes, item->limit, "cpu.idle", "%" PRIu64, item->in_force);
	case RATION_LIMIT_CPU_WEIGHT:
		return mech_write(writes, item->limit, "cpu.weight", "%" PRIu64, item->in_force);
	case RATION_LIMIT_PIDS:
		return write_size(writes, item, "pids.max");
	case RATION_LIMIT_CPUSET_CPUS:
		return mech_write(writes, item->limit, "cpuset.cpus", "%s", item->text);
	case RATION_LIMIT_CPUSET_MEMS:
		return mech_write(writes, item->limit, "cpuset.mems", "%s", item->text);
	case RATION_LIMIT_IO_READ_BPS:
		return write_rate(writes, item, "rbps");
	case RATION_LIMIT_IO_WRITE_BPS:
		return write_rate(writes, item, "wbps");
	case RATION_LIMIT_IO_READ_IOPS:
		return write_rate(writes, item, "riops");
	case RATION_LIMIT_IO_WRITE_IOPS:
		return write_rate(writes, item, "wiops");
	case RATION_LIMIT_CPU_TIME:
	case RATION_LIMIT_STALL_TIMEOUT:
		return 0; /* the supervisor reads cpu.stat, and sets a trigger */
	case RATION_LIMIT_TIMEOUT:
	case RATION_LIMIT_OUTPUT:
	case RATION_LIMIT_RLIMIT_AS ... RATION_LIMIT_RLIMIT_STACK:
		break;
	}
	return -EINVAL;
}

const struct mech_ops mech_cgroup2 = {
	.mechanism = RATION_MECHANISM_CGROUP2,
	.ask = ask,
	.apply_group = apply_group,
};
