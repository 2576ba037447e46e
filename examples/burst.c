/* SPDX-License-Identifier: MIT */
/*
 * burst.c - a host with bursts of requests: burst [-n GROUPS] [-m MEMORY] [-t TIMEOUT] [FILE]
 *
 * Each line of FILE or stdin is a request, a line for sh(1), which runs in a group of its own, one
 * after another. While nobody waits, groups are made ahead, with their limits; a start takes
 * one that is ready, so that no request waits until its group is there. One that finds none
 * has its own made. For each request a line: its verdict, and how many groups were ready.
 */
#include <errno.h>
#include <poll.h>
#include <ration.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ration_error error;

static int take_options(int argc, char **argv, struct ration_limits *limits, size_t *ret_groups)
{
	int option, r = ration_limits_parse(limits, RATION_LIMIT_TIMEOUT, "10s", &error);

	while (r >= 0 && (option = getopt(argc, argv, "n:m:t:")) != -1) {
		if (option == 'n')
			*ret_groups = strtoul(optarg, NULL, 10);
		else if (option == 'm')
			r = ration_limits_parse(limits, RATION_LIMIT_MEMORY, optarg, &error);
		else if (option == 't')
			r = ration_limits_parse(limits, RATION_LIMIT_TIMEOUT, optarg, &error);
		else
			r = -snprintf(error.message, sizeof(error.message),
					"usage: burst [-n GROUPS] [-m MEMORY] [-t TIMEOUT] [FILE]");
	}
	if (r >= 0 && argv[optind] && !freopen(argv[optind], "re", stdin))
		r = -snprintf(error.message, sizeof(error.message), "can't read %s: %s", argv[optind], strerror(errno));
	return r;
}

static bool nobody_waits(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&in, 1, 0) == 0;
}

/* One at a time, so that a request that comes meanwhile doesn't wait for all. */
static int fill(struct ration_pool *pool)
{
	int r = 1;

	while (r > 0 && nobody_waits())
		r = ration_pool_fill(pool, 1, &error);
	return r;
}

static int answer(const struct ration_host *host, const struct ration_plan *plan, struct ration_pool *pool,
		const char *request)
{
	const char *argv[] = { "sh", "-c", request, NULL };
	struct ration_run_options how = { .size = sizeof(how), .tenant = "burst", .pool = pool };
	size_t ready = ration_pool_ready(pool);
	struct ration_run *run = NULL;
	int r;

	how.argv = (char *const *)argv;
	r = ration_run_start(host, plan, &how, &run, &error);
	if (r >= 0)
		r = ration_run_wait(run, &error);
	if (r >= 0)
		printf("%s, %zu ready\n", ration_verdict_name(ration_receipt_verdict(ration_run_receipt(run))), ready);
	(void)ration_run_free(run);
	return r < 0 ? r : fflush(stdout);
}

static int serve(const struct ration_host *host, const struct ration_plan *plan, struct ration_pool *pool)
{
	char request[4096];
	int r = ration_pool_fill(pool, 0, &error);

	/* Unbuffered: poll() doesn't see what stdio has taken already. */
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	while (r >= 0 && fgets(request, sizeof(request), stdin)) {
		r = answer(host, plan, pool, request);
		if (r >= 0)
			r = fill(pool);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct ration_host_options where = { .size = sizeof(where), .nspace = getenv("RATION_NAMESPACE") };
	struct ration_pool_options options = { .size = sizeof(options), .tenant = "burst", .groups = 8 };
	struct ration_limits *limits = NULL;
	struct ration_host *host = NULL;
	struct ration_plan *plan = NULL;
	struct ration_pool *pool = NULL;
	int r = ration_limits_new(&limits);

	if (r >= 0)
		r = take_options(argc, argv, limits, &options.groups);
	if (r >= 0)
		r = ration_host_open(&where, &host, &error);
	if (r >= 0)
		r = ration_plan_new(host, limits, NULL, &plan, &error);
	if (r >= 0)
		r = ration_pool_new(host, plan, &options, &pool, &error);
	if (r >= 0)
		r = serve(host, plan, pool);
	if (r < 0)
		fprintf(stderr, "burst: %s\n", error.message);
	(void)ration_pool_free(pool);
	(void)ration_plan_free(plan);
	(void)ration_host_free(host);
	(void)ration_limits_free(limits);
	return r < 0;
}
