/* SPDX-License-Identifier: MIT */
/*
 * cpu.c - the CPU time of a run, as a file of its cgroup tells it
 *
 * The file is read when the limit can be reached at the earliest, with all CPUs
 * busy. Where there is no such file, the time is sampled (watched.c).
 */
#include "group/cgroup1.h"
#include "group/leaf.h"
#include "run/concern.h"
#include "run/end.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/cpuset.h"
#include "sys/cpus.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <signal.h>

/* The earliest that the CPU time is read again. */
#define READ_MIN_USEC 1000

struct cpu {
	struct concern concern;
	struct loop_deadline deadline;
	int group_fd;                   /* whose CPUs count, or -EBADF */
	int dir_fd;                     /* in which `fd` is */
	int fd;                         /* cpu.stat, or cpuacct.usage of cgroup v1 */
	unsigned failures;              /* in a row */
	uint64_t soft_usec, hard_usec;  /* RATION_UNLIMITED: none */
};

/* Ends or warns the run, if its time is used up. Returns the next limit, or RATION_UNLIMITED. */
static uint64_t enforce(struct cpu *cpu, uint64_t used_usec)
{
	struct ration_run *run = cpu->concern.run;

	if (used_usec >= cpu->hard_usec) {
		end_run(run, RUN_CAUSE_CPU_TIME, SIGKILL, used_usec);
		return RATION_UNLIMITED;
	}
	if (used_usec >= cpu->soft_usec) {
		cpu->soft_usec = RATION_UNLIMITED;
		/* The command decides how to react; the hard limit still applies. */
		end_warn(run, RUN_CAUSE_CPU_TIME_SOFT, used_usec);
	}
	return cpu->soft_usec < cpu->hard_usec ? cpu->soft_usec : cpu->hard_usec;
}

/*
 * CPUs that the group can use. Not those of this process: the command may have more, and
 * can widen its own affinity.
 */
static unsigned usable(const struct cpu *cpu)
{
	struct cpuset set;
	unsigned n;

	cpuset_read(cpu->group_fd, &set);
	n = cpuset_count(&set);
	return n > 0 ? n : cpus_online();
}

static void on_deadline(void *userdata, uint64_t now_usec)
{
	struct cpu *cpu = userdata;
	struct ration_run *run = cpu->concern.run;
	uint64_t used_usec = counters_cpu_usec(cpu->fd), limit_usec, wait_usec;

	if (run->killed)
		return;
	if (used_usec == USAGE_ABSENT) {
		/* A group that is gone has no processes. */
		if (leaf_alive(cpu->dir_fd))
			end_unread(run, &cpu->deadline, &cpu->failures,
					"can't measure the CPU time any longer, and so not enforce its limit");
		return;
	}
	cpu->failures = 0;
	limit_usec = enforce(cpu, used_usec);
	if (limit_usec == RATION_UNLIMITED)
		return;
	/* All CPUs busy from now on: that is the earliest moment. */
	wait_usec = (limit_usec - used_usec) / usable(cpu);
	loop_set(&run->loop, &cpu->deadline,
			loop_after(now_usec, wait_usec > READ_MIN_USEC ? wait_usec : READ_MIN_USEC));
}

static void begin(struct concern *concern)
{
	struct cpu *cpu = (struct cpu *)concern;

	on_deadline(cpu, concern->run->leader.start_usec);
}

static void cpu_free(struct concern *concern)
{
	struct cpu *cpu = (struct cpu *)concern;

	cpu->fd = close_fd(cpu->fd);
}

static const struct concern_ops ops = { .begin = begin, .free = cpu_free };

int cpu_prepare(struct ration_run *run, struct ration_error *reterr)
{
	const struct ration_plan_item *item = plan_enforced(run->plan, RATION_LIMIT_CPU_TIME);
	bool v1 = run->group.fd < 0;
	int dir_fd = v1 ? v1_fd(&run->group, RATION_CONTROLLER_CPUACCT) : run->group.fd;
	struct cpu *cpu;

	if (!item || dir_fd < 0)
		return 0;
	cpu = concern_new(run, &ops, sizeof(*cpu));
	if (!cpu)
		return error_oom(reterr);
	cpu->deadline = LOOP_DEADLINE(on_deadline, cpu);
	cpu->hard_usec = item->in_force;
	cpu->soft_usec = item->asked_soft;
	cpu->group_fd = run->group.fd;
	cpu->dir_fd = dir_fd;
	cpu->fd = cg_open_file(dir_fd, v1 ? "cpuacct.usage" : "cpu.stat");
	if (cpu->fd < 0)
		return error_set(reterr, cpu->fd, RATION_CAUSE_UNKNOWN, "can't measure the processes: %s",
				error_text(cpu->fd));
	run->end.cpu_by_v1 = v1;
	run->end.cpu_by_watch = false;
	return 0;
}
