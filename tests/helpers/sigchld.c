/* SPDX-License-Identifier: MIT */
/*
 * sigchld.c - a program that minds SIGCHLD itself: sigchld MODE CPU-TIME COMMAND [ARGUMENT...]
 *
 * MODE: `pid` has a handler that waits for a child of its own only, `any` one that
 * waits for every child (waitpid(-1)), `ignore` ignores the signal. Runs the
 * command under limits of memory (64M) and CPU time, has a child of its own end
 * meanwhile, and prints what came of both, how many signals there were, and how
 * many fds and children are left.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ration.h"

static volatile sig_atomic_t signals, own_status = -1;
static volatile pid_t own;
static bool any, ignored;

static void on_child(int sig)
{
	int status, saved = errno;
	pid_t pid;

	(void)sig;
	signals++;
	while ((any || own > 0) && (pid = waitpid(any ? -1 : own, &status, WNOHANG)) > 0) {
		if (pid == own)
			own_status = WEXITSTATUS(status);
	}
	errno = saved;
}

static void mind(const char *mode)
{
	struct sigaction action = { .sa_handler = on_child };

	ignored = strcmp(mode, "ignore") == 0;
	if (ignored)
		action.sa_handler = SIG_IGN;
	any = strcmp(mode, "any") == 0;
	sigaction(SIGCHLD, &action, NULL);
}

static sigset_t block(void)
{
	sigset_t child, before;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	return before;
}

static void have_a_child(void)
{
	sigset_t before = block();

	own_status = -1;
	own = fork();
	if (own == 0)
		_exit(42);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void wait_for_the_child(void)
{
	sigset_t before = block();

	/* Of one that is ignored it is only told that it has gone. */
	if (ignored)
		waitpid(own, NULL, 0);
	while (own_status < 0 && !ignored)
		sigsuspend(&before);
	sigprocmask(SIG_SETMASK, &before, NULL);
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

static int supervise(const struct ration_host *host, const struct ration_plan *plan, char **argv,
		struct ration_error *error)
{
	struct ration_run_options how = { .size = sizeof(how), .argv = argv };
	const struct ration_receipt *receipt;
	struct ration_run *run = NULL;
	int r = ration_run_start(host, plan, &how, &run, error);

	if (r < 0)
		return r;
	have_a_child();
	do
		r = ration_run_wait(run, error);
	while (r == -EINTR);
	if (r >= 0) {
		receipt = ration_run_receipt(run);
		printf("verdict %s exit %d status %d signal %d lost %d rusage %d\n",
				ration_verdict_name(ration_receipt_verdict(receipt)), ration_receipt_exit_code(receipt),
				ration_receipt_child_status(receipt), ration_receipt_child_signal(receipt),
				ration_receipt_status_lost(receipt),
				ration_receipt_metric(receipt, RATION_METRIC_MAXRSS_BYTES, NULL) == RATION_SOURCE_RUSAGE);
	}
	ration_run_free(run);
	wait_for_the_child();
	return r;
}

int main(int argc, char **argv)
{
	struct ration_host_options where = { .size = sizeof(where), .nspace = getenv("RATION_NAMESPACE"),
		.helpers = getenv("RATION_TEST_PROGRAMS") };
	struct ration_error error = { .message = "out of memory" };
	struct ration_limits *limits = NULL;
	struct ration_host *host = NULL;
	struct ration_plan *plan = NULL;
	int fds, r;

	if (argc < 4)
		return 2;
	alarm(3000);
	mind(argv[1]);
	fds = count_fds();
	r = ration_host_open(&where, &host, &error);
	if (r >= 0)
		r = ration_limits_new(&limits);
	if (r >= 0)
		r = ration_limits_parse(limits, RATION_LIMIT_MEMORY, "64M", &error);
	if (r >= 0)
		r = ration_limits_parse(limits, RATION_LIMIT_CPU_TIME, argv[2], &error);
	if (r >= 0)
		r = ration_plan_new(host, limits, NULL, &plan, &error);
	for (int i = 0; i < 2 && r >= 0; i++)
		r = supervise(host, plan, argv + 3, &error);
	ration_plan_free(plan);
	ration_limits_free(limits);
	ration_host_free(host);
	if (r < 0) {
		fprintf(stderr, "sigchld: %s\n", error.message);
		return 1;
	}
	printf("own %d signals %s ", (int)own_status, signals > 0 ? "some" : "none");
	printf("fds %d ", count_fds() - fds);
	printf("children %s\n", waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? "none" : "some");
	return 0;
}
