/* SPDX-License-Identifier: MIT */
/*
 * bench.h - what the parts of the program `library` share
 *
 * A part prints what it has measured, a line for each sample: NAME, a tab, the number. bench/run makes medians
 * and intervals of them. A line that begins with # says why something wasn't measured: # NAME, a tab, the reason.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <ration.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench {
	size_t rounds;        /* that count */
	size_t warmup;        /* and before them some that don't */
	size_t size;          /* of what a part is about: groups, processes, MiB */
	char *program;        /* the path of this program */
	const char *helpers;  /* the folder of ration-keeper */
	struct ration_host *host;
	struct ration_host_info info;
	struct ration_error error;
};

double bench_usec(void);

/* Ends the program with the error's message if `r` is negative. */
void bench_check(struct bench *bench, int r);

/* Prints a sample, unless `round` is one of the warm-up. */
void bench_sample(const struct bench *bench, size_t round, const char *name, double value);

void bench_skip(const char *name, const char *reason);

/* A plan of limits as the command line has them: pairs of limit and text, until a NULL text. */
struct bench_limit {
	enum ration_limit limit;
	const char *text;
};
struct ration_plan *bench_plan(struct bench *bench, const struct bench_limit *limits, enum ration_purpose purpose);

/* Starts a run. `argv` begins with a path. */
struct ration_run *bench_start(struct bench *bench, const struct ration_plan *plan, const char *tenant, char **argv);

/* Waits for a run's end and frees it. Returns its exit code. */
int bench_finish(struct bench *bench, struct ration_run *run);

/* The parts. */
void bench_launch(struct bench *bench);
void bench_large(struct bench *bench);
void bench_kill(struct bench *bench);
void bench_oom(struct bench *bench);
void bench_idle(struct bench *bench);
void bench_growth(struct bench *bench);

/* What is run in groups, by this program itself: `size` processes; one that takes memory until it is killed. */
void bench_many(struct bench *bench);
void bench_eat(struct bench *bench);

/* Says that there is no BASE, if there is none. */
bool bench_has_base(const struct bench *bench);

#endif
