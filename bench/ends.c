/* SPDX-License-Identifier: MIT */
/*
 * ends.c - from the wish to end a run until nothing is left of it
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bare.h"
#include "bench.h"

#define MIB (UINT64_C(1) << 20)
#define READY SIGUSR1

static bool wait_ready(void)
{
	const struct timespec deadline = { .tv_sec = 30 };
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, READY);
	return sigtimedwait(&set, NULL, &deadline) == READY;
}

/* Before anything can send it. */
static void expect_ready(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, READY);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

void bench_many(struct bench *bench)
{
	for (size_t i = 1; i < bench->size; i++) {
		pid_t pid = fork();

		if (pid < 0)
			exit(1);
		if (pid == 0) {
			for (;;)
				(void)pause();
		}
	}
	(void)kill(getppid(), READY);
	for (;;)
		(void)pause();
}

/* From the call that kills `size` processes until it has removed their group. */
void bench_kill(struct bench *bench)
{
	char part[] = "many", none[] = "-", rounds[] = "1", size[32], name[64];
	char *argv[] = { bench->program, part, none, rounds, size, NULL };
	struct bare bare;
	struct ration_plan *plan;

	if (!bench_has_base(bench))
		return;
	(void)snprintf(size, sizeof(size), "%zu", bench->size);
	expect_ready();
	plan = bench_plan(bench, NULL, RATION_PURPOSE_RUN);
	bare_must(bare_open(&bare, bench->info.base, "kill", false), "open");
	for (size_t i = 0; i < bench->warmup + bench->rounds; i++) {
		struct ration_run *run = bench_start(bench, plan, "kill", argv);
		bool ready = wait_ready();
		double begin = bench_usec();
		struct bare_run *floor;

		ration_run_free(run);
		(void)snprintf(name, sizeof(name), "library, kill %zu", bench->size);
		if (ready)
			bench_sample(bench, i, name, bench_usec() - begin);
		floor = bare_start(&bare, argv);
		ready = wait_ready() && ready;
		begin = bench_usec();
		(void)bare_finish(&bare, floor, true);
		if (!ready) {
			bench_skip(name, "they hadn't all started within 30 s");
			break;
		}
		(void)snprintf(name, sizeof(name), "floor, kill %zu", bench->size);
		bench_sample(bench, i, name, bench_usec() - begin);
	}
	bare_close(&bare);
	ration_plan_free(plan);
}

/* Says by shared memory, the file HELPERS, when it last got a page. */
void bench_eat(struct bench *bench)
{
	FILE *file = fopen(bench->helpers, "r+e");
	volatile double *last = file ? mmap(NULL, sizeof(*last), PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0) : MAP_FAILED;

	if (last == MAP_FAILED)
		exit(1);
	for (;;) {
		volatile char *page = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED)
			exit(1);
		for (size_t i = 0; i < MIB; i += 4096) {
			page[i] = 1;
			*last = bench_usec();
		}
	}
}

/* From the last page that a command got, before the kernel killed it, to its receipt. */
void bench_oom(struct bench *bench)
{
	static const struct bench_limit limits[] = { { RATION_LIMIT_MEMORY, "24M" }, { 0, NULL } };
	char part[] = "eat", path[] = "/tmp/ration-bench.XXXXXX", rounds[] = "1";
	char *argv[] = { bench->program, part, path, rounds, NULL };
	int fd = mkstemp(path);
	struct ration_plan *plan = bench_plan(bench, limits, RATION_PURPOSE_RUN);
	volatile double *last;

	bench_check(bench, fd >= 0 && ftruncate(fd, 4096) == 0 ? 0 : -5);
	last = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ration_plan_item(plan, 0)->mechanism == RATION_MECHANISM_WATCH) {
		bench_skip("OOM to receipt", "no memory controller");
	} else {
		for (size_t i = 0; i < bench->warmup + bench->rounds; i++) {
			struct ration_run *run = bench_start(bench, plan, "oom", argv);

			bench_check(bench, ration_run_wait(run, &bench->error));
			bench_sample(bench, i, "OOM to receipt", bench_usec() - *last);
			ration_run_free(run);
		}
	}
	(void)munmap((void *)last, 4096);
	(void)close(fd);
	(void)unlink(path);
	ration_plan_free(plan);
}
