/* SPDX-License-Identifier: MIT */
/*
 * loop.c - sources and deadlines on Linux: one epoll, one timerfd
 */
#include "run/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "util/cleanup.h"

/* These calls fail mostly for want of some resource, and for a moment. */
#define TRIES 8

/* More than a run has sources, so that one look sees all events. */
#define ROUND_MAX 16

int loop_open(struct loop *loop)
{
	struct epoll_event wanted = { .events = EPOLLIN };
	int r = 0;

	*loop = LOOP_NONE;
	loop->fd = lift_fd(epoll_create1(EPOLL_CLOEXEC));
	if (loop->fd >= 0)
		loop->timer_fd = lift_fd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
	/* The timer is the event without a source. */
	if (loop->fd < 0 || loop->timer_fd < 0 ||
			epoll_ctl(loop->fd, EPOLL_CTL_ADD, loop->timer_fd, &wanted) < 0) {
		r = -errno;
		loop_close(loop);
	}
	return r;
}

void loop_close(struct loop *loop)
{
	loop->timer_fd = close_fd(loop->timer_fd);
	loop->fd = close_fd(loop->fd);
	loop->armed_usec = LOOP_NEVER;
	while (loop->deadlines)
		loop_clear(loop, loop->deadlines);
}

int loop_add(struct loop *loop, struct loop_source *source, int fd, enum loop_event event)
{
	static const uint32_t events[] = {
		[LOOP_READABLE] = EPOLLIN,
		[LOOP_WRITABLE] = EPOLLOUT,
		[LOOP_URGENT] = EPOLLPRI,
		[LOOP_READABLE_EDGE] = EPOLLIN | EPOLLET,
	};
	struct epoll_event wanted = { .events = events[event], .data.ptr = source };

	for (int i = 0; i < TRIES; i++) {
		if (epoll_ctl(loop->fd, EPOLL_CTL_ADD, fd, &wanted) == 0) {
			source->fd = fd;
			return 0;
		}
	}
	return -errno;
}

void loop_drop(struct loop *loop, struct loop_source *source)
{
	if (source->fd >= 0 && loop->fd >= 0)
		(void)epoll_ctl(loop->fd, EPOLL_CTL_DEL, source->fd, NULL);
	source->fd = -EBADF;
}

static void call_sources(const struct epoll_event *events, int n, bool first)
{
	for (int i = 0; i < n; i++) {
		struct loop_source *source = events[i].data.ptr;

		/* A source that was called before may have dropped it. */
		if (source && source->first == first && source->fd >= 0)
			source->callback(source->userdata, events[i].events & EPOLLERR);
	}
}

/* Whether the timer is among the events. */
static bool take_timer(struct loop *loop, const struct epoll_event *events, int n)
{
	uint64_t expirations;

	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr)
			continue;
		(void)!read(loop->timer_fd, &expirations, sizeof(expirations));
		loop->armed_usec = LOOP_NEVER;
		return true;
	}
	return false;
}

/* -EINTR isn't the caller's business: nothing waits here. */
static int look(const struct loop *loop, struct epoll_event events[ROUND_MAX])
{
	int n = -1;

	for (int i = 0; n < 0 && i < TRIES; i++)
		n = epoll_wait(loop->fd, events, ROUND_MAX, 0);
	return n < 0 ? -errno : n;
}

int loop_dispatch(struct loop *loop)
{
	struct epoll_event events[ROUND_MAX];
	int n = look(loop, events), r;

	if (n < 0)
		return n == -EINTR ? 0 : n;
	call_sources(events, n, true);
	if (take_timer(loop, events, n))
		loop_call_due(loop);
	call_sources(events, n, false);
	r = loop_arm(loop);
	return r < 0 ? r : n;
}

int loop_arm(struct loop *loop)
{
	struct itimerspec when = { .it_value = { 0 } };
	uint64_t next = loop_next(loop);

	if (next == loop->armed_usec)
		return 0;
	if (next != LOOP_NEVER) {
		when.it_value.tv_sec = (time_t)(next / 1000000);
		when.it_value.tv_nsec = (long)(next % 1000000) * 1000;
		if (next == 0)
			when.it_value.tv_nsec = 1; /* 0 would disarm it */
	}
	for (int i = 0; i < TRIES; i++) {
		if (timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL) < 0)
			continue;
		loop->armed_usec = next;
		return 0;
	}
	return -errno;
}
