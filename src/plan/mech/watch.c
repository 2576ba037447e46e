/* SPDX-License-Identifier: MIT */
/*
 * watch.c - limits that the supervisor enforces: it samples the processes, and acts
 */
#include "plan/mech/mech.h"

static const char *cpu_note(const struct host_facts *facts)
{
	return host_is_macos(facts) ? "the supervisor adds it up" : "the supervisor adds it up, in steps of 10 ms";
}

static void ask_pids(const struct host_facts *facts, uint64_t hard, struct mech_answer *answer)
{
	mech_yes(answer, RATION_SCOPE_GROUP, "the supervisor counts and kills; forks don't fail, can overshoot");
	if (!facts->root && hard != RATION_UNLIMITED) {
		answer->backstop = RATION_MECHANISM_RLIMIT;
		answer->backstop_scope = RATION_SCOPE_USER;
	}
}

static void ask_cpu_time(const struct host_facts *facts, struct mech_answer *answer)
{
	mech_yes(answer, RATION_SCOPE_GROUP, cpu_note(facts));
	/* There RLIMIT_CPU does harm: see rlimit.c. */
	if (!host_is_macos(facts)) {
		answer->backstop = RATION_MECHANISM_RLIMIT;
		answer->backstop_scope = RATION_SCOPE_PROCESS;
	}
}

static void ask(const struct host_facts *facts, enum ration_limit limit, uint64_t soft, uint64_t hard,
		struct mech_answer *answer)
{
	(void)soft;
	if (limit == RATION_LIMIT_TIMEOUT || limit == RATION_LIMIT_OUTPUT)
		return mech_yes(answer, RATION_SCOPE_GROUP, ""); /* a clock and a count of ours: exact */
	if (facts->proc_foreign)
		return mech_no(answer, "mount /proc of this pid namespace: unshare --mount-proc",
				"/proc belongs to another pid namespace, so processes can't be measured");
	switch (limit) {
	case RATION_LIMIT_MEMORY:
		mech_yes(answer, RATION_SCOPE_GROUP, "the supervisor measures and kills; can overshoot");
		return;
	case RATION_LIMIT_PIDS:
		ask_pids(facts, hard, answer);
		return;
	case RATION_LIMIT_CPU_TIME:
		ask_cpu_time(facts, answer);
		return;
	case RATION_LIMIT_SWAP:
	case RATION_LIMIT_MEMORY_HIGH:
	case RATION_LIMIT_MEMORY_LOW:
	case RATION_LIMIT_MEMORY_MIN:
	case RATION_LIMIT_HUGETLB:
	case RATION_LIMIT_CPUS:
	case RATION_LIMIT_CPU_BURST:
	case RATION_LIMIT_CPU_IDLE:
	case RATION_LIMIT_CPU_WEIGHT:
	case RATION_LIMIT_CPUSET_CPUS:
	case RATION_LIMIT_CPUSET_MEMS:
	case RATION_LIMIT_IO_READ_BPS ... RATION_LIMIT_IO_WRITE_IOPS:
	case RATION_LIMIT_STALL_TIMEOUT:
	case RATION_LIMIT_TIMEOUT:
	case RATION_LIMIT_OUTPUT:
	case RATION_LIMIT_RLIMIT_AS ... RATION_LIMIT_RLIMIT_STACK:
		break;
	}
	mech_no(answer, "", "the supervisor can't watch it");
}

const struct mech_ops mech_watch = {
	.mechanism = RATION_MECHANISM_WATCH,
	.ask = ask,
};
