/* SPDX-License-Identifier: MIT */
/*
 * watched.c - limits that the supervisor enforces: it samples the processes, and acts
 */
#include "run/concern.h"

#include <signal.h>
#include <stdio.h>

#include "run/end.h"
#include "util/cleanup.h"
#include "util/error.h"

/* A sample for metrics alone that failed is repeated this soon. */
#define AGAIN_USEC 10000

struct sampling {
	struct concern concern;
	struct loop_deadline deadline;
	struct sample_limits limits;
	uint64_t cpu_hard_usec;
	struct sample last;
	unsigned failures; /* in a row */
};

static void enforce_cpu(struct sampling *sampling)
{
	struct ration_run *run = sampling->concern.run;
	uint64_t used_usec = sampling->last.cpu_usec;

	if (used_usec >= sampling->cpu_hard_usec) {
		end_run(run, RUN_CAUSE_CPU_TIME, SIGKILL, used_usec);
		return;
	}
	/* Only a warning: the command decides how to react, and the hard limit comes later. */
	sampling->limits.cpu_usec = sampling->cpu_hard_usec;
	end_warn(run, RUN_CAUSE_CPU_TIME_SOFT, used_usec);
}

static void enforce(struct sampling *sampling)
{
	struct ration_run *run = sampling->concern.run;

	switch (sampling->last.over) {
	case SAMPLE_OVER_NONE:
		break;
	case SAMPLE_OVER_MEMORY:
		end_run(run, RUN_CAUSE_WATCH_MEMORY, SIGKILL, sampling->last.memory_bytes);
		break;
	case SAMPLE_OVER_TASKS:
		end_run(run, RUN_CAUSE_WATCH_PIDS, SIGKILL, sampling->last.tasks);
		break;
	case SAMPLE_OVER_CPU:
		enforce_cpu(sampling);
		break;
	}
}

static bool has_limits(const struct sample_limits *limits)
{
	return limits->memory_bytes != RATION_UNLIMITED || limits->tasks != RATION_UNLIMITED ||
		limits->cpu_usec != RATION_UNLIMITED;
}

/* Who has no limits, only metrics, doesn't end because of them. */
static void failed(struct sampling *sampling, int code, uint64_t now_usec)
{
	struct ration_run *run = sampling->concern.run;
	char failure[160];

	if (!has_limits(&sampling->limits)) {
		loop_set(&run->loop, &sampling->deadline, loop_after(now_usec, AGAIN_USEC));
		return;
	}
	(void)snprintf(failure, sizeof(failure), "can't measure the processes any longer, and so not enforce their limits: %s",
			error_text(code));
	end_unread(run, &sampling->deadline, &sampling->failures, failure);
}

static void on_deadline(void *userdata, uint64_t now_usec)
{
	struct sampling *sampling = userdata;
	struct ration_run *run = sampling->concern.run;
	int r;

	if (run->killed)
		return;
	r = run->containment->ops->sample(run->containment, &sampling->limits, &sampling->last);
	if (r == -ENODEV || r == -ESRCH)
		return;
	if (r < 0) {
		failed(sampling, r, now_usec);
		return;
	}
	sampling->failures = 0;
	enforce(sampling);
	if (!run->killed)
		loop_set(&run->loop, &sampling->deadline, loop_after(now_usec, sampling->last.next_usec));
}

static void begin(struct concern *concern)
{
	struct sampling *sampling = (struct sampling *)concern;

	loop_set(&concern->run->loop, &sampling->deadline, concern->run->leader.start_usec);
}

/* A run that was over before a sample saw anything has no peak, rather than a peak of 0. */
static void set_peak(struct ration_receipt *receipt, enum ration_metric metric, uint64_t peak)
{
	if (peak > 0)
		receipt_set(receipt, metric, peak, RATION_SOURCE_SAMPLED);
}

static void record(struct concern *concern, struct counters *counters)
{
	const struct sample *last = &((struct sampling *)concern)->last;
	struct ration_receipt *receipt = &concern->run->receipt;
	uint64_t reaped_usec = 0;

	(void)counters;
	set_peak(receipt, RATION_METRIC_MEMORY_PEAK_BYTES, last->memory_peak_bytes);
	set_peak(receipt, RATION_METRIC_PIDS_PEAK, last->tasks_peak);
	/* Includes processes that nobody has waited for. */
	(void)usage_get(&receipt->usage, RATION_METRIC_CPU_USEC, &reaped_usec);
	if (last->cpu_usec == RATION_UNKNOWN || last->cpu_usec <= reaped_usec)
		return;
	receipt_set(receipt, RATION_METRIC_CPU_USEC, last->cpu_usec, RATION_SOURCE_SAMPLED);
	usage_unset(&receipt->usage, RATION_METRIC_CPU_USER_USEC);
	usage_unset(&receipt->usage, RATION_METRIC_CPU_SYSTEM_USEC);
}

static void sampling_free(struct concern *concern)
{
	(void)concern;
}

static const struct concern_ops ops = { .begin = begin, .record = record, .free = sampling_free };

static uint64_t limit_of(const struct ration_run *run, enum ration_limit limit)
{
	const struct ration_plan_item *item = plan_enforced(run->plan, limit);

	return item && item->mechanism == RATION_MECHANISM_WATCH ? item->in_force : RATION_UNLIMITED;
}

/* Returns the CPU time that ends the run, if no file counts it. */
static uint64_t take_limits(const struct ration_run *run, struct sample_limits *limits)
{
	const struct ration_plan_item *cpu = plan_enforced(run->plan, RATION_LIMIT_CPU_TIME);

	limits->memory_bytes = limit_of(run, RATION_LIMIT_MEMORY);
	limits->tasks = limit_of(run, RATION_LIMIT_PIDS);
	limits->cpu_usec = RATION_UNLIMITED;
	if (!cpu || !run->end.cpu_by_watch)
		return RATION_UNLIMITED;
	limits->cpu_usec = limit_of(run, RATION_LIMIT_CPU_TIME);
	if (cpu->asked_soft < limits->cpu_usec)
		limits->cpu_usec = cpu->asked_soft;
	return cpu->in_force;
}

int watched_prepare(struct ration_run *run, struct ration_error *reterr)
{
	struct containment *containment = run->containment;
	struct sample_limits limits;
	uint64_t cpu_hard_usec = take_limits(run, &limits);
	struct sampling *sampling;
	int r;

	if (!containment->ops->always_sampled && !has_limits(&limits))
		return 0;
	sampling = concern_new(run, &ops, sizeof(*sampling));
	if (!sampling)
		return error_oom(reterr);
	sampling->deadline = LOOP_DEADLINE(on_deadline, sampling);
	sampling->limits = limits;
	sampling->cpu_hard_usec = cpu_hard_usec;
	r = containment->ops->sample_begin(containment, &limits);
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't measure the processes: %s", error_text(r))
		     : 0;
}
