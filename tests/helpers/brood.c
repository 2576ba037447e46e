/* SPDX-License-Identifier: MIT */
/*
 * brood.c - a tree of processes that is hard to end: brood stay|leave [DIRECTORY]
 *
 * A child that ignores what can be ignored, one that is stopped, a daemon, a thread whose
 * main thread has ended, and two runners, one of them in a session of its own: each forks
 * its successor every few milliseconds and exits. With DIRECTORY, a cgroup, another daemon
 * moves there. Prints "ready" once all of them are there; with `leave`, the first process
 * then exits.
 *
 * stdin is a pipe: all of them have it, and end with it. So whoever has the other end
 * knows when the last is gone (POLLERR), and ends those that it has lost (close). In any
 * case all end after LIFETIME_SEC.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define LIFETIME_SEC 1000
#define HOP_MSEC 3

static int here[2]; /* each writes a byte */
static time_t end;

static time_t now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* False: it is over. */
static int sleep_for(int msec)
{
	struct pollfd fd = { .fd = STDIN_FILENO };

	return poll(&fd, 1, msec) == 0 && now() < end;
}

static void stay(void)
{
	while (sleep_for(1000))
		;
	_exit(0);
}

static void arrive(void)
{
	(void)!write(here[1], "", 1);
	(void)close(here[1]);
}

static void ignore_all(void)
{
	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_IGN);
	arrive();
	stay();
}

/* Alone it stops nothing but itself; the pipe's end it hears of only if it is continued. */
static void stop(void)
{
	arrive();
	(void)raise(SIGSTOP);
	stay();
}

static void daemonise(void)
{
	(void)setsid();
	if (fork() != 0)
		_exit(0);
}

static void be_daemon(void)
{
	daemonise();
	arrive();
	stay();
}

static void run(void)
{
	arrive();
	while (sleep_for(HOP_MSEC)) {
		if (fork() > 0)
			_exit(0);
	}
	_exit(0);
}

static void run_daemon(void)
{
	daemonise();
	run();
}

static void *live_on(void *unused)
{
	arrive();
	stay();
	return unused;
}

static void lose_leader(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, live_on, NULL) == 0)
		pthread_exit(NULL);
	_exit(1);
}

static const char *outside;

static void move_out(void)
{
	int fd = open(outside, O_WRONLY | O_CLOEXEC);

	daemonise();
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(1);
	arrive();
	stay();
}

int main(int argc, char **argv)
{
	void (*const kinds[])(void) = { ignore_all, stop, be_daemon, run, run_daemon, lose_leader, move_out };
	int n = argc > 2 ? 7 : 6;
	char path[4096], byte;

	end = now() + LIFETIME_SEC;
	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", argc > 2 ? argv[2] : "");
	outside = path;
	if (pipe2(here, O_CLOEXEC) < 0)
		return 1;
	for (int i = 0; i < n; i++) {
		if (fork() == 0) {
			(void)close(here[0]);
			kinds[i]();
		}
	}
	for (int i = 0; i < n; i++) {
		if (read(here[0], &byte, 1) != 1)
			return 1;
	}
	(void)!write(STDOUT_FILENO, "ready\n", 6);
	if (argc > 1 && strcmp(argv[1], "leave") == 0)
		return 0;
	stay();
}
