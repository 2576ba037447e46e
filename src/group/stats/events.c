/* SPDX-License-Identifier: MIT */
/*
 * events.c - what happens to a group, on one fd
 *
 * All files of the group that report changes are in one epoll. The kernel marks such a file as
 * urgent when it has changed since it was last read. So each file is read when it is opened, as a
 * baseline, and when it is urgent; differences are events. Events wait in `pending`, one of each
 * kind with its count, and an eventfd keeps our fd readable until they are fetched.
 *
 * These files don't report a change and back, or the removal of the group. A trigger on a pressure
 * file does report the removal, whatever its threshold. If pressure isn't asked for, a trigger with
 * a threshold that is hardly ever reached serves as the bell.
 */
#include "group/stats/events.h"

#include <inttypes.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "group/handle.h"
#include "group/leaf.h"
#include "group/stats/pressure.h"
#include "sys/cgroup/cgroup.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/enum-index.h"
#include "util/error.h"
#include "util/size.h"
#include "util/usage.h"

#define WINDOW_MIN_USEC 500000
#define WINDOW_MAX_USEC 10000000
#define WINDOW_USEC 2000000
#define STALL_DIVISOR 10

/* What the epoll holds. */
enum source {
	SOURCE_MEMORY_LOCAL,
	SOURCE_MEMORY,
	SOURCE_PIDS,
	SOURCE_CGROUP,
	SOURCE_PRESSURE, /* a trigger: pressure, the bell, or both */
	SOURCE_MORE,     /* the eventfd: not all has been told */
};
#define SOURCE_FILES (SOURCE_CGROUP + 1)
#define SOURCES (SOURCE_MORE + 1)

static const struct {
	const char *file;
	const char *controller; /* that it takes, or NULL */
} sources[SOURCE_FILES] = {
	[SOURCE_MEMORY_LOCAL] = { "memory.events.local", "memory" },
	[SOURCE_MEMORY] = { "memory.events", "memory" },
	[SOURCE_PIDS] = { "pids.events", "pids" },
	[SOURCE_CGROUP] = { "cgroup.events", NULL },
};

/* One line of a file: a counter, or a state with a word for either value. */
#define COUNTER (-1)

static const struct {
	enum source source;
	const char *key;
	int state;         /* the value that makes the event, or COUNTER */
	const char *since; /* the kernel that brought the line, or NULL */
} kinds[EVENT_INDEX_COUNT] = {
	[EVENT_INDEX_OOM] = { SOURCE_MEMORY_LOCAL, "oom", COUNTER, "5.2" },
	[EVENT_INDEX_OOM_KILL] = { SOURCE_MEMORY, "oom_kill", COUNTER, "4.13" },
	[EVENT_INDEX_MEMORY_HIGH] = { SOURCE_MEMORY_LOCAL, "high", COUNTER, "5.2" },
	[EVENT_INDEX_TASKS_REFUSED] = { SOURCE_PIDS, "max", COUNTER, NULL },
	[EVENT_INDEX_POPULATED] = { SOURCE_CGROUP, "populated", 1, NULL },
	[EVENT_INDEX_EMPTY] = { SOURCE_CGROUP, "populated", 0, NULL },
	[EVENT_INDEX_FROZEN] = { SOURCE_CGROUP, "frozen", 1, "5.2" },
	[EVENT_INDEX_THAWED] = { SOURCE_CGROUP, "frozen", 0, "5.2" },
	[EVENT_INDEX_PRESSURE] = { SOURCE_PRESSURE, NULL, COUNTER, "4.20" },
	[EVENT_INDEX_GONE] = { SOURCE_PRESSURE, NULL, COUNTER, "4.20" },
};

struct ration_events {
	uint64_t kinds;
	int epoll_fd;
	int fd[SOURCES];
	uint64_t last[EVENT_INDEX_COUNT];    /* what the line said; USAGE_ABSENT: there is none */
	uint64_t pending[EVENT_INDEX_COUNT]; /* how often it has happened; 0: nothing to report */
	bool more;                            /* the eventfd is set */
	bool drained;                         /* the caller has fetched everything there was */
	bool gone;

	struct pressure pressure;
};

static uint64_t all_kinds(void)
{
	uint64_t set = 0;

	for (size_t i = 0; i < EVENT_INDEX_COUNT; i++)
		set |= RATION_EVENT_BIT(event_at(i));
	return set;
}

static bool wants(const struct ration_events *events, enum ration_event_kind kind)
{
	return events->kinds & RATION_EVENT_BIT(kind);
}

