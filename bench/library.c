/* SPDX-License-Identifier: MIT */
/*
 * library.c - measures the library from a program of its own
 *
 * Usage: library PART HELPERS ROUNDS [SIZE]
 *
 * PART is one of those in the table below, HELPERS the directory of ration-keeper. What is compared is measured
 * by turns in this one process. See bench.h for what is printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

static const struct {
	const char *name;
	void (*function)(struct bench *bench);
} parts[] = {
	{ "launch", bench_launch },
	{ "large", bench_large },
	{ "kill", bench_kill },
	{ "oom", bench_oom },
	{ "idle", bench_idle },
	{ "growth", bench_growth },
	{ "many", bench_many },
	{ "eat", bench_eat },
};

double bench_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

void bench_check(struct bench *bench, int r)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "library: %s\n", bench->error.message[0] ? bench->error.message : strerror(-r));
	exit(1);
}

void bench_sample(const struct bench *bench, size_t round, const char *name, double value)
{
	if (round >= bench->warmup)
		printf("%s\t%.3f\n", name, value);
}

void bench_skip(const char *name, const char *reason)
{
	printf("# %s\t%s\n", name, reason);
}

bool bench_has_base(const struct bench *bench)
{
	if (!bench->info.base)
		bench_skip("library", bench->info.base_reason);
	return bench->info.base;
}

struct ration_plan *bench_plan(struct bench *bench, const struct bench_limit *limits, enum ration_purpose purpose)
{
	struct ration_plan_options options = { .size = sizeof(options), .purpose = purpose };
	struct ration_limits *set = NULL;
	struct ration_plan *plan = NULL;

	bench_check(bench, ration_limits_new(&set));
	for (; limits && limits->text; limits++)
		bench_check(bench, ration_limits_parse(set, limits->limit, limits->text, &bench->error));
	bench_check(bench, ration_plan_new(bench->host, set, &options, &plan, &bench->error));
	ration_limits_free(set);
	return plan;
}

struct ration_run *bench_start(struct bench *bench, const struct ration_plan *plan, const char *tenant, char **argv)
{
	struct ration_run_options how = { .size = sizeof(how), .argv = argv, .tenant = tenant };
	struct ration_run *run = NULL;

	bench_check(bench, ration_run_start(bench->host, plan, &how, &run, &bench->error));
	return run;
}

int bench_finish(struct bench *bench, struct ration_run *run)
{
	int code;

	bench_check(bench, ration_run_wait(run, &bench->error));
	code = ration_receipt_exit_code(ration_run_receipt(run));
	ration_run_free(run);
	return code;
}

static int usage(void)
{
	(void)fprintf(stderr, "usage: library PART HELPERS ROUNDS [SIZE]\n");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		(void)fprintf(stderr, "       PART: %s\n", parts[i].name);
	return 2;
}

int main(int argc, char **argv)
{
	struct bench bench = { .info = { .size = sizeof(bench.info) } };
	struct ration_host_options options = { .size = sizeof(options), .nspace = "ration-bench" };

	if (argc < 4)
		return usage();
	bench.program = argv[0];
	options.helpers = bench.helpers = argv[2];
	bench.rounds = strtoul(argv[3], NULL, 10);
	bench.warmup = bench.rounds / 20 + 1;
	bench.size = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(parts[i].name, argv[1]) != 0)
			continue;
		/* These are run by others, and need no host. */
		if (parts[i].function != bench_many && parts[i].function != bench_eat)
			bench_check(&bench, ration_host_open(&options, &bench.host, &bench.error));
		if (bench.host)
			ration_host_info(bench.host, &bench.info);
		parts[i].function(&bench);
		ration_host_free(bench.host);
		return fflush(stdout) != 0;
	}
	return usage();
}
