/* SPDX-License-Identifier: MIT */
/*
 * loop-os.c - sources and deadlines by the table of sys/os.h
 *
 * The table reports each event once, by a number: that of the source's slot. A source that is still
 * there after its callback is registered again, so that it keeps reporting like an epoll does.
 */
#include "run/loop.h"

#include <errno.h>

#include "sys/os.h"
#include "util/cleanup.h"

#define TIMER_ID LOOP_SOURCES_MAX

int loop_open(struct loop *loop)
{
	*loop = LOOP_NONE;
	loop->fd = os_ops.events_open();
	return loop->fd < 0 ? loop->fd : 0;
}

void loop_close(struct loop *loop)
{
	loop->fd = close_fd(loop->fd);
	loop->armed_usec = LOOP_NEVER;
	while (loop->deadlines)
		loop_clear(loop, loop->deadlines);
}

/* A source keeps its slot from the first time that it is added. */
static int take_slot(struct loop *loop, struct loop_source *source)
{
	for (unsigned i = 0; i < LOOP_SOURCES_MAX; i++) {
		if (loop->source[i] == source)
			return 0;
	}
	for (unsigned i = 0; i < LOOP_SOURCES_MAX; i++) {
		if (loop->source[i])
			continue;
		loop->source[i] = source;
		source->slot = i;
		return 0;
	}
	return -ENOSPC;
}

static int wait_for(const struct loop *loop, const struct loop_source *source)
{
	return os_ops.events_fd(loop->fd, source->fd, loop->event[source->slot] == LOOP_WRITABLE, source->slot);
}

int loop_add(struct loop *loop, struct loop_source *source, int fd, enum loop_event event)
{
	int r = take_slot(loop, source);

	if (r < 0)
		return r;
	loop->event[source->slot] = event;
	source->fd = fd;
	r = wait_for(loop, source);
	if (r < 0)
		loop_drop(loop, source);
	return r;
}

/* The slot stays the source's: it may be added again. */
void loop_drop(struct loop *loop, struct loop_source *source)
{
	(void)loop;
	source->fd = -EBADF;
}

int loop_add_process(struct loop *loop, struct loop_source *source, pid_t pid)
{
	int r = take_slot(loop, source);

	if (r < 0)
		return r;
	source->processes = true;
	return os_ops.events_process(loop->fd, pid, source->slot);
}

static void call(struct loop *loop, unsigned id, bool first)
{
	struct loop_source *source = id < LOOP_SOURCES_MAX ? loop->source[id] : NULL;
	bool by_fd = source && source->fd >= 0;

	/* An event that was requested before the drop can still arrive. */
	if (!source || source->first != first || (!by_fd && !source->processes))
		return;
	source->callback(source->userdata, false);
	if (by_fd && source->fd >= 0)
		(void)wait_for(loop, source);
}

int loop_dispatch(struct loop *loop)
{
	unsigned ids[2 * LOOP_SOURCES_MAX];
	int n = os_ops.events_next(loop->fd, ids, ARRAY_SIZE(ids)), r;

	for (int i = 0; i < n; i++)
		call(loop, ids[i], true);
	for (int i = 0; i < n; i++) {
		if (ids[i] != TIMER_ID)
			continue;
		loop->armed_usec = LOOP_NEVER;
		loop_call_due(loop);
	}
	for (int i = 0; i < n; i++)
		call(loop, ids[i], false);
	r = n < 0 ? n : loop_arm(loop);
	return r < 0 ? r : n;
}

int loop_arm(struct loop *loop)
{
	uint64_t next = loop_next(loop);
	int r = next == loop->armed_usec ? 0 : os_ops.events_timer(loop->fd, next, TIMER_ID);

	if (r < 0)
		return r;
	loop->armed_usec = next;
	return 0;
}
