/* SPDX-License-Identifier: MIT */
/*
 * pass.c - pass more fds to a command: pass COMMAND...
 *
 * Runs COMMAND twice, as a run and as a command of a group, with fds 7 (a pipe) and 900
 * passed on, and 8 open but not passed on; prints what the command writes to fd 7, then what a
 * pidfd says of it. Last come two sets of fds that are refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ration.h"

static const int passed[] = { 900, 7 };
static struct ration_error error;
static int pipe_fd;

/*
 * What was written, to its end: for that, the command must be the last that has the pipe. The number stays
 * taken, so that nothing of the library's has it.
 */
static void print_pipe(const char *what)
{
	char text[200];
	ssize_t n;

	dup3(0, 7, O_CLOEXEC);
	n = read(pipe_fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	printf("%s: %s", what, text);
	printf("%s: %s\n", what, read(pipe_fd, text, 1) == 0 ? "closed" : "open");
	close(pipe_fd);
}

static int open_pipe(void)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0 || dup3(pair[1], 7, O_CLOEXEC) < 0)
		return -1;
	close(pair[1]);
	pipe_fd = pair[0];
	return 0;
}

static void print_pidfd(const struct ration_run *run)
{
	int fd = ration_run_pidfd(run, &error);
	struct pollfd polled = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		printf("pidfd: %s\n", fd == -EOPNOTSUPP ? "none" : error.message);
	else
		printf("pidfd: %s, %s\n", fcntl(fd, F_GETFD) & FD_CLOEXEC ? "close-on-exec" : "kept",
				poll(&polled, 1, 60000) == 1 ? "ended" : "not ended");
	close(fd);
}

static int as_run(const struct ration_host *host, const struct ration_plan *plan, char **argv)
{
	struct ration_run_options how = { .size = sizeof(how), .argv = argv, .pass_fds = passed, .n_pass_fds = 2 };
	struct ration_run *run = NULL;
	int r = open_pipe() < 0 ? -errno : ration_run_start(host, plan, &how, &run, &error);

	if (r < 0)
		return r;
	print_pidfd(run);
	r = ration_run_wait(run, &error);
	ration_run_free(run);
	print_pipe("run");
	return r;
}

static int in_group(const struct ration_host *host, char **argv)
{
	const struct ration_group_options options = { .size = sizeof(options), .without_cgroup = true };
	struct ration_spawn_options how = { .size = sizeof(how), .argv = argv, .pass_fds = passed, .n_pass_fds = 2 };
	struct ration_group *group = NULL;
	int pid, r = ration_group_create(host, "passed/group", NULL, &options, &group, &error);

	if (r >= 0)
		r = open_pipe() < 0 ? -errno : ration_group_spawn(group, &how, &pid, NULL, &error);
	if (r >= 0) {
		waitpid(pid, NULL, 0);
		print_pipe("group");
	}
	if (group)
		r = ration_group_remove(group, RATION_REMOVE_KILL, NULL, &error) < 0 ? -1 : r;
	ration_group_free(group);
	return r;
}

static void refused(const struct ration_host *host, const struct ration_plan *plan, char **argv, int fd)
{
	struct ration_run_options how = { .size = sizeof(how), .argv = argv, .pass_fds = &fd, .n_pass_fds = 1 };
	struct ration_run *run = NULL;
	int r = ration_run_start(host, plan, &how, &run, &error);

	printf("%d: %d %s\n", fd, -r, r < 0 ? error.message : "it runs");
	ration_run_free(run);
}

int main(int argc, char **argv)
{
	struct ration_host_options where = { .size = sizeof(where), .nspace = getenv("RATION_NAMESPACE") };
	struct ration_limits *limits = NULL;
	struct ration_plan *plan = NULL;
	struct ration_host *host = NULL;
	int r;

	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(300);
	if (argc < 2 || dup3(0, 7, O_CLOEXEC) < 0 || dup2(0, 8) < 0 || dup3(0, 900, O_CLOEXEC) < 0)
		return 2;
	r = ration_host_open(&where, &host, &error);
	if (r >= 0)
		r = ration_limits_new(&limits);
	if (r >= 0)
		r = ration_plan_new(host, limits, NULL, &plan, &error);
	if (r >= 0)
		r = as_run(host, plan, argv + 1);
	if (r >= 0)
		r = in_group(host, argv + 1);
	if (r >= 0) {
		refused(host, plan, argv + 1, 901);
		refused(host, plan, argv + 1, 2);
	}
	ration_plan_free(plan);
	ration_limits_free(limits);
	ration_host_free(host);
	if (r < 0)
		printf("pass: %s\n", error.message);
	return r < 0;
}
