/* SPDX-License-Identifier: MIT */
/*
 * kill.c - kill all processes of a group, and wait for it to be empty
 */
#include "sys/cgroup/kill.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/cgroup1.h"
#include "sys/cgroup/members.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"

#define ROUNDS_MAX 1000

static void nap(void)
{
	(void)nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);
}

/*
 * For a group that the caller itself is in, because somebody has put it there. If it froze the group it would
 * stop with it, for ever. So the processes are killed as by cgroup.kill, but the caller last; the process
 * outside does the rest.
 */
static int kill_with_caller(int dir_fd)
{
	int r = 1;

	/* Stopped processes don't fork while the others are killed. */
	for (int i = 0; i < ROUNDS_MAX && r > 0; i++) {
		if (i > 0)
			nap();
		(void)cg_signal_others(dir_fd, SIGSTOP);
		r = cg_signal_others(dir_fd, SIGKILL);
	}
	return kill(getpid(), SIGKILL) < 0 ? -errno : r;
}

/* Remove when the oldest kernel is >= 5.14. */
static int kill_frozen(int dir_fd)
{
	char text[256];
	uint64_t frozen = 0;
	int r;

	if (cg_has_caller(dir_fd))
		return kill_with_caller(dir_fd);
	r = cg_write(dir_fd, "cgroup.freeze", "1");
	if (r == -ENOENT)
		return cg1_kill(dir_fd);
	if (r < 0)
		return r;
	/*
	 * A task in an uninterruptible sleep freezes late, and can't fork
	 * meanwhile, so a second of waiting is enough; the kill is sent anyway.
	 */
	for (int i = 0; i < 1000 && frozen == 0; i++) {
		if (cg_read(dir_fd, "cgroup.events", text, sizeof(text)) < 0 ||
				cg_text_key(text, "frozen", &frozen) < 0)
			break;
		if (frozen == 0)
			nap();
	}
	r = cg_signal_all(dir_fd);
	(void)cg_write(dir_fd, "cgroup.freeze", "0");
	return r < 0 ? r : 0;
}

int cg_kill(int dir_fd)
{
	int r = cg_write(dir_fd, "cgroup.kill", "1");

	/* A threaded group has it, and refuses. */
	if (r == -ENOENT || r == -EOPNOTSUPP)
		r = kill_frozen(dir_fd);
	/*
	 * We can still read and signal its processes. One that forks can escape this time, and is found the
	 * next time.
	 */
	if (r == -EROFS && cg_signal_all(dir_fd) >= 0)
		r = 0;
	/* Removed: there is nobody in it. */
	return (r == -ENODEV || r == -ENOENT) && cg_populated(dir_fd) == 0 ? 0 : r;
}

int cg_kill_again(int dir_fd)
{
	int r = cg_kill(dir_fd);

	/*
	 * The kernel sends it to the main thread of each process in the group, and to
	 * that thread alone: where it has exited and others run on, the signal is lost
	 * (seen on 6.1, 6.12 and 6.18); where it is in another group, none is sent.
	 * kill(2) is for all threads.
	 */
	if (r == 0)
		r = cg_signal_all(dir_fd);
	return r < 0 && !(r == -ENODEV || r == -ENOENT) ? r : 0;
}

int cg_wait_event(int dir_fd, const char *key, uint64_t wanted, int timeout_msec)
{
	CLEANUP(closep) int events = cg_open_file(dir_fd, "cgroup.events");
	bool told = true;
	uint64_t deadline = sys_now_usec() + (uint64_t)timeout_msec * 1000;

	if (events < 0)
		return events == -ENODEV ? -ENOENT : events;
	for (;;) {
		struct pollfd poll_fd = { .fd = events, .events = POLLPRI };
		char text[256];
		uint64_t value, now, left_msec;
		int r = cg_read_fd(events, text, sizeof(text));

		if (r == -ENODEV)
			return -ENOENT;
		if (r < 0)
			return r;
		if (cg_text_key(text, key, &value) == 0 && value == wanted)
			return 0;
		now = sys_now_usec();
		if (now >= deadline)
			return -ETIMEDOUT;
		left_msec = (deadline - now) / 1000 + 1;
		told = poll(&poll_fd, 1, told && left_msec > CG_LOOK_AGAIN_MSEC ? CG_LOOK_AGAIN_MSEC : (int)left_msec) > 0;
	}
}

int cg_wait_empty(int dir_fd, int timeout_msec)
{
	int r = cg_wait_event(dir_fd, "populated", 0, timeout_msec);

	/* Removed: there is nobody in it. Or of cgroup v1. */
	return r == -ENOENT ? cg1_wait_empty(dir_fd, timeout_msec) : r;
}

/* A call that failed for want of a resource may work the next time. */
static bool may_pass(int r)
{
	return r == -ETIMEDOUT || r == -EMFILE || r == -ENFILE || r == -ENOMEM || r == -EAGAIN;
}

int cg_end(int dir_fd, int timeout_msec)
{
	int r = -ETIMEDOUT;

	/* A process that outlived the first kill may have forked: all of it again. */
	for (int waited = 0; waited < timeout_msec && may_pass(r); waited += CG_KILL_AGAIN_MSEC) {
		r = waited == 0 ? cg_kill(dir_fd) : cg_kill_again(dir_fd);
		if (r == 0)
			r = cg_wait_empty(dir_fd, CG_KILL_AGAIN_MSEC);
		else if (may_pass(r))
			(void)poll(NULL, 0, CG_KILL_AGAIN_MSEC);
	}
	return r;
}
