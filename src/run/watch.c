/* SPDX-License-Identifier: MIT */
/*
 * watch.c - limits held by looking: when one is passed, and when to look again
 *
 * Pure arithmetic, the same on every system. Who looks, and at what, is in
 * look.c (Linux) and follow.c (elsewhere).
 */
#include "run/watch.h"

#include <unistd.h>

#include "plan/mech/mech.h"

#define NEXT_MIN_USEC 1000u
#define NEXT_MAX_USEC 100000u

/*
 * How fast a limit can be approached. Measured on a virtual machine of 2020s
 * hardware, warm: 2.1 GiB/s a CPU touched in small pages, 5.9 in huge ones;
 * 13000 processes a second and a CPU, 60000 threads, for which the fourfold of
 * an overshoot is taken into account: else a limit of 100 tasks would cost 1000
 * looks a second. Above MEMORY_CPUS the memory itself is the bound.
 */
#define MEMORY_BYTES_PER_USEC_CPU 4295u /* 4 GiB/s */
#define MEMORY_CPUS 8u
#define TASKS_PER_MSEC 20u

/* After a look that took T, at least this many T without one. */
#define REST_FACTOR 4u

unsigned watch_cpus(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus > 0 ? (unsigned)cpus : 1;
}

enum watch_over watch_over(const struct watch_limits *limits, const struct watch_look *look)
{
	if (limits->memory_bytes != RATION_UNLIMITED && look->memory_bytes > limits->memory_bytes)
		return WATCH_OVER_MEMORY;
	if (limits->tasks != RATION_UNLIMITED && look->tasks > limits->tasks)
		return WATCH_OVER_TASKS;
	if (limits->cpu_usec != RATION_UNLIMITED && look->cpu_usec >= limits->cpu_usec)
		return WATCH_OVER_CPU;
	return WATCH_OVER_NONE;
}

static uint64_t room(uint64_t limit, uint64_t used)
{
	return limit == RATION_UNLIMITED ? RATION_UNLIMITED : used < limit ? limit - used : 0;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t watch_never_less(const struct watch_sofar *sofar, uint64_t cpu_usec)
{
	return max_u64(sofar->cpu_usec, cpu_usec);
}

/* How long no limit can be passed, whatever the members do. */
static uint64_t next_look(const struct watch_limits *limits, unsigned all_cpus, const struct watch_look *look,
		uint64_t cpu_usec, uint64_t lag_bytes, uint64_t took_usec)
{
	uint64_t cpus = min_u64(all_cpus, MEMORY_CPUS), usec = NEXT_MAX_USEC;
	uint64_t memory = room(limits->memory_bytes, look->memory_bytes + lag_bytes);
	uint64_t tasks = room(limits->tasks, look->tasks);

	usec = min_u64(usec, memory / (MEMORY_BYTES_PER_USEC_CPU * cpus));
	usec = min_u64(usec, tasks < NEXT_MAX_USEC ? tasks * 1000 / TASKS_PER_MSEC : NEXT_MAX_USEC);
	usec = min_u64(usec, room(limits->cpu_usec, cpu_usec) / all_cpus);
	usec = max_u64(usec, took_usec * REST_FACTOR);
	return max_u64(NEXT_MIN_USEC, min_u64(usec, NEXT_MAX_USEC));
}

void watch_conclude(struct watch_sofar *sofar, const struct watch_limits *limits, unsigned cpus, uint64_t lag_bytes,
		uint64_t took_usec, struct watch_look *look)
{
	if (look->cpu_usec != RATION_UNLIMITED)
		sofar->cpu_usec = look->cpu_usec;
	look->memory_peak_bytes = sofar->memory_peak_bytes = max_u64(sofar->memory_peak_bytes, look->memory_bytes);
	look->tasks_peak = sofar->tasks_peak = max_u64(sofar->tasks_peak, look->tasks);
	look->maxrss_bytes = sofar->maxrss_bytes = max_u64(sofar->maxrss_bytes, look->maxrss_bytes);
	look->next_usec = next_look(limits, cpus, look, sofar->cpu_usec, lag_bytes, took_usec);
}

/* ---------------------------------------------------------- as a mechanism */

static const char *cpu_note(const struct host_facts *facts)
{
	return host_is_macos(facts) ? "added up by the supervisor" : "added up by the supervisor, in steps of 10 ms";
}

static void ask(const struct host_facts *facts, enum ration_limit limit, uint64_t soft, uint64_t hard,
		struct mech_answer *answer)
{
	(void)soft;
	if (limit == RATION_LIMIT_TIMEOUT || limit == RATION_LIMIT_OUTPUT)
		return mech_yes(answer, RATION_SCOPE_GROUP, ""); /* a clock and a count of ours: exact */
	if (facts->proc_foreign)
		return mech_no(answer, "mount /proc of this pid namespace: unshare --mount-proc",
				"/proc is of another pid namespace, so no process can be measured");
	switch (limit) {
	case RATION_LIMIT_MEMORY:
		mech_yes(answer, RATION_SCOPE_GROUP, "measured by the supervisor, which kills: may overshoot");
		return;
	case RATION_LIMIT_PIDS:
		mech_yes(answer, RATION_SCOPE_GROUP,
				"counted by the supervisor, which kills: no fork is refused, and it may overshoot");
		if (!facts->root && hard != RATION_UNLIMITED) {
			answer->backstop = RATION_MECHANISM_RLIMIT;
			answer->backstop_scope = RATION_SCOPE_USER;
		}
		return;
	case RATION_LIMIT_CPU_TIME:
		mech_yes(answer, RATION_SCOPE_GROUP, cpu_note(facts));
		/* There RLIMIT_CPU does harm: see rlimit.c. */
		if (!host_is_macos(facts)) {
			answer->backstop = RATION_MECHANISM_RLIMIT;
			answer->backstop_scope = RATION_SCOPE_PROCESS;
		}
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
	mech_no(answer, "", "not a thing that can be watched");
}

const struct mech_ops mech_watch = {
	.mechanism = RATION_MECHANISM_WATCH,
	.ask = ask,
};
