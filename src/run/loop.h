/* SPDX-License-Identifier: MIT */
/*
 * loop.h - sources and deadlines, and nothing else
 *
 * A source is an fd and a function to call when it has an event; a deadline is a time and a
 * function to call then. Both are in structs of their owner, which must outlive the loop or drop
 * them. The loop itself is one fd, for a loop of the caller around it. It never ticks: without an
 * event or a deadline it sleeps.
 *
 * The order of a round: first the sources with `first`, then the deadlines that are due, the
 * earliest first, then the other sources. So a command that ended in time isn't counted as late.
 *
 * loop.c has it for Linux, loop-os.c by the table of sys/os.h.
 */
#ifndef RATION_RUN_LOOP_H
#define RATION_RUN_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* No deadline. */
#define LOOP_NEVER UINT64_MAX

/* What a source waits for. */
enum loop_event {
	LOOP_READABLE,
	LOOP_WRITABLE,
	LOOP_URGENT,         /* EPOLLPRI: a kernel file that has changed */
	LOOP_READABLE_EDGE,  /* reported once, not as long as it lasts */
};

struct loop_source {
	int fd;              /* borrowed; -EBADF: it isn't in the loop */
	bool first;          /* is called before everything else in a round */
	/* `failed`: the fd has an error, for the rest of its life. */
	void (*callback)(void *userdata, bool failed);
	void *userdata;
	unsigned slot;       /* internal to loop-os.c, both */
	bool processes;
};

struct loop_deadline {
	uint64_t at_usec;    /* of sys_now_usec(), or LOOP_NEVER */
	/* It has been cleared by then, and may be set again. */
	void (*callback)(void *userdata, uint64_t now_usec);
	void *userdata;
	struct loop_deadline *next; /* internal */
};

/* Sources at a time that loop-os.c has room for. */
#define LOOP_SOURCES_MAX 8

struct loop {
	int fd;              /* polls readable when loop_dispatch() has something to do */
	int timer_fd;        /* loop.c */
	uint64_t armed_usec; /* what the timer is set to */
	uint64_t round_usec; /* while deadlines are called: the moment of the round; else 0 */
	struct loop_deadline *deadlines; /* that are set, the earliest first */
	struct loop_source *source[LOOP_SOURCES_MAX]; /* loop-os.c */
	enum loop_event event[LOOP_SOURCES_MAX];
};

#define LOOP_NONE ((struct loop) { .fd = -EBADF, .timer_fd = -EBADF, .armed_usec = LOOP_NEVER })
#define LOOP_SOURCE(function, data) \
	((struct loop_source) { .fd = -EBADF, .callback = (function), .userdata = (data) })
#define LOOP_DEADLINE(function, data) \
	((struct loop_deadline) { .at_usec = LOOP_NEVER, .callback = (function), .userdata = (data) })

/* Opens an empty loop. Errors: -EMFILE, -ENOMEM. */
int loop_open(struct loop *loop);
/* Closes it, and forgets all that is in it. */
void loop_close(struct loop *loop);

/* Adds a source. Errors: -ENOMEM, -ENOSPC, -EPERM (a file that can't be waited for). */
int loop_add(struct loop *loop, struct loop_source *source, int fd, enum loop_event event);
/* Takes it out again, before its fd is closed. One that isn't in the loop is no error. */
void loop_drop(struct loop *loop, struct loop_source *source);

/*
 * loop-os.c only: also lets `source` report the end of a process, and its forks if the system reports them.
 * It isn't an fd, and the source needs none. -ESRCH.
 */
int loop_add_process(struct loop *loop, struct loop_source *source, pid_t pid);

/* Sets a deadline, or changes it. In a round, one for now or earlier is due in the next round. */
void loop_set(struct loop *loop, struct loop_deadline *deadline, uint64_t at_usec);
void loop_clear(struct loop *loop, struct loop_deadline *deadline);

/* A sum that stays at LOOP_NEVER instead of wrapping. Nobody waits 100 years. */
uint64_t loop_after(uint64_t now_usec, uint64_t usec);

/*
 * Calls all sources and deadlines that are due, without waiting, and then sets the timer. Returns how many
 * events there were. Errors: of the kernel's calls.
 */
int loop_dispatch(struct loop *loop);

/* Sets the timer to the earliest deadline, after one has been changed outside of a round. */
int loop_arm(struct loop *loop);

/* Sleeps until there is something to do. -EINTR, -ENOMEM. */
int loop_sleep(const struct loop *loop);

/* ------------------------------------------------ between loop.c and loop-os.c */

/* Calls the deadlines that are due. */
void loop_call_due(struct loop *loop);

/* The earliest deadline, or LOOP_NEVER. */
uint64_t loop_next(const struct loop *loop);

#endif
