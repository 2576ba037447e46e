/* SPDX-License-Identifier: MIT */
/*
 * caller.c - time runs that a program with a large heap starts by the library
 *
 * Usage: caller HELPERS MIB ROUNDS
 *
 * HELPERS is the directory of ration-keeper. Fills MIB mebibytes of its own memory, then runs `true` ROUNDS times, from
 * ration_run_start() to the receipt, writing to all of its pages between the runs: a
 * forked helper would make the kernel copy them. Prints median, 99th percentile and least
 * wall time of a run in microseconds, and the median time of writing the pages.
 */
#include <ration.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGE_SIZE 4096

static double now_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int run_true(const struct ration_host *host, const struct ration_plan *plan, struct ration_error *error)
{
	char name[] = "true", *argv[] = { name, NULL };
	struct ration_run_options how = { .size = sizeof(how), .argv = argv, .tenant = "ration-bench-caller" };
	struct ration_run *run = NULL;
	int r = ration_run_start(host, plan, &how, &run, error);

	if (r == 0)
		r = ration_run_wait(run, error);
	if (r == 0 && ration_receipt_exit_code(ration_run_receipt(run)) != 0)
		r = -1;
	ration_run_free(run);
	return r;
}

static double touch(volatile char *heap, size_t bytes, char value)
{
	double begin = now_usec();

	for (size_t i = 0; i < bytes; i += PAGE_SIZE)
		heap[i] = value;
	return now_usec() - begin;
}

int main(int argc, char **argv)
{
	size_t bytes = argc > 3 ? strtoul(argv[2], NULL, 10) << 20 : 0;
	size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	double *took = calloc(n + 1, sizeof(*took)), *touched = calloc(n + 1, sizeof(*touched));
	struct ration_host_options options = { .size = sizeof(options), .helpers = argv[1] };
	struct ration_error error = { .message = "a run failed" };
	struct ration_limits *limits = NULL;
	struct ration_host *host = NULL;
	struct ration_plan *plan = NULL;
	char *heap = malloc(bytes + 1);
	int r = -1;

	if (!n || !took || !touched || !heap) {
		(void)fprintf(stderr, "usage: caller HELPERS MIB ROUNDS\n");
		return 2;
	}
	memset(heap, 1, bytes);
	if (ration_host_open(&options, &host, &error) == 0 && ration_limits_new(&limits) == 0 &&
			ration_plan_new(host, limits, NULL, &plan, &error) == 0)
		r = run_true(host, plan, &error); /* it starts the keeper */
	for (size_t i = 0; i < n && r == 0; i++) {
		double begin = now_usec();

		r = run_true(host, plan, &error);
		took[i] = now_usec() - begin;
		touched[i] = touch(heap, bytes, (char)i);
	}
	ration_plan_free(plan);
	ration_limits_free(limits);
	ration_host_free(host);
	if (r != 0) {
		(void)fprintf(stderr, "caller: %s\n", error.message);
		return 1;
	}
	qsort(took, n, sizeof(*took), compare);
	qsort(touched, n, sizeof(*touched), compare);
	printf("%.1f %.1f %.1f %.1f\n", took[n / 2], took[n * 99 / 100], took[0], touched[n / 2]);
	return 0;
}
