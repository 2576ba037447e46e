/* SPDX-License-Identifier: MIT */
/*
 * idle.c - what runs cost that wait: memory of their supervisor and keeper, and how often these wake up
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define WATCH_SECONDS 5

/* The sum of the numbers of all lines that begin with `field` in a file of /proc/PID, or -1. */
static double sum_of(pid_t pid, const char *name, const char *field)
{
	char path[64], line[512];
	double sum = -1;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		const char *at = strncmp(line, field, strlen(field)) == 0 ? line : NULL;

		if (at)
			sum = (sum < 0 ? 0 : sum) + strtod(at + strcspn(at, "\t "), NULL);
	}
	if (file)
		(void)fclose(file);
	return sum;
}

static double private_kib(pid_t pid)
{
	return sum_of(pid, "smaps_rollup", "Private_");
}

static double wake_ups(pid_t pid)
{
	return sum_of(pid, "status", "voluntary_ctxt_switches");
}

/* The keeper is the child that isn't one of the runs' commands. */
static pid_t find_keeper(struct ration_run *const *runs, size_t n)
{
	char path[64];
	FILE *file;
	int pid, found = 0;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "re");
	while (file && !found && fscanf(file, "%d", &pid) == 1) {
		found = pid;
		for (size_t i = 0; i < n && found; i++)
			found = ration_run_pid(runs[i]) == pid ? 0 : found;
	}
	if (file)
		(void)fclose(file);
	return found;
}

static void tell(const struct bench *bench, const char *who, pid_t pid, double kib, double before)
{
	char name[96];

	(void)snprintf(name, sizeof(name), "%s, private KiB", who);
	bench_sample(bench, bench->warmup, name, kib);
	(void)snprintf(name, sizeof(name), "%s, wake-ups in 5 s", who);
	bench_sample(bench, bench->warmup, name, wake_ups(pid) - before);
}

/* `size` runs of one program. */
void bench_idle(struct bench *bench)
{
	const struct timespec settle = { .tv_nsec = 500000000 }, watched = { .tv_sec = WATCH_SECONDS };
	char sleep_path[] = "/usr/bin/sleep", forever[] = "1000", *argv[] = { sleep_path, forever, NULL };
	struct ration_run **runs = calloc(bench->size, sizeof(struct ration_run *));
	struct ration_plan *plan = bench_plan(bench, NULL, RATION_PURPOSE_RUN);
	struct rlimit fds;
	double own, keepers, alone;
	pid_t keeper;

	if (!runs || !bench_has_base(bench))
		return;
	(void)getrlimit(RLIMIT_NOFILE, &fds);
	fds.rlim_cur = fds.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &fds);
	alone = private_kib(getpid());
	for (size_t i = 0; i < bench->size; i++)
		runs[i] = bench_start(bench, plan, "idle", argv);
	keeper = find_keeper(runs, bench->size);
	(void)nanosleep(&settle, NULL);
	own = wake_ups(getpid());
	keepers = wake_ups(keeper);
	(void)nanosleep(&watched, NULL);
	/* Our own sleep has woken us once. */
	tell(bench, "a program", getpid(), private_kib(getpid()) - alone, own + 1);
	tell(bench, "its keeper", keeper, private_kib(keeper), keepers);
	for (size_t i = 0; i < bench->size; i++)
		ration_run_free(runs[i]);
	ration_plan_free(plan);
	free(runs);
}
