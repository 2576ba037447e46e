/* SPDX-License-Identifier: MIT */
/*
 * box.h - real trees of processes, in a box
 *
 * run_boxed() runs a test in a child subreaper of its own. As root that one lives
 * in a pid namespace, whose end is the end of all that a failing test leaves
 * behind; otherwise everybody in it has a time to live.
 */
#ifndef TEST_BOX_H
#define TEST_BOX_H

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/proc/proc.h"

/* Longer than the wait for anything in it. */
#define BOX_SECONDS (2 * DEADLINE_SECONDS)
#define BOX_USEC (UINT64_C(1000000) * DEADLINE_SECONDS)

/* Of the users of a box, who have no other processes: limits of a uid count those of all boxes. */
static uid_t box_uid;

/* What a boxed test returns that this machine can't show. */
#define BOX_CANT (-2)

/* In a boxed test: returns the line that failed. */
#define CHECK(condition)                 \
	do {                             \
		if (!(condition))        \
			return __LINE__; \
	} while (0)

#define CHECK_SOON(condition) CHECK(soon(condition))

static inline void nap_msec(long msec)
{
	struct timespec time = {.tv_sec = msec / 1000, .tv_nsec = msec % 1000 * 1000000};

	(void)nanosleep(&time, NULL);
}

static inline double now_seconds(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* What a member does that has nothing to do. */
static inline void __attribute__((noreturn)) live_a_while(void)
{
	(void)alarm(BOX_SECONDS);
	for (;;)
		(void)pause();
}

/* Waits for all children; returns whether none is left. */
static inline bool reap_all(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static inline int wait_exit(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* Exit codes hold 8 bits, and lines don't: the line goes through a pipe. */
static inline void be_subreaper(int (*test)(int proc_fd), int out)
{
	int proc_fd = -1, line = -1;

	(void)alarm(BOX_SECONDS);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (proc_open(NULL, &proc_fd, NULL) >= 0)
		line = test(proc_fd);
	if (write(out, &line, sizeof(line)) < 0)
		_exit(1);
	_exit(0);
}

static inline void be_init(int (*test)(int proc_fd), int out)
{
	pid_t subreaper;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("proc", "/proc", "proc", 0, NULL) < 0)
		_exit(2);
	subreaper = fork();
	if (subreaper == 0)
		be_subreaper(test, out);
	/* Orphans that the subreaper leaves die with us. */
	_exit(wait_exit(subreaper));
}

static inline void be_box(int (*test)(int proc_fd), int out)
{
	pid_t init;

	(void)alarm(BOX_SECONDS + 10);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0)
		be_subreaper(test, out);
	init = fork();
	if (init == 0)
		be_init(test, out);
	_exit(wait_exit(init));
}

/* Returns 0, the line that failed, or -1 where the box itself did. */
static inline int run_boxed(int (*test)(int proc_fd))
{
	int ends[2], line = -1;
	pid_t box;

	if (pipe(ends) < 0)
		return -1;
	box_uid = 1000000000 + (uid_t)getpid();
	(void)fflush(NULL);
	box = fork();
	if (box == 0) {
		(void)close(ends[0]);
		be_box(test, ends[1]);
	}
	(void)close(ends[1]);
	/* Members hold the pipe's other end, too: wait for the box, not for the end of file. */
	(void)wait_exit(box);
	if (read(ends[0], &line, sizeof(line)) != sizeof(line))
		line = -1;
	(void)close(ends[0]);
	return line;
}

static inline void check_boxed(int (*test)(int proc_fd))
{
	int line = run_boxed(test);

	if (line == BOX_CANT)
		skip_because("takes root, and namespaces and a /proc of one's own");
	assert_int_equal(line, 0);
}

#endif