/* ------------------------------------------------------------------- files */

/* Compares the lines of a file with what they said; a first reading is the baseline. */
static void compare(struct ration_events *events, enum source source, const char *text)
{
	for (size_t i = 0; i < EVENT_INDEX_COUNT; i++) {
		uint64_t before = events->last[i], now;

		if (kinds[i].source != source || !wants(events, event_at(i)))
			continue;
		if (cg_text_key(text, kinds[i].key, &now) < 0)
			continue;
		events->last[i] = now;
		if (before == USAGE_ABSENT || before == now)
			continue;
		if (kinds[i].state == COUNTER)
			events->pending[i] += now - before;
		else
			/* The state it has now, not one that it had meanwhile. */
			events->pending[i] = now == (uint64_t)kinds[i].state;
	}
}

static int read_source(struct ration_events *events, enum source source)
{
	char text[512];
	int r = cg_read_fd(events->fd[source], text, sizeof(text));

	if (r < 0)
		return r;
	compare(events, source, text);
	return 0;
}

/*
 * Reads all files, whichever was urgent: the kernel reports changes of a file at most every 10 ms. So the
 * last process can be gone before the kill that ended it is reported, and the group with its counters soon
 * after.
 */
static int read_sources(struct ration_events *events)
{
	int r = 0;

	for (size_t i = 0; i < SOURCE_FILES && r >= 0; i++) {
		if (events->fd[i] >= 0)
			r = read_source(events, (enum source)i);
	}
	return r;
}

/* A file of a removed group is urgent for ever. Whoever removed the group saw it empty, even if we didn't. */
static void set_gone(struct ration_events *events)
{
	if (wants(events, RATION_EVENT_EMPTY) && events->last[EVENT_INDEX_EMPTY] == 1)
		events->pending[EVENT_INDEX_EMPTY] = 1;
	events->gone = true;
	for (size_t i = 0; i < SOURCE_MORE; i++) {
		/* Closing it isn't enough while a process that was just forked has it, too. */
		if (events->fd[i] >= 0)
			(void)epoll_ctl(events->epoll_fd, EPOLL_CTL_DEL, events->fd[i], NULL);
		events->fd[i] = close_fd(events->fd[i]);
	}
	if (wants(events, RATION_EVENT_GONE))
		events->pending[EVENT_INDEX_GONE] = 1;
}

/* -------------------------------------------------------------------- next */

static void set_more(struct ration_events *events)
{
	bool more = false;
	uint64_t one = 1;

	for (size_t i = 0; i < EVENT_INDEX_COUNT; i++)
		more |= events->pending[i] > 0;
	if (more == events->more)
		return;
	if (more)
		(void)!write(events->fd[SOURCE_MORE], &one, sizeof(one));
	else
		(void)!read(events->fd[SOURCE_MORE], &one, sizeof(one));
	events->more = more;
}

static int read_ready(struct ration_events *events)
{
	struct epoll_event ready[SOURCES];
	bool changed = false, pressed = false, removed = false;
	int n = epoll_wait(events->epoll_fd, ready, SOURCES, 0), r;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		enum source source = (enum source)ready[i].data.u32;

		changed |= source < SOURCE_FILES;
		pressed |= source == SOURCE_PRESSURE;
		removed |= source == SOURCE_PRESSURE && ready[i].events & EPOLLERR;
	}
	r = changed ? read_sources(events) : 0;
	if (removed || r == -ENODEV)
		set_gone(events);
	else if (r < 0)
		return r;
	else if (wants(events, RATION_EVENT_PRESSURE) && (pressed || events->drained))
		events->pending[EVENT_INDEX_PRESSURE] |= pressure_measure(&events->pressure,
				events->fd[SOURCE_PRESSURE], pressed);
	return 0;
}

static bool take_event(struct ration_events *events, struct ration_event *ret_event)
{
	for (size_t i = 0; i < EVENT_INDEX_COUNT; i++) {
		if (events->pending[i] == 0)
			continue;
		*ret_event = (struct ration_event) { .size = sizeof(*ret_event), .kind = event_at(i) };
		ret_event->count = events->pending[i];
		if (i == EVENT_INDEX_PRESSURE) {
			ret_event->stalled_usec = events->pressure.stalled_usec;
			ret_event->elapsed_usec = events->pressure.elapsed_usec;
		}
		events->pending[i] = 0;
		return true;
	}
	return false;
}

