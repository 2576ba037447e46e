/* SPDX-License-Identifier: MIT */
/*
 * crowd.c - many threads of one program, all at once: crowd THREADS ROUNDS
 *
 * All share one host. Each thread, in each round, opens a host of its own, asks for
 * limits, plans, runs a command, makes a group, reads and removes it, and looks
 * whether what it gets is its own. Prints how many rounds there were, and how many
 * fds and children are left; exit status 1 if anything was another thread's.
 * RATION_TEST_PROGRAMS is the folder with the helper programs.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ration.h"

#define THREADS_MAX 64
#define TENANT "crowd"

/* What differs between threads and rounds, so that a mix-up shows. */
struct job {
	int thread, round, rounds, done;
	const struct ration_host *shared;
	struct ration_error error;
};

#define CHECK(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "crowd: thread %d, round %d: not %s: %s\n", job->thread, job->round, \
					#what, job->error.message); \
			return -1; \
		} \
	} while (0)

static int number(const struct job *job)
{
	return 1 + (job->thread * 7 + job->round) % 100;
}

static int run_one(struct job *job, const struct ration_host *host, struct ration_limits *limits)
{
	char line[64], name[32], group[64];
	char *argv[] = { (char *)"sh", (char *)"-c", line, NULL };
	struct ration_run_options how = { .size = sizeof(how), .argv = argv, .tenant = TENANT, .name = name };
	const struct ration_receipt *receipt;
	struct ration_plan *plan = NULL;
	struct ration_run *run = NULL;

	snprintf(line, sizeof(line), "exit %d", number(job));
	snprintf(name, sizeof(name), "run%d.%d", job->thread, job->round);
	snprintf(group, sizeof(group), TENANT "/%s", name);
	CHECK(ration_plan_new(host, limits, NULL, &plan, &job->error) == 0);
	CHECK(ration_plan_item(plan, 0)->asked == (uint64_t)(64 + number(job)) << 20);
	CHECK(ration_run_start(host, plan, &how, &run, &job->error) == 0);
	CHECK(strcmp(ration_run_address(run), group) == 0);
	CHECK(ration_run_wait(run, &job->error) == 0);
	receipt = ration_run_receipt(run);
	CHECK(ration_receipt_verdict(receipt) == RATION_VERDICT_EXIT &&
			ration_receipt_exit_code(receipt) == number(job));
	CHECK(strcmp(ration_receipt_address(receipt), group) == 0 && !ration_receipt_status_lost(receipt));
	ration_run_free(run);
	ration_plan_free(plan);
	return 0;
}

static int keep_one(struct job *job, const struct ration_host *host)
{
	struct ration_group_options options = { .size = sizeof(options), .without_cgroup = true };
	char *argv[] = { (char *)"sleep", (char *)"1000", NULL };
	struct ration_spawn_options how = { .size = sizeof(how), .argv = argv };
	struct ration_stats *stats = NULL;
	struct ration_group *group = NULL;
	char address[64];
	int pid, found;

	snprintf(address, sizeof(address), TENANT "/group%d.%d", job->thread, job->round);
	CHECK(ration_group_create(host, address, NULL, &options, &group, &job->error) == 0);
	CHECK(strcmp(ration_group_address(group), address) == 0);
	if (ration_group_path(group)) {
		CHECK(ration_group_spawn(group, &how, &pid, NULL, &job->error) == 0);
		CHECK(ration_stats_new(group, &stats, &job->error) == 0 && ration_stats_processes(stats) == 1);
		stats = ration_stats_free(stats);
		CHECK(ration_group_pids(group, &found, 1, &job->error) == 1 && found == pid);
		CHECK(ration_group_remove(group, RATION_REMOVE_KILL, NULL, &job->error) == 0);
		CHECK(waitpid(pid, NULL, 0) == pid);
	}
	ration_group_free(group);
	return 0;
}

static int one_round(struct job *job)
{
	struct ration_host_options where = { .size = sizeof(where), .nspace = getenv("RATION_NAMESPACE"),
		.helpers = getenv("RATION_TEST_PROGRAMS") };
	struct ration_limits *limits = NULL;
	struct ration_host *own = NULL;
	char text[32];

	CHECK(ration_host_open(&where, &own, &job->error) == 0);
	CHECK(ration_limits_new(&limits) == 0);
	snprintf(text, sizeof(text), "%dM", 64 + number(job));
	CHECK(ration_limits_parse(limits, RATION_LIMIT_MEMORY, text, &job->error) == 0);
	CHECK(ration_limits_parse(limits, RATION_LIMIT_TIMEOUT, "300s", &job->error) == 0);
	if (run_one(job, job->round % 2 ? own : job->shared, limits) < 0)
		return -1;
	if (keep_one(job, job->round % 2 ? job->shared : own) < 0)
		return -1;
	CHECK(ration_limits_parse(limits, RATION_LIMIT_MEMORY, "1GB", &job->error) < 0);
	CHECK(strstr(job->error.message, "1GB"));
	ration_limits_free(limits);
	ration_host_free(own);
	return 0;
}

static void *work(void *argument)
{
	struct job *job = argument;

	for (; job->round < job->rounds; job->round++) {
		if (one_round(job) < 0)
			break;
		job->done++;
	}
	return NULL;
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = -1; /* that of the directory */

	while (dir && readdir(dir))
		n++;
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	struct ration_host_options where = { .size = sizeof(where), .nspace = getenv("RATION_NAMESPACE"),
		.helpers = getenv("RATION_TEST_PROGRAMS") };
	int n = argc > 1 ? atoi(argv[1]) : 8, rounds = argc > 2 ? atoi(argv[2]) : 1;
	int done = 0, fds = count_fds();
	struct job jobs[THREADS_MAX] = { 0 };
	pthread_t threads[THREADS_MAX];
	struct ration_host *shared = NULL;

	alarm(3000);
	if (n > THREADS_MAX || ration_host_open(&where, &shared, NULL) < 0)
		return 2;
	for (int i = 0; i < n; i++) {
		jobs[i] = (struct job){ .thread = i, .rounds = rounds, .shared = shared };
		if (pthread_create(&threads[i], NULL, work, &jobs[i]) != 0)
			return 2;
	}
	for (int i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
		done += jobs[i].done;
	}
	ration_host_free(shared);
	printf("rounds %d fds %d children %s\n", done, count_fds() - fds,
			waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? "none" : "some");
	return done != n * rounds;
}
