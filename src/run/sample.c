/* SPDX-License-Identifier: MIT */
/*
 * sample.c - when a limit is passed, and when to sample again
 */
#include "run/sample.h"

#define NEXT_MIN_USEC 1000u
#define NEXT_MAX_USEC 100000u

/*
 * How fast a limit can be approached. Measured on a virtual machine of 2020s
 * hardware, warm: 2.1 GiB/s a CPU touched in small pages, 5.9 in huge ones;
 * 13000 processes a second and a CPU, 60000 threads, for which the fourfold of
 * an overshoot is taken into account: else a limit of 100 tasks would cost 1000
 * samples a second. Above MEMORY_CPUS the memory itself is the bound.
 */
#define MEMORY_BYTES_PER_USEC_CPU 4295u /* 4 GiB/s */
#define MEMORY_CPUS 8u
#define TASKS_PER_MSEC 20u

/* After a sample that took T, wait at least this many times T. */
#define REST_FACTOR 4u

enum sample_over sample_over(const struct sample_limits *limits, const struct sample *sample)
{
	if (limits->memory_bytes != RATION_UNLIMITED && sample->memory_bytes > limits->memory_bytes)
		return SAMPLE_OVER_MEMORY;
	if (limits->tasks != RATION_UNLIMITED && sample->tasks > limits->tasks)
		return SAMPLE_OVER_TASKS;
	if (limits->cpu_usec != RATION_UNLIMITED && sample->cpu_usec >= limits->cpu_usec)
		return SAMPLE_OVER_CPU;
	return SAMPLE_OVER_NONE;
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

uint64_t sample_never_less(const struct sample_peaks *peaks, uint64_t cpu_usec)
{
	return max_u64(peaks->cpu_usec, cpu_usec);
}

/* For how long no limit can be passed, whatever the members do. */
static uint64_t next_sample(const struct sample_limits *limits, unsigned all_cpus, const struct sample *sample,
		uint64_t cpu_usec, uint64_t lag_bytes, uint64_t took_usec)
{
	uint64_t cpus = min_u64(all_cpus, MEMORY_CPUS), usec = NEXT_MAX_USEC;
	uint64_t memory = room(limits->memory_bytes, sample->memory_bytes + lag_bytes);
	uint64_t tasks = room(limits->tasks, sample->tasks);

	usec = min_u64(usec, memory / (MEMORY_BYTES_PER_USEC_CPU * cpus));
	usec = min_u64(usec, tasks < NEXT_MAX_USEC ? tasks * 1000 / TASKS_PER_MSEC : NEXT_MAX_USEC);
	usec = min_u64(usec, room(limits->cpu_usec, cpu_usec) / all_cpus);
	usec = max_u64(usec, took_usec * REST_FACTOR);
	return max_u64(NEXT_MIN_USEC, min_u64(usec, NEXT_MAX_USEC));
}

void sample_conclude(struct sample_peaks *peaks, const struct sample_limits *limits, unsigned cpus, uint64_t lag_bytes,
		uint64_t took_usec, struct sample *sample)
{
	if (sample->cpu_usec != RATION_UNKNOWN)
		peaks->cpu_usec = sample->cpu_usec;
	sample->memory_peak_bytes = peaks->memory_peak_bytes = max_u64(peaks->memory_peak_bytes, sample->memory_bytes);
	sample->tasks_peak = peaks->tasks_peak = max_u64(peaks->tasks_peak, sample->tasks);
	sample->maxrss_bytes = peaks->maxrss_bytes = max_u64(peaks->maxrss_bytes, sample->maxrss_bytes);
	sample->next_usec = next_sample(limits, cpus, sample, peaks->cpu_usec, lag_bytes, took_usec);
}
