/* SPDX-License-Identifier: MIT */
/*
 * affinity.c - sched_setaffinity(2) in the child
 *
 * It pins each process that doesn't ask for something else: any of them may
 * widen its own mask again. As a stand-in for a CPU rate it is coarse, too:
 * half a CPU becomes one.
 */
#include "plan/mech/mech.h"

#include <errno.h>
#include <string.h>

#include "sys/cpus.h"

#define CPU_UNITS 100000

static void ask(const struct host_facts *facts, enum ration_limit limit, uint64_t soft, uint64_t hard,
		struct mech_answer *answer)
{
	uint64_t whole;

	(void)soft;
	if (host_is_macos(facts))
		return mech_no(answer, "", "macOS can't pin processes to CPUs");
	if (limit == RATION_LIMIT_CPUSET_CPUS)
		return mech_yes(answer, RATION_SCOPE_PROCESS, "set for each process, which can change it");
	if (limit != RATION_LIMIT_CPUS)
		return mech_no(answer, "", "CPU affinity can't enforce it");
	if (hard != RATION_UNLIMITED) {
		whole = (hard + CPU_UNITS - 1) / CPU_UNITS;
		answer->in_force = (whole < facts->cpus ? whole : facts->cpus) * CPU_UNITS;
	}
	mech_yes(answer, RATION_SCOPE_PROCESS, "pinned to whole CPUs, which a process can change");
}

/* Leaves the first `n` CPUs of `mask`. */
static void first_cpus(struct cpus *mask, uint64_t n)
{
	for (size_t cpu = 0; cpu < CPUS_MAX; cpu++) {
		unsigned char bit = (unsigned char)(1u << (cpu % 8));

		if (!(mask->bits[cpu / 8] & bit))
			continue;
		if (n == 0)
			mask->bits[cpu / 8] &= (unsigned char)~bit;
		else
			n--;
	}
}

static int apply_child(const struct ration_plan_item *item, const struct host_facts *facts, struct spawn *spawn)
{
	if (item->in_force == RATION_UNLIMITED && item->limit == RATION_LIMIT_CPUS)
		return 0;
	/* A list comes after a rate, and is the more precise of the two: it replaces the mask. */
	if (item->limit == RATION_LIMIT_CPUSET_CPUS) {
		int r = cpus_parse(item->text, &spawn->cpu_mask);

		if (r < 0)
			return r;
	} else {
		spawn->cpu_mask = facts->cpu_mask;
		first_cpus(&spawn->cpu_mask, item->in_force / CPU_UNITS);
	}
	spawn->pinned = true;
	return 0;
}

const struct mech_ops mech_affinity = {
	.mechanism = RATION_MECHANISM_AFFINITY,
	.ask = ask,
	.apply_child = apply_child,
};
