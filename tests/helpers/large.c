/* SPDX-License-Identifier: MIT */
/*
 * large.c - a program with a large heap and several runs: large MIB RUNS [copy]
 *
 * Writes to all of its heap, starts the runs ("sleep 1000"), and writes to all of it once
 * more: what somebody has a copy of is copied by then, page by page. Prints how many
 * pages that were, "copied N of M", and supervises. With `copy` a fork of it sleeps
 * beside it, until stdin ends. The line "ping": it answers "pong", with all done that
 * there was to do. Another line: it ends the runs, frees the host, and prints whether it
 * has children; another, and it exits.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ration.h"

#define RUNS_MAX 16

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

static void touch(char *heap, size_t size, size_t page)
{
	for (size_t at = 0; at < size; at += page)
		((volatile char *)heap)[at]++;
}

static int start(const struct ration_host *host, const struct ration_plan *plan, struct ration_run **ret,
		struct ration_error *error)
{
	char program[] = "sleep", argument[] = "1000";
	char *argv[] = { program, argument, NULL };
	struct ration_run_options how = { .size = sizeof(how), .argv = argv };

	return ration_run_start(host, plan, &how, ret, error);
}

static bool is_ping(void)
{
	char line[16] = "";

	if (!fgets(line, sizeof(line), stdin) || strcmp(line, "ping\n") != 0)
		return false;
	puts("pong");
	fflush(stdout);
	return true;
}

static int dispatch(struct ration_run **run, int n, struct ration_error *error)
{
	int r = 0;

	for (int i = 0; i < n && r == 0; i++)
		r = ration_run_dispatch(run[i], error);
	return r;
}

/* Supervises until there is another line, or the end, on stdin. */
static int supervise(struct ration_run **run, int n, struct ration_error *error)
{
	struct pollfd fds[RUNS_MAX + 1];
	int r = 0;

	for (int i = 0; i < n; i++)
		fds[i] = (struct pollfd) { .fd = ration_run_fd(run[i]), .events = POLLIN };
	fds[n] = (struct pollfd) { .fd = 0, .events = POLLIN };
	while (r == 0) {
		if (poll(fds, (nfds_t)n + 1, -1) < 0)
			continue;
		r = dispatch(run, n, error);
		if (r == 0 && fds[n].revents && !is_ping())
			return 0;
	}
	return r;
}

static int wait_for_line(void)
{
	char line[16];

	return fgets(line, sizeof(line), stdin) != NULL;
}

/* Of a copy: reads no line. */
static int wait_for_end(void)
{
	struct pollfd end = { .fd = 0 };

	while (poll(&end, 1, -1) != 1)
		;
	return 0;
}

static const char *children(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? "none" : "some";
}

static int fail(const struct ration_error *error)
{
	fprintf(stderr, "large: %s\n", error->message);
	return 1;
}

int main(int argc, char **argv)
{
	size_t size = (argc > 1 ? strtoul(argv[1], NULL, 10) : 1) << 20, page = (size_t)sysconf(_SC_PAGESIZE);
	struct ration_host_options where = { .size = sizeof(where), .nspace = getenv("RATION_NAMESPACE"),
		.helpers = getenv("RATION_TEST_PROGRAMS") };
	int n = argc > 2 ? atoi(argv[2]) : 1, r;
	struct ration_error error = { .message = "out of memory" };
	struct ration_run *run[RUNS_MAX] = { NULL };
	struct ration_limits *limits = NULL;
	struct ration_host *host = NULL;
	struct ration_plan *plan = NULL;
	char *heap = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t copy = 0;
	long before;

	if (heap == MAP_FAILED || n > RUNS_MAX)
		return 2;
	/* Page by page, so that they can be counted. */
	madvise(heap, size, MADV_NOHUGEPAGE);
	touch(heap, size, page);
	before = faults();
	r = ration_host_open(&where, &host, &error);
	if (r >= 0)
		r = ration_limits_new(&limits);
	if (r >= 0)
		r = ration_plan_new(host, limits, NULL, &plan, &error);
	for (int i = 0; i < n && r >= 0; i++)
		r = start(host, plan, &run[i], &error);
	if (r < 0)
		return fail(&error);
	touch(heap, size, page);
	printf("copied %ld of %zu\n", faults() - before, size / page);
	fflush(stdout);
	if (argc > 3)
		copy = fork();
	/* Its copies of what the program owns go with it. */
	if (argc > 3 && copy == 0)
		_exit(wait_for_end());
	if (supervise(run, n, &error) < 0)
		return fail(&error);
	for (int i = 0; i < n; i++)
		ration_run_free(run[i]);
	ration_plan_free(plan);
	ration_limits_free(limits);
	ration_host_free(host);
	(void)wait_for_line();
	printf("children %s\n", copy > 0 ? "copy" : children());
	fflush(stdout);
	(void)wait_for_line();
	return 0;
}
