/* SPDX-License-Identifier: MIT */
/*
 * deadlines.c - the deadlines of a loop, the same on every system
 */
#include "run/loop.h"

#include <errno.h>
#include <poll.h>

#include "sys/syscalls.h"

/* The kernel's time ends at 2^63 nanoseconds. */
#define FOREVER_USEC (UINT64_C(100) * 365 * 86400 * 1000000)

uint64_t loop_after(uint64_t now_usec, uint64_t usec)
{
	uint64_t sum;

	if (__builtin_add_overflow(now_usec, usec, &sum) || usec > FOREVER_USEC)
		return LOOP_NEVER;
	return sum;
}

void loop_clear(struct loop *loop, struct loop_deadline *deadline)
{
	struct loop_deadline **at = &loop->deadlines;

	while (*at && *at != deadline)
		at = &(*at)->next;
	if (*at)
		*at = deadline->next;
	deadline->next = NULL;
	deadline->at_usec = LOOP_NEVER;
}

void loop_set(struct loop *loop, struct loop_deadline *deadline, uint64_t at_usec)
{
	struct loop_deadline **at = &loop->deadlines;

	loop_clear(loop, deadline);
	if (at_usec == LOOP_NEVER)
		return;
	/* A deadline that sets itself again for now would never let the round end. */
	if (loop->round_usec > 0 && at_usec <= loop->round_usec)
		at_usec = loop->round_usec + 1;
	while (*at && (*at)->at_usec <= at_usec)
		at = &(*at)->next;
	deadline->at_usec = at_usec;
	deadline->next = *at;
	*at = deadline;
}

uint64_t loop_next(const struct loop *loop)
{
	return loop->deadlines ? loop->deadlines->at_usec : LOOP_NEVER;
}

void loop_call_due(struct loop *loop)
{
	loop->round_usec = sys_now_usec();
	while (loop_next(loop) <= loop->round_usec) {
		struct loop_deadline *due = loop->deadlines;

		loop_clear(loop, due);
		due->callback(due->userdata, loop->round_usec);
	}
	loop->round_usec = 0;
}

/* How soon to look again if nothing can be waited for. */
#define LOOK_MSEC 20

int loop_sleep(const struct loop *loop)
{
	struct pollfd poll_fd = { .fd = loop->fd, .events = POLLIN };
	int r = poll(&poll_fd, 1, -1) < 0 ? -errno : 0;

	/* Somebody has lowered our limit on open files to nothing; or the kernel has no memory for a moment. */
	if (r == -EINVAL || r == -ENOMEM) {
		(void)poll(NULL, 0, LOOK_MSEC);
		r = 0;
	}
	return r;
}
