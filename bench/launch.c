/* SPDX-License-Identifier: MIT */
/*
 * launch.c - what it takes to run `true`: from the library, and by bare system calls
 *
 * A launch is from the call of ration_run_start() until the run is freed: its receipt is made, its group
 * removed. In every other round the floor comes first, so that neither has always the warmer caches.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bare.h"
#include "bench.h"

#define PAGE_BYTES 4096
#define IDLE_NSEC 50000000
/* So many rounds have one after a pause: each takes 100 ms. */
#define IDLE_EVERY 10

static const struct bench_limit limits[] = {
	{ RATION_LIMIT_MEMORY, "64M" },
	{ RATION_LIMIT_PIDS, "64" },
	{ RATION_LIMIT_CPUS, "2" },
	{ RATION_LIMIT_TIMEOUT, "10s" },
	{ 0, NULL },
};

/* What is compared: two ways to do the same. */
struct pair {
	struct ration_plan *plan, *held;
	struct ration_run *holder; /* of the plan `held`: keeps the tenant there, as on a host with more than one run */
	struct bare bare;
	const char *tenant;
	bool has_floor;
};

static char true_path[] = "/usr/bin/true", sleep_path[] = "/usr/bin/sleep", forever[] = "1000";
static char *true_argv[] = { true_path, NULL }, *sleep_argv[] = { sleep_path, forever, NULL };

static void open_pair(struct bench *bench, struct pair *pair, const char *tenant, bool limited)
{
	static const struct bench_limit held[] = { { RATION_LIMIT_MEMORY, "64M" }, { RATION_LIMIT_PIDS, "64" },
		{ RATION_LIMIT_CPUS, "2" }, { 0, NULL } };

	*pair = (struct pair) { .tenant = tenant };
	pair->plan = bench_plan(bench, limited ? limits : NULL, RATION_PURPOSE_RUN);
	pair->held = bench_plan(bench, limited ? held : NULL, RATION_PURPOSE_RUN);
	pair->holder = bench_start(bench, pair->held, tenant, sleep_argv);
	pair->has_floor = bare_open(&pair->bare, bench->info.base, tenant, limited);
	if (!pair->has_floor)
		bench_skip("floor, limits", "no controllers, neither of cgroup2 nor of cgroup v1");
}

static void close_pair(struct pair *pair)
{
	bare_close(&pair->bare);
	ration_run_free(pair->holder);
	ration_plan_free(pair->held);
	ration_plan_free(pair->plan);
}

static double by_library(struct bench *bench, const struct pair *pair)
{
	double begin = bench_usec();

	if (bench_finish(bench, bench_start(bench, pair->plan, pair->tenant, true_argv)) != 0)
		bench_check(bench, -1);
	return bench_usec() - begin;
}

static double by_hand(struct bench *bench, struct pair *pair)
{
	double begin = bench_usec();

	if (bare_run(&pair->bare, true_argv) != 0)
		bench_check(bench, -1);
	return bench_usec() - begin;
}

static void both(struct bench *bench, size_t round, struct pair *pair, const char *library, const char *floor, bool idle)
{
	const struct timespec pause = { .tv_nsec = IDLE_NSEC };

	for (size_t turn = 0; turn < 2; turn++) {
		bool hand = (turn + round) % 2 == 0;

		if (hand && !pair->has_floor)
			continue;
		if (idle)
			(void)nanosleep(&pause, NULL);
		bench_sample(bench, round, hand ? floor : library, hand ? by_hand(bench, pair) : by_library(bench, pair));
	}
}

void bench_launch(struct bench *bench)
{
	struct pair plain, limited;

	if (!bench_has_base(bench))
		return;
	open_pair(bench, &plain, "plain", false);
	open_pair(bench, &limited, "limited", true);
	for (size_t i = 0; i < bench->warmup + bench->rounds; i++) {
		both(bench, i, &plain, "library", "floor", false);
		both(bench, i, &limited, "library, limits", "floor, limits", false);
		if (i % IDLE_EVERY == 0)
			both(bench, i / IDLE_EVERY % 2 + bench->warmup, &plain, "library, after 50 ms", "floor, after 50 ms", true);
	}
	close_pair(&plain);
	close_pair(&limited);
}

static double touch(volatile char *heap, size_t bytes, char value)
{
	double begin = bench_usec();

	for (size_t i = 0; i < bytes; i += PAGE_BYTES)
		heap[i] = value;
	return bench_usec() - begin;
}

/* From a process of `size` MiB, which writes to all of them between: a fork would make the kernel copy them. */
void bench_large(struct bench *bench)
{
	size_t bytes = bench->size << 20;
	char *heap = malloc(bytes + 1);
	struct pair pair;

	if (!bench_has_base(bench))
		return;
	bench_check(bench, heap ? 0 : -12);
	memset(heap, 1, bytes);
	open_pair(bench, &pair, "large", false);
	for (size_t i = 0; i < bench->warmup + bench->rounds; i++) {
		both(bench, i, &pair, "library, large caller", "floor, large caller", false);
		bench_sample(bench, i, "writing the heap", touch(heap, bytes, (char)i));
	}
	close_pair(&pair);
	free(heap);
}
