/* SPDX-License-Identifier: MIT */
/*
 * nice.c - a CPU weight as a nice value of the child
 *
 * The scheduler's weights are a factor of 1.25 a step, and nice 0 is what
 * cpu.weight calls 100. It weighs each thread, not the group: two busy threads
 * get twice as much. An idle group is the lowest of them.
 */
#include "plan/mech/mech.h"

/* The nice value whose weight is nearest to `weight`, 100 being nice 0. */
static int nice_of(uint64_t weight)
{
	/* In thousandths, to stay in integers. */
	uint64_t scaled = weight * 1000, at = 100 * 1000;
	int nice = 0;

	/* A step is taken once the weight is more than half of it away: 1.25^0.5 = 1.118. */
	while (nice > -20 && scaled > at + at * 118 / 1000) {
		at = at * 5 / 4;
		nice--;
	}
	while (nice < 19 && scaled * 1118 / 1000 < at) {
		at = at * 4 / 5;
		nice++;
	}
	return nice;
}

static void ask(const struct host_facts *facts, enum ration_limit limit, uint64_t soft, uint64_t hard,
		struct mech_answer *answer)
{
	(void)soft;
	if (limit == RATION_LIMIT_CPU_IDLE)
		return mech_yes(answer, RATION_SCOPE_PROCESS, "nice value 19, which still gets a small share "
				"of a busy CPU");
	if (limit != RATION_LIMIT_CPU_WEIGHT)
		return mech_no(answer, "", "priorities can't enforce it");
	if (!facts->root && nice_of(hard) < 0)
		return mech_no(answer, "", "a weight above 100 needs root as a nice value");
	mech_yes(answer, RATION_SCOPE_PROCESS, "nice value for each thread");
}

static int apply_child(const struct ration_plan_item *item, const struct host_facts *facts, struct spawn *spawn)
{
	(void)facts;
	if (item->limit == RATION_LIMIT_CPU_IDLE)
		spawn->nice = item->in_force ? 19 : 0;
	else
		spawn->nice = nice_of(item->in_force);
	return 0;
}

const struct mech_ops mech_nice = {
	.mechanism = RATION_MECHANISM_NICE,
	.ask = ask,
	.apply_child = apply_child,
};