int ration_events_next(struct ration_events *events, struct ration_event *ret_event, struct ration_error *reterr)
{
	struct ration_event event;
	bool told;
	int r;

	r = CHECK_RESULT(struct ration_event, ret_event, reterr);
	if (r < 0)
		return r;
	told = take_event(events, &event);
	if (!told && !events->gone) {
		r = read_ready(events);
		if (r < 0)
			return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't read the events of a group: %s",
					error_text(r));
		told = take_event(events, &event);
	}
	events->drained = !told;
	set_more(events);
	if (!told)
		return 0;
	r = GIVE_RESULT(struct ration_event, ret_event, &event, reterr);
	return r < 0 ? r : 1;
}

/* -------------------------------------------------------------------- open */

static int watch_fd(struct ration_events *events, enum source source, int fd, uint32_t wanted)
{
	struct epoll_event event = { .events = wanted, .data.u32 = source };

	events->fd[source] = fd;
	return epoll_ctl(events->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_file(struct ration_events *events, int dir_fd, enum source source)
{
	int fd = cg_open_file(dir_fd, sources[source].file);
	int r = fd < 0 ? fd : watch_fd(events, source, fd, EPOLLPRI);

	return r < 0 ? r : read_source(events, source);
}

static int open_trigger(struct ration_events *events, int dir_fd)
{
	uint64_t window = events->pressure.window_usec;
	/* As a bell: the threshold can't be above the window. */
	uint64_t stall = wants(events, RATION_EVENT_PRESSURE) ? events->pressure.stall_usec : window;
	int fd = cg_open_trigger(dir_fd, "memory.pressure", events->pressure.line, stall, window,
			&events->pressure.window_usec);

	if (fd < 0)
		return fd;
	events->pressure.stall_usec = stall * events->pressure.window_usec / window;
	return watch_fd(events, SOURCE_PRESSURE, fd, EPOLLPRI);
}

/* Opens the file that reports a kind, unless that is open for another kind. -ENODATA: it has no such line. */
static int open_kind(struct ration_events *events, int dir_fd, enum event_index kind)
{
	enum source source = kinds[kind].source;
	int r = 0;

	if (events->fd[source] < 0)
		r = source == SOURCE_PRESSURE ? open_trigger(events, dir_fd) : open_file(events, dir_fd, source);
	if (r == 0 && kinds[kind].key && events->last[kind] == USAGE_ABSENT)
		r = -ENODATA;
	return r;
}

/* True if the kind isn't available at this place; other failures are errors. */
static bool lacks(int code)
{
	return code == -ENOENT || code == -ENODATA || code == -EOPNOTSUPP || code == -EACCES || code == -EPERM ||
		code == -EINVAL;
}

static int refuse(enum event_index kind, const char *name, int code, struct ration_error *reterr)
{
	enum source source = kinds[kind].source;

	if (!lacks(code) || code == -EACCES || code == -EPERM)
		return error_set(reterr, code, code == -EACCES || code == -EPERM ? RATION_CAUSE_NOT_DELEGATED
										  : RATION_CAUSE_UNKNOWN,
				"can't watch %s for '%s': %s", name, ration_event_name(event_at(kind)), error_text(code));
	if (source == SOURCE_PRESSURE) {
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_KERNEL_TOO_OLD,
				"can't watch %s for '%s': no trigger on memory.pressure (since %s): %s", name,
				ration_event_name(event_at(kind)), kinds[kind].since, error_text(code));
		return error_hint(reterr, -EOPNOTSUPP, "try psi=1 on the kernel command line");
	}
	if (code == -ENODATA || !sources[source].controller)
		return error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_KERNEL_TOO_OLD,
				"can't watch %s for '%s': %s has no line '%s' (since %s)", name, ration_event_name(event_at(kind)),
				sources[source].file, kinds[kind].key, kinds[kind].since);
	(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NO_CONTROLLER,
			"can't watch %s for '%s': no %s, so no %s controller", name, ration_event_name(event_at(kind)),
			sources[source].file, sources[source].controller);
	return error_hint(reterr, -EOPNOTSUPP, "see ration doctor");
}

static int open_kinds(struct ration_events *events, int dir_fd, const char *name, bool all,
		struct ration_error *reterr)
{
	for (size_t i = 0; i < EVENT_INDEX_COUNT; i++) {
		enum event_index kind = (enum event_index)i;
		int r = wants(events, event_at(i)) ? open_kind(events, dir_fd, kind) : 0;

		if (r < 0 && (!all || !lacks(r)))
			return refuse(kind, name, r, reterr);
		if (r < 0)
			events->kinds &= ~RATION_EVENT_BIT(event_at(i));
	}
	return 0;
}

