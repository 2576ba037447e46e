/* SPDX-License-Identifier: MIT */
/*
 * loop.c - many commands, one thread: loop [-m MEMORY] [-t TIMEOUT] COMMAND...
 *
 * Each COMMAND, a line for sh(1), runs in a group of its own; all are of one tenant.
 * One epoll waits for all of it, and what happens is printed as it happens: the end
 * of each run, and what the kernel tells of the tenant. SIGINT and SIGTERM end all.
 *
 * To any event loop ration is file descriptors: ration_run_fd() and
 * ration_events_fd() poll readable when there is something to do. In libuv,
 * uv_poll_init() and uv_poll_start(UV_READABLE); in asyncio, add_reader(); each
 * calls what handle_run() and handle_events() call here. Nothing blocks, no thread
 * is made, and SIGCHLD isn't touched: see the head of ration.h for what a handler
 * of it may do.
 */
#include <ration.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define RUNS_MAX 64
#define TENANT "loop"

static struct ration_error error;
static struct ration_run *runs[RUNS_MAX];
static struct ration_events *events;
static int loop, live, failed;

/* What woke us: the number of a run, or one of these. */
enum { EVENTS = RUNS_MAX, SIGNALS };

static int watch(int fd, unsigned what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = what };

	return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

static void complain(void)
{
	fprintf(stderr, "loop: %s\n", error.message);
	failed = 1;
}

static void start(const struct ration_host *host, const struct ration_plan *plan, int i, const char *line)
{
	const char *argv[] = { "sh", "-c", line, NULL };
	struct ration_run_options how = { .size = sizeof(how), .tenant = TENANT };

	how.argv = (char *const *)argv;
	if (ration_run_start(host, plan, &how, &runs[i], &error) < 0) {
		complain();
		return;
	}
	if (watch(ration_run_fd(runs[i]), (unsigned)i) < 0) {
		/* Nobody would see its end. */
		perror("loop: epoll_ctl");
		failed = 1;
		runs[i] = ration_run_free(runs[i]);
		return;
	}
	live++;
	printf("%d: started, pid %d\n", i + 1, ration_run_pid(runs[i]));
}

static void handle_run(int i)
{
	int r = ration_run_dispatch(runs[i], &error);

	if (r == 0)
		return;
	if (r < 0) {
		complain();
	} else {
		const struct ration_receipt *receipt = ration_run_receipt(runs[i]);

		printf("%d: %s, exit status %d\n", i + 1, ration_verdict_name(ration_receipt_verdict(receipt)),
				ration_receipt_exit_code(receipt));
	}
	/* To close an fd isn't enough, as long as a child that is just being made has it, too. */
	epoll_ctl(loop, EPOLL_CTL_DEL, ration_run_fd(runs[i]), NULL);
	runs[i] = ration_run_free(runs[i]);
	live--;
}

static void handle_events(void)
{
	struct ration_event event = { .size = sizeof(event) };
	int r;

	while ((r = ration_events_next(events, &event, &error)) > 0)
		printf("%s: %s %llu\n", TENANT, ration_event_name(event.kind),
				(unsigned long long)event.count);
	if (r < 0)
		complain();
}

static void handle_signal(int signal_fd)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	for (int i = 0; i < RUNS_MAX; i++) {
		if (runs[i] && ration_run_interrupt(runs[i], (int)info.ssi_signo, false, &error) < 0)
			complain();
	}
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void run_all(const struct ration_host *host, const struct ration_plan *plan, char **lines, int n)
{
	int signal_fd = open_signals();
	struct epoll_event event;

	watch(signal_fd, SIGNALS);
	for (int i = 0; i < n && i < RUNS_MAX; i++)
		start(host, plan, i, lines[i]);
	while (live > 0) {
		if (epoll_wait(loop, &event, 1, -1) != 1)
			continue;
		if (event.data.u32 == EVENTS)
			handle_events();
		else if (event.data.u32 == SIGNALS)
			handle_signal(signal_fd);
		else
			handle_run((int)event.data.u32);
	}
	close(signal_fd);
}

int main(int argc, char **argv)
{
	struct ration_host_options where = { .size = sizeof(where), .nspace = getenv("RATION_NAMESPACE") };
	struct ration_group_options group_options = { .size = sizeof(group_options), .without_cgroup = true };
	struct ration_limits *limits = NULL;
	struct ration_group *tenant = NULL;
	struct ration_host *host = NULL;
	struct ration_plan *plan = NULL;
	int option, r = ration_limits_new(&limits);

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	while (r >= 0 && (option = getopt(argc, argv, "m:t:")) != -1) {
		if (option == '?')
			return 2;
		r = ration_limits_parse(limits, option == 'm' ? RATION_LIMIT_MEMORY : RATION_LIMIT_TIMEOUT,
				optarg, &error);
	}
	/* Before signals are blocked: what this thread blocks now, the commands will. */
	if (r >= 0)
		r = ration_host_open(&where, &host, &error);
	if (r >= 0)
		r = ration_plan_new(host, limits, NULL, &plan, &error);
	if (r >= 0)
		r = ration_group_create(host, TENANT, NULL, &group_options, &tenant, &error);
	loop = epoll_create1(EPOLL_CLOEXEC);
	if (r >= 0 && loop < 0) {
		perror("loop: epoll_create1");
		failed = 1;
	} else if (r < 0) {
		complain();
	} else {
		/* Without a cgroup there is nothing to be told, and the runs are all the same. */
		if (ration_events_open(tenant, NULL, &events, &error) >= 0)
			watch(ration_events_fd(events), EVENTS);
		else
			printf("%s: no events: %s\n", TENANT, error.message);
		run_all(host, plan, argv + optind, argc - optind);
		if (events)
			handle_events();
		if (ration_group_remove(tenant, RATION_REMOVE_EMPTY, NULL, &error) < 0)
			complain();
	}
	ration_events_free(events);
	ration_group_free(tenant);
	ration_plan_free(plan);
	ration_limits_free(limits);
	ration_host_free(host);
	close(loop);
	return failed;
}
