/* SPDX-License-Identifier: MIT */
/*
 * planned.h - hosts made by hand, and plans for them
 */
#ifndef RATION_TESTS_PLANNED_H
#define RATION_TESTS_PLANNED_H

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/choice.h"
#include "plan/mech/mech.h"
#include "ration.h"
#include "util/cleanup.h"

#define MIB (UINT64_C(1) << 20)
#define PAGE 4096u
#define ALL_CONTROLLERS                                                                               \
	(RATION_CONTROLLER_CPU | RATION_CONTROLLER_CPUSET | RATION_CONTROLLER_IO | RATION_CONTROLLER_MEMORY | \
			RATION_CONTROLLER_PIDS | RATION_CONTROLLER_HUGETLB)
#define ALL_V1                                                                     \
	(RATION_CONTROLLER_CPU | RATION_CONTROLLER_MEMORY | RATION_CONTROLLER_PIDS | \
			RATION_CONTROLLER_CPUACCT | RATION_CONTROLLER_FREEZER)
#define ALL_FEATURES ((1u << 11) - 1)

enum world { V2, V2_NO_MEMORY, HYBRID, NOTHING_ROOT, NOTHING_USER, NO_PSI, NO_SWAP, MACOS, V1, HYBRID_V1, WORLDS };

static const struct {
	const char *name;
	enum ration_base_kind base;
	uint32_t controllers;
	uint64_t without_features;
	bool root;
	const char *reason, *fix;
	enum ration_hierarchy hierarchy;
	uint32_t v1;
} worlds[] = {
	[V2] = { "v2", RATION_BASE_ROOT, ALL_CONTROLLERS, 0, true, "", "", 0, 0 },
	[V2_NO_MEMORY] = { "v2 without memory", RATION_BASE_ROOT, ALL_CONTROLLERS & ~RATION_CONTROLLER_MEMORY, 0,
		true, "", "", 0, 0 },
	[HYBRID] = { "hybrid", RATION_BASE_ROOT, 0, 0, true, "v1 holds all controllers", "boot otherwise", 0, 0 },
	[NOTHING_ROOT] = { "nothing, root", RATION_BASE_NONE, 0, 0, true, "nothing is mounted", "mount it", 0, 0 },
	[NOTHING_USER] = { "nothing, user", RATION_BASE_NONE, 0, 0, false, "nothing is mounted", "mount it", 0, 0 },
	[NO_PSI] = { "no PSI", RATION_BASE_NESTED, ALL_CONTROLLERS, RATION_FEATURE_PSI, true, "", "", 0, 0 },
	[NO_SWAP] = { "no swap accounting", RATION_BASE_NESTED, ALL_CONTROLLERS, RATION_FEATURE_SWAP_MAX, true, "",
		"", 0, 0 },
	[MACOS] = { "macOS", RATION_BASE_NONE, 0, ALL_FEATURES, false, "macOS has no cgroups", "", 0, 0 },
	[V1] = { "v1", RATION_BASE_NONE, 0, 0, true, "only v1 is mounted", "boot otherwise", RATION_HIERARCHY_V1,
		ALL_V1 },
	/* As Debian's 6.12, whose v1 has no memory controller. */
	[HYBRID_V1] = { "hybrid, v1 without memory", RATION_BASE_ROOT, RATION_CONTROLLER_MEMORY, 0, true, "", "",
		RATION_HIERARCHY_HYBRID, ALL_V1 & ~RATION_CONTROLLER_MEMORY },
};

static inline struct host_facts make_facts(enum world world)
{
	struct host_facts facts = {
		.hierarchy = worlds[world].base == RATION_BASE_NONE ? RATION_HIERARCHY_NONE : RATION_HIERARCHY_V2,
		.base_kind = worlds[world].base,
		.controllers = worlds[world].controllers,
		.v1_controllers = worlds[world].v1,
		.v1_swap = true,
		.features = ALL_FEATURES & ~worlds[world].without_features,
		.root = worlds[world].root,
		.cpus = 2,
		.memory_bytes = 1000 * MIB + PAGE / 2,
		.swap_bytes = 200 * MIB,
		.page_bytes = PAGE,
		.user_tasks = 40,
	};

	facts.os = world == MACOS ? RATION_OS_MACOS : RATION_OS_LINUX;
	if (worlds[world].hierarchy != RATION_HIERARCHY_NONE)
		facts.hierarchy = worlds[world].hierarchy;
	facts.cpu_mask.bits[0] = 0x5; /* CPUs 0 and 2 */
	facts.cpuset_cpus = (struct host_set) { .known = true, .mask.bits = { 0xd }, .list = "0,2-3",
		.source = "cpuset.cpus.effective of /sys/fs/cgroup" };
	facts.cpuset_mems = (struct host_set) { .known = true, .mask.bits = { 0x3 }, .list = "0-1",
		.source = "cpuset.mems.effective of /sys/fs/cgroup" };
	facts.n_huge = 2;
	facts.huge_bytes[0] = 2 * MIB;
	facts.huge_bytes[1] = 1024 * MIB;
	(void)snprintf(facts.base_reason, sizeof(facts.base_reason), "%s", worlds[world].reason);
	(void)snprintf(facts.base_fix, sizeof(facts.base_fix), "%s", worlds[world].fix);
	return facts;
}

/* Asks, and finds the disks as by these paths: /data is on 8:0, all else on 8:16. */
static inline void ask(struct ration_limits *limits, enum ration_limit limit, const char *text)
{
	struct ration_error error = { .message = "" };

	assert_row(ration_limits_parse(limits, limit, text, &error) == 0, "%s: %s", text, error.message);
	for (size_t i = 0; i < limits->n_pairs; i++) {
		limits->pair[i].major = 8;
		limits->pair[i].minor = strncmp(limits->pair[i].text, "/data", 5) == 0 ? 0 : 16;
	}
}

/* A plan of one limit, and of what that one needs beside it. */
static inline struct ration_plan *plan_of(const struct host_facts *facts, enum ration_limit limit, const char *text,
		enum ration_policy policy)
{
	struct ration_limits limits = { .value = { { .set = false } } };
	struct ration_error error = { .message = "" };
	struct ration_plan *plan = NULL;

	ask(&limits, limit, text);
	if (limit == RATION_LIMIT_CPU_BURST)
		ask(&limits, RATION_LIMIT_CPUS, "1");
	assert_row(plan_make(facts, &limits, policy, RATION_PURPOSE_RUN, &plan, &error) == 0, "%s: %s", text, error.message);
	return plan;
}

static inline const struct ration_plan_item *item_of(const struct ration_plan *plan, enum ration_limit limit)
{
	for (size_t i = 0; i < ration_plan_count(plan); i++) {
		if (ration_plan_item(plan, i)->limit == limit)
			return ration_plan_item(plan, i);
	}
	return NULL;
}

#endif
