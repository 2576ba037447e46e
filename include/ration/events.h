/* SPDX-License-Identifier: MIT */
/* ration/events.h - what happens to a live group, on one fd */
#ifndef RATION_EVENTS_H
#define RATION_EVENTS_H

#include <ration/group.h>

/* What can happen to a tenant or a group, with the Linux version that tells of it: 0 to 63. */
enum ration_event_kind {
	/* Memory. */
	RATION_EVENT_OOM = 0,            /* its own memory limit was hit, and reclaim didn't help (5.2) */
	RATION_EVENT_OOM_KILL = 1,       /* processes in it or below it were OOM-killed, by whichever limit */
	RATION_EVENT_MEMORY_HIGH = 2,    /* it went above its memory.high and was throttled (5.2) */
	/* Tasks. */
	RATION_EVENT_TASKS_REFUSED = 16, /* forks were refused: told where the fork was tried, and since
					    6.11 where the limit is, and above it */
	/* Life. */
	RATION_EVENT_POPULATED = 24,     /* it, or a group below it, has processes */
	RATION_EVENT_EMPTY = 25,         /* the last of them is gone */
	RATION_EVENT_FROZEN = 26,        /* all are stopped (5.2) */
	RATION_EVENT_THAWED = 27,
	RATION_EVENT_GONE = 28,          /* it was removed: the last event */
	/* Stalls. */
	RATION_EVENT_PRESSURE = 40,      /* it stalled on memory: see the options (4.20) */
};

/* A kind as a bit, for sets of them. */
#define RATION_EVENT_BIT(kind) (UINT64_C(1) << (kind))

/* What to wait for. Zeroed fields take their defaults. */
struct ration_events_options {
	size_t size;                   /* sizeof(struct ration_events_options) */
	uint64_t kinds;                /* bits; default: all that are available here */
	bool pressure_some;            /* stalls of any process; default: of all at once ("full") */
	uint64_t pressure_stall_usec;  /* stalled for so long, default a tenth of the window... */
	uint64_t pressure_window_usec; /* ...in this time: 500 ms to 10 s, default 2 s. Without
					  CAP_SYS_RESOURCE it must be a multiple of 2 s: others are made
					  longer, and the stall with them */
};

/* Something that has happened. */
struct ration_event {
	size_t size;           /* sizeof(struct ration_event), set by the caller */
	enum ration_event_kind kind;
	uint64_t count;        /* how often since it was last reported; 1 if there is no counter. Of OOM
				  kills: how many, as in RATION_METRIC_OOM_KILLS */
	uint64_t stalled_usec; /* of RATION_EVENT_PRESSURE: stalled for so long... */
	uint64_t elapsed_usec; /* ...in this time, the last window or more */
};

struct ration_events;

RATION_BEGIN

/*
 * Watches a tenant or a group from now on. `options` can be NULL; `group` can be freed afterwards.
 * It costs nothing while nothing happens: the kernel reports changes of memory.events,
 * memory.events.local, pids.events and cgroup.events by poll, and stalls by a trigger on
 * memory.pressure. (For triggers of root, the kernel runs a thread "psimon" for each group.) Kinds
 * that aren't available here (no memory or pids controller, no PSI, an older kernel) are an error
 * if they are asked for, and are left out by default.
 * Errors: -EOPNOTSUPP (the message says which kind, and why), -ERANGE (stall or window), -EINVAL
 * (no such kind, no size), -E2BIG, -ENOENT with RATION_CAUSE_VANISHED, -EACCES, -EPERM, -EMFILE,
 * -ENFILE, -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_events_open(const struct ration_group *group,
		const struct ration_events_options *options, struct ration_events **ret_events,
		struct ration_error *reterr);

/* Stops watching. Accepts NULL, returns NULL. */
RATION_PUBLIC struct ration_events *ration_events_free(struct ration_events *events);

/*
 * Returns a file descriptor that polls readable as long as ration_events_next()
 * has something to report: for epoll, libuv, asyncio. Don't read or close it, and
 * remove it from an epoll before ration_events_free(): see ration_run_fd().
 */
RATION_PUBLIC int ration_events_fd(const struct ration_events *events);

/* Returns the kinds that are available here, as bits. */
RATION_PUBLIC uint64_t ration_events_kinds(const struct ration_events *events);

/*
 * Fills in one event, without waiting. Returns 1, or 0 if there is none. A counter that moved
 * several times makes one event with its count. No count is lost, unless the group is removed: its
 * last counts go with its directory. A state (populated, frozen) is reported when it differs from
 * the last one; a change and back between two calls isn't seen. The kernel reports a stall to one
 * poll only, which can be that of a loop around this fd. So a call that follows a wake-up and finds
 * nothing else measures the pressure itself. It reports an event if there was enough since at least
 * a window ago; elapsed_usec says how long that was.
 * Errors: -EIO, -ENOMEM; -EINVAL (no size).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_events_next(struct ration_events *events,
		struct ration_event *ret_event, struct ration_error *reterr);

/* "oom", "oom-kill", "memory-high", ... */
RATION_PUBLIC const char *ration_event_name(enum ration_event_kind kind);

RATION_END

#endif /* RATION_EVENTS_H */