static int check_options(const struct ration_events_options *options, struct ration_error *reterr)
{
	uint64_t window = options->pressure_window_usec;

	if (options->kinds & ~all_kinds())
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "unknown kinds of events: %#" PRIx64,
				options->kinds);
	if (window < WINDOW_MIN_USEC || window > WINDOW_MAX_USEC)
		return error_set(reterr, -ERANGE, RATION_CAUSE_INVALID,
				"a window of %" PRIu64 " us for pressure: range 500 ms to 10 s", window);
	if (options->pressure_stall_usec > window)
		return error_set(reterr, -ERANGE, RATION_CAUSE_INVALID,
				"a stall of %" PRIu64 " us in a window of %" PRIu64 " us: longer than the window",
				options->pressure_stall_usec, window);
	return 0;
}

static int open_epoll(struct ration_events *events, struct ration_error *reterr)
{
	int fd, r = 0;

	events->epoll_fd = lift_fd(epoll_create1(EPOLL_CLOEXEC));
	fd = events->epoll_fd < 0 ? -EBADF : lift_fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (fd < 0)
		r = -errno;
	else
		r = watch_fd(events, SOURCE_MORE, fd, EPOLLIN);
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't make an epoll: %s", error_text(r)) : 0;
}

static struct ration_events *events_new(const struct ration_events_options *options)
{
	struct ration_events *events = calloc(1, sizeof(*events));

	if (!events)
		return NULL;
	events->epoll_fd = -EBADF;
	for (size_t i = 0; i < SOURCES; i++)
		events->fd[i] = -EBADF;
	for (size_t i = 0; i < EVENT_INDEX_COUNT; i++)
		events->last[i] = USAGE_ABSENT;
	events->kinds = options->kinds ? options->kinds : all_kinds();
	events->pressure.line = options->pressure_some ? "some" : "full";
	events->pressure.window_usec = options->pressure_window_usec;
	events->pressure.stall_usec = options->pressure_stall_usec ? options->pressure_stall_usec
							  : events->pressure.window_usec / STALL_DIVISOR;
	events->drained = true;
	return events;
}

static void events_freep(struct ration_events **events)
{
	*events = ration_events_free(*events);
}

int events_open(int dir_fd, const char *name, const struct ration_events_options *wanted,
		struct ration_events **ret_events, struct ration_error *reterr)
{
	struct ration_events_options options;
	CLEANUP(events_freep) struct ration_events *events = NULL;
	char text[256];
	int r = TAKE_OPTIONS(struct ration_events_options, &options, wanted, reterr);

	if (r < 0)
		return r;
	if (options.pressure_window_usec == 0)
		options.pressure_window_usec = WINDOW_USEC;
	r = check_options(&options, reterr);
	if (r < 0)
		return r;
	/* Read here, because a missing file isn't the fault of a controller then. */
	r = cg_read(dir_fd, "cgroup.events", text, sizeof(text));
	if (r < 0)
		return error_set(reterr, r == -ENODEV ? -ENOENT : r, RATION_CAUSE_VANISHED,
				"can't watch %s: %s", name, error_text(r));
	events = events_new(&options);
	if (!events)
		return error_oom(reterr);
	r = open_epoll(events, reterr);
	if (r == 0)
		r = open_kinds(events, dir_fd, name, options.kinds == 0, reterr);
	if (r < 0)
		return r;
	pressure_begin(&events->pressure, events->fd[SOURCE_PRESSURE]);
	*ret_events = TAKE_PTR(events);
	return 0;
}

int ration_events_open(const struct ration_group *group, const struct ration_events_options *options,
		struct ration_events **ret_events, struct ration_error *reterr)
{
	int r = handle_check(group, reterr);

	if (r < 0)
		return r;
	r = events_open(group->at.fd, group->address, options, ret_events, reterr);
	/* The file is missing because the group is gone. */
	return r < 0 && !leaf_alive(group->at.fd) ? handle_error(group, -ENOENT, "watch", reterr) : r;
}

struct ration_events *ration_events_free(struct ration_events *events)
{
	if (events) {
		for (size_t i = 0; i < SOURCES; i++)
			(void)close_fd(events->fd[i]);
		(void)close_fd(events->epoll_fd);
		free(events);
	}
	return NULL;
}

int ration_events_fd(const struct ration_events *events)
{
	return events->epoll_fd;
}

uint64_t ration_events_kinds(const struct ration_events *events)
{
	return events->kinds;
}
