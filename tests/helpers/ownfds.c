/* SPDX-License-Identifier: MIT */
/*
 * ownfds.c - a program that has closed its own fds: ownfds DIGITS LIMIT COMMAND...
 *
 * Closes those of 0, 1, 2 that DIGITS name, and runs COMMAND with LIMIT bytes of output. Prints, to what was its
 * stdout, how many of 0 to 2 are open while it runs, the verdict and the exit status. Then it passes on each number up to
 * 40 that is closed, as a run and in a group: as one of pass_fds, as stderr, and finally no array of them.
 * Prints how many, and what was said of one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ration.h"

#define OUT 50
#define LAST 40

static struct ration_error error;

static bool closed(int fd)
{
	return fcntl(fd, F_GETFD) < 0;
}

static int run(const struct ration_host *host, const struct ration_plan *plan, char **argv)
{
	struct ration_run_options how = { .size = sizeof(how), .argv = argv };
	struct ration_run *run = NULL;
	int n, r = ration_run_start(host, plan, &how, &run, &error);

	if (r < 0)
		return r;
	n = !closed(0) + !closed(1) + !closed(2);
	r = ration_run_wait(run, &error);
	if (r == 0)
		dprintf(OUT, "open %d verdict %s exit %d\n", n,
				ration_verdict_name(ration_receipt_verdict(ration_run_receipt(run))),
				ration_receipt_exit_code(ration_run_receipt(run)));
	ration_run_free(run);
	return r;
}

static int start(const struct ration_host *host, const struct ration_plan *plan, struct ration_run_options *how)
{
	char program[] = "/bin/true", *argv[] = { program, NULL };
	struct ration_run *run = NULL;
	int r;

	how->size = sizeof(*how);
	how->argv = argv;
	r = ration_run_start(host, plan, how, &run, &error);
	ration_run_free(run);
	return r;
}

static int spawn(struct ration_group *group, struct ration_spawn_options *how)
{
	char program[] = "/bin/true", *argv[] = { program, NULL };
	int pid, r;

	how->size = sizeof(*how);
	how->argv = argv;
	r = ration_group_spawn(group, how, &pid, NULL, &error);
	if (r == 0)
		waitpid(pid, NULL, 0);
	return r;
}

/* How many that weren't refused, with a message that names the number. */
static int slips(int code, int fd)
{
	char text[16];

	snprintf(text, sizeof(text), "fd %d", fd);
	return code != -EBADF || !strstr(error.message, text);
}

static void pass_closed(const struct ration_host *host, const struct ration_plan *plan, struct ration_group *group)
{
	int n = 0, slipped = 0, high = open("/", O_PATH | O_CLOEXEC), r;

	for (int fd = 3; fd < LAST; fd++) {
		const int fds[] = { high, high, fd };

		if (!closed(fd))
			continue;
		n++;
		slipped += slips(start(host, plan, &(struct ration_run_options) { .pass_fds = &fd, .n_pass_fds = 1 }), fd);
		slipped += slips(start(host, plan, &(struct ration_run_options) { .fds = fds }), fd);
		slipped += slips(spawn(group, &(struct ration_spawn_options) { .pass_fds = &fd, .n_pass_fds = 1 }), fd);
		slipped += slips(spawn(group, &(struct ration_spawn_options) { .fds = fds }), fd);
	}
	dprintf(OUT, "closed %s slipped %d\n", n > 0 ? "some" : "none", slipped);
	r = start(host, plan, &(struct ration_run_options) { .n_pass_fds = 2 });
	dprintf(OUT, "no array: %d %s\n", -r, r < 0 ? error.message : "it runs");
	r = spawn(group, &(struct ration_spawn_options) { .n_pass_fds = 2 });
	dprintf(OUT, "no array: %d %s\n", -r, r < 0 ? error.message : "it runs");
}

int main(int argc, char **argv)
{
	const struct ration_group_options options = { .size = sizeof(options), .without_cgroup = true };
	struct ration_host_options where = { .size = sizeof(where), .nspace = getenv("RATION_NAMESPACE") };
	struct ration_limits *limits = NULL;
	struct ration_plan *plan = NULL;
	struct ration_host *host = NULL;
	struct ration_group *group = NULL;
	int r;

	if (argc < 4 || dup3(1, OUT, O_CLOEXEC) < 0)
		return 2;
	alarm(60);
	for (const char *digit = argv[1]; *digit; digit++)
		close(*digit - '0');
	r = ration_host_open(&where, &host, &error);
	if (r >= 0)
		r = ration_limits_new(&limits);
	if (r >= 0 && strcmp(argv[2], "-") != 0)
		r = ration_limits_parse(limits, RATION_LIMIT_OUTPUT, argv[2], &error);
	if (r >= 0)
		r = ration_plan_new(host, limits, NULL, &plan, &error);
	if (r >= 0)
		r = run(host, plan, argv + 3);
	if (r >= 0)
		r = ration_group_create(host, "ownfds/group", NULL, &options, &group, &error);
	if (r >= 0)
		pass_closed(host, plan, group);
	else
		dprintf(OUT, "ownfds: %s\n", error.message);
	if (group)
		r = ration_group_remove(group, RATION_REMOVE_KILL, NULL, &error) < 0 ? -1 : r;
	ration_group_free(group);
	ration_plan_free(plan);
	ration_limits_free(limits);
	ration_host_free(host);
	return r < 0;
}
