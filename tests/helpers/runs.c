/* SPDX-License-Identifier: MIT */
/*
 * runs.c - many runs in one process: runs N SECONDS LEAST [MEMORY [HEAP]]
 *
 * Runs itself, as a command that exits at once, N times or for so long, but at
 * LEAST so often. Prints how often, and this process's open fds and resident KiB
 * after the first hundred (of fewer, after the first) and after the last:
 * "runs 10000\nfds 5 5\nrss 3000 3000". Exits with 1 at a run that isn't ok. With HEAP it
 * writes to so many MiB first, and prints what each receipt says of maxrss_bytes: "maxrss 0"
 * where that is nothing.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ration.h"

static int tell_maxrss;

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static long rss_kib(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (!file || fscanf(file, "%*d %ld", &pages) != 1)
		return -1;
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE) / 1024;
}

static int run_once(const struct ration_host *host, const struct ration_plan *plan, struct ration_error *error)
{
	char program[] = "/proc/self/exe", zero[] = "0";
	char *argv[] = { program, zero, NULL };
	struct ration_run_options how = { .size = sizeof(how), .argv = argv };
	struct ration_run *run = NULL;
	int r = ration_run_start(host, plan, &how, &run, error);

	if (r < 0)
		return r;
	r = ration_run_wait(run, error);
	if (r == 0 && ration_receipt_verdict(ration_run_receipt(run)) != RATION_VERDICT_OK) {
		snprintf(error->message, sizeof(error->message), "verdict %s",
				ration_verdict_name(ration_receipt_verdict(ration_run_receipt(run))));
		r = -1;
	}
	if (r == 0 && tell_maxrss) {
		uint64_t bytes;

		(void)ration_receipt_metric(ration_run_receipt(run), RATION_METRIC_MAXRSS_BYTES, &bytes);
		printf("maxrss %llu\n", (unsigned long long)bytes);
	}
	ration_run_free(run);
	return r;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1, fds[2] = { 0 }, r;
	struct ration_host_options where = { .size = sizeof(where), .nspace = getenv("RATION_NAMESPACE"),
		.helpers = getenv("RATION_TEST_PROGRAMS") };
	struct ration_error error = { .message = "out of memory" };
	struct ration_limits *limits = NULL;
	struct ration_host *host = NULL;
	struct ration_plan *plan = NULL;
	long rss[2] = { 0 };
	time_t end = time(NULL) + (argc > 2 ? atoi(argv[2]) : 60);
	int done = 0, least = argc > 3 ? atoi(argv[3]) : 0;

	if (n == 0)
		return 0;
	tell_maxrss = argc > 5;
	if (tell_maxrss)
		memset(malloc((size_t)atoi(argv[5]) << 20), 1, (size_t)atoi(argv[5]) << 20);
	r = ration_host_open(&where, &host, &error);
	if (r >= 0)
		r = ration_limits_new(&limits);
	if (r >= 0 && argc > 4)
		r = ration_limits_parse(limits, RATION_LIMIT_MEMORY, argv[4], &error);
	if (r >= 0)
		r = ration_plan_new(host, limits, NULL, &plan, &error);
	for (; done < n && r >= 0 && (done < least || time(NULL) < end); done++) {
		r = run_once(host, plan, &error);
		if (done == (n < 100 ? 0 : 99)) {
			fds[0] = count_fds();
			rss[0] = rss_kib();
		}
	}
	fds[1] = count_fds();
	rss[1] = rss_kib();
	ration_plan_free(plan);
	ration_limits_free(limits);
	ration_host_free(host);
	if (r < 0) {
		fprintf(stderr, "runs: %s\n", error.message);
		return 1;
	}
	printf("runs %d\nfds %d %d\nrss %ld %ld\n", done, fds[0], fds[1], rss[0], rss[1]);
	return 0;
}
