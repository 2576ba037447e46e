/* SPDX-License-Identifier: MIT */
/*
 * guard.c - end the group that stalls its tenant
 *
 * Groups share their tenant's memory, and one that takes too much of it slows
 * all of them down long before the kernel runs out of pages to reclaim and kills.
 *
 * A guard sleeps on a trigger of the tenant's memory.pressure, which wakes it when a stall begins.
 * From then on it measures, with one look at the end: was the tenant stalled for that share of the
 * time, for that long? If so, it ends one of the groups that were stalled themselves: the one whose
 * pages the kernel had to scan most meanwhile, because it keeps exchanging its memory. If none was
 * scanned, it ends the largest. Then it sleeps again, and a new stall is measured from its own
 * beginning.
 *
 * Scanned pages alone would blame the wrong group: without swap the kernel scans only page cache,
 * wherever it is, and a group that slept had more of it than the group that wanted all the memory
 * (6.1).
 */
#include "group/life/guard.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "group/handle.h"
#include "group/stats/events.h"
#include "group/stats/metrics.h"
#include "host/names.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/kill.h"
#include "sys/cgroup/members.h"
#include "sys/cgroup/walk.h"
#include "sys/syscalls.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/size.h"

/* The shortest window of a trigger, and the shortest time that is measured behind it. */
#define WINDOW_USEC 500000
#define MEASURE_MIN_USEC 500000

#define DURATION_MIN_USEC 1000000
#define DURATION_MAX_USEC UINT64_C(3600000000)

/* How long the processes of a group have to die; a fork bomb of thousands has taken 1.7 s. */
#define END_MSEC 10000

/* The counters of a group when the measuring began. */
struct mark {
	char name[NAME_MAX + 1];
	uint64_t stalled_usec;
	uint64_t scanned_pages;
};

struct ration_guard {
	struct ration_guard_options options;
	char *name;
	int tenant_fd, epoll_fd, timer_fd;
	struct ration_events *events;
	char ended[NAMES_SHOWN_MAX]; /* the address of the group that was ended last */
	bool measuring;
	uint64_t measure_usec;
	uint64_t mark_usec, mark_stalled_usec;
	struct mark *marks;
	size_t n_marks, marks_room;
};

static const char *pressure_line(const struct ration_guard *guard)
{
	return guard->options.pressure_some ? "some" : "full";
}

/* ---------------------------------------------------------------- choosing */

bool guard_rather(const struct guard_candidate *a, const struct guard_candidate *b)
{
	if (a->avoided != b->avoided)
		return b->avoided;
	if (a->stalling != b->stalling)
		return a->stalling;
	if (a->scanned_pages != b->scanned_pages)
		return a->scanned_pages > b->scanned_pages;
	return a->memory_bytes > b->memory_bytes;
}

static uint64_t scanned_pages(int group_fd)
{
	char text[CG_FILE_MAX];
	uint64_t pages;

	if (cg_read(group_fd, "memory.stat", text, sizeof(text)) < 0 || cg_text_key(text, "pgscan", &pages) < 0)
		return 0;
	return pages;
}

/* Some of its processes, since it was made. */
static uint64_t stalled_usec(int group_fd)
{
	uint64_t usec = metrics_memory_pressure(group_fd, "some");

	return usec == USAGE_ABSENT ? 0 : usec;
}

static int mark_visit(int dir_fd, const char *name, void *data)
{
	CLEANUP(closep) int fd = cg_open_dir(dir_fd, name);
	struct ration_guard *guard = data;
	struct mark *more;

	if (fd < 0)
		return 0;
	more = array_grow(guard->marks, guard->n_marks, &guard->marks_room, sizeof(*more));
	if (!more)
		return -ENOMEM;
	guard->marks = more;
	more += guard->n_marks++;
	(void)snprintf(more->name, sizeof(more->name), "%s", name);
	more->stalled_usec = stalled_usec(fd);
	more->scanned_pages = scanned_pages(fd);
	return 0;
}

/* For a group that came later, everything counts. */
static struct mark marked(const struct ration_guard *guard, const char *name)
{
	for (size_t i = 0; i < guard->n_marks; i++) {
		if (strcmp(guard->marks[i].name, name) == 0)
			return guard->marks[i];
	}
	return (struct mark) { .stalled_usec = 0 };
}

static uint64_t since(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

static bool is_avoided(const struct ration_guard *guard, const char *name)
{
	for (size_t i = 0; guard->options.avoid && guard->options.avoid[i]; i++) {
		if (strcmp(guard->options.avoid[i], name) == 0)
			return true;
	}
	return false;
}

struct choice {
	const struct ration_guard *guard;
	uint64_t stalled_usec; /* the tenant */
	size_t n;
	struct guard_candidate best;
	int best_fd;           /* the group itself, whatever has its name when it is ended */
};

static void choice_done(struct choice *choice)
{
	choice->best_fd = close_fd(choice->best_fd);
}

static int choose_visit(int dir_fd, const char *name, void *data)
{
	CLEANUP(closep) int fd = cg_open_dir(dir_fd, name);
	struct choice *choice = data;
	struct guard_candidate at = { .avoided = is_avoided(choice->guard, name) };
	struct mark before = marked(choice->guard, name);

	if (fd < 0 || cg_populated(fd) <= 0)
		return 0;
	(void)snprintf(at.name, sizeof(at.name), "%s", name);
	at.stalled_usec = since(before.stalled_usec, stalled_usec(fd));
	at.stalling = at.stalled_usec >= choice->stalled_usec / 2;
	at.scanned_pages = since(before.scanned_pages, scanned_pages(fd));
	(void)cg_read_u64(fd, "memory.current", &at.memory_bytes);
	if (choice->n++ == 0 || guard_rather(&at, &choice->best)) {
		(void)close_fd(choice->best_fd);
		choice->best_fd = TAKE_FD(fd);
		choice->best = at;
	}
	return 0;
}

/* --------------------------------------------------------------- measuring */

static int set_timer(const struct ration_guard *guard, uint64_t usec)
{
	const struct itimerspec when = {
		.it_value = { .tv_sec = (time_t)(usec / 1000000), .tv_nsec = (long)(usec % 1000000) * 1000 },
	};

	return timerfd_settime(guard->timer_fd, 0, &when, NULL) < 0 ? -errno : 0;
}

static int begin_measuring(struct ration_guard *guard)
{
	int r;

	guard->n_marks = 0;
	r = cg_each_child(guard->tenant_fd, mark_visit, guard);
	if (r < 0)
		return r;
	guard->mark_usec = sys_now_usec();
	guard->mark_stalled_usec = metrics_memory_pressure(guard->tenant_fd, pressure_line(guard));
	if (guard->mark_stalled_usec == USAGE_ABSENT)
		return 0;
	guard->measuring = true;
	return set_timer(guard, guard->measure_usec);
}

static void end_group(const struct ration_guard *guard, struct ration_guard_report *report, int fd)
{
	int n = cg_count(fd);

	report->processes = n > 0 ? (uint64_t)n : 0;
	/* < 0: it is gone. */
	if (n < 0 || guard->options.dry_run)
		return;
	report->killed = true;
	report->emptied = cg_end(fd, END_MSEC) == 0;
}

/* 1: `report` says what was done. */
static int end_measuring(struct ration_guard *guard, struct ration_guard_report *report)
{
	uint64_t stalled = metrics_memory_pressure(guard->tenant_fd, pressure_line(guard));
	uint64_t elapsed = sys_now_usec() - guard->mark_usec;
	CLEANUP(choice_done) struct choice choice = { .guard = guard, .best_fd = -EBADF };
	int r;

	guard->measuring = false;
	if (stalled == USAGE_ABSENT)
		return 0;
	stalled -= guard->mark_stalled_usec;
	if (stalled < elapsed * guard->options.share_pct / 100)
		return 0;
	choice.stalled_usec = stalled;
	r = cg_each_child(guard->tenant_fd, choose_visit, &choice);
	if (r < 0 || choice.n == 0)
		return r;
	*report = (struct ration_guard_report) {
		.stalled_usec = stalled,
		.elapsed_usec = elapsed,
		.candidates = choice.n,
		.avoided = choice.best.avoided,
		.group_stalled_usec = choice.best.stalled_usec,
		.scanned_pages = choice.best.scanned_pages,
		.memory_bytes = choice.best.memory_bytes,
	};
	report->group = names_show(guard->ended, guard->name, choice.best.name);
	end_group(guard, report, choice.best_fd);
	return 1;
}

/* -------------------------------------------------------------------- next */

/* 1: the tenant is gone. */
static int handle_events(struct ration_guard *guard, struct ration_error *reterr)
{
	struct ration_event event = { .size = sizeof(event) };
	int r;

	while ((r = ration_events_next(guard->events, &event, reterr)) > 0) {
		if (event.kind == RATION_EVENT_GONE)
			return 1;
		/* If a look fails, there is another at the next stall. */
		if (event.kind == RATION_EVENT_PRESSURE && !guard->measuring && begin_measuring(guard) == -ENOMEM)
			return error_oom(reterr);
	}
	return r;
}

/* 1: something was done. */
static int give(struct ration_guard_report *to, const struct ration_guard_report *report,
		struct ration_error *reterr)
{
	int r = GIVE_RESULT(struct ration_guard_report, to, report, reterr);

	return r < 0 ? r : 1;
}

int ration_guard_next(struct ration_guard *guard, struct ration_guard_report *ret_report,
		struct ration_error *reterr)
{
	struct ration_guard_report report = { .group = "" };
	uint64_t expirations;
	int r;

	r = CHECK_RESULT(struct ration_guard_report, ret_report, reterr);
	if (r == 0)
		r = handle_events(guard, reterr);
	if (r < 0)
		return r;
	if (r > 0) {
		report.gone = true;
		return give(ret_report, &report, reterr);
	}
	if (read(guard->timer_fd, &expirations, sizeof(expirations)) != sizeof(expirations))
		return 0;
	r = end_measuring(guard, &report);
	if (r < 0 && cg_populated(guard->tenant_fd) > 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't list the groups of %s: %s", guard->name,
				error_text(r));
	return r <= 0 ? 0 : give(ret_report, &report, reterr);
}

/* -------------------------------------------------------------------- open */

static int check_options(const struct ration_guard_options *options, struct ration_error *reterr)
{
	char text[RATION_TEXT_MAX];
	int r = 0;

	if (options->share_pct < 1 || options->share_pct > 100)
		return error_set(reterr, -ERANGE, RATION_CAUSE_INVALID,
				"a share of %u %%: range 1 to 100", options->share_pct);
	if (options->duration_usec < DURATION_MIN_USEC || options->duration_usec > DURATION_MAX_USEC) {
		(void)error_set(reterr, -ERANGE, RATION_CAUSE_INVALID, "a stall of %s: range 1 s to 1 h",
				ration_format_duration(text, options->duration_usec));
		return error_hint(reterr, -ERANGE, "use a stall of one second or more");
	}
	for (size_t i = 0; r == 0 && options->avoid && options->avoid[i]; i++)
		r = names_check("group", options->avoid[i], reterr);
	return r;
}

static int open_fds(struct ration_guard *guard, int tenant_fd)
{
	struct epoll_event wanted = { .events = EPOLLIN };

	guard->tenant_fd = fcntl(tenant_fd, F_DUPFD_CLOEXEC, 3);
	guard->epoll_fd = guard->tenant_fd < 0 ? -EBADF : lift_fd(epoll_create1(EPOLL_CLOEXEC));
	guard->timer_fd = guard->epoll_fd < 0 ? -EBADF :
		lift_fd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
	if (guard->timer_fd < 0)
		return -errno;
	if (epoll_ctl(guard->epoll_fd, EPOLL_CTL_ADD, guard->timer_fd, &wanted) < 0 ||
			epoll_ctl(guard->epoll_fd, EPOLL_CTL_ADD, ration_events_fd(guard->events), &wanted) < 0)
		return -errno;
	return 0;
}

static void guard_freep(struct ration_guard **guard)
{
	*guard = ration_guard_free(*guard);
}

static int open_events(struct ration_guard *guard, int tenant_fd, struct ration_error *reterr)
{
	const struct ration_events_options wanted = {
		.size = sizeof(wanted),
		.kinds = RATION_EVENT_BIT(RATION_EVENT_PRESSURE) | RATION_EVENT_BIT(RATION_EVENT_GONE),
		.pressure_some = guard->options.pressure_some,
		.pressure_stall_usec = (uint64_t)WINDOW_USEC * guard->options.share_pct / 100,
		.pressure_window_usec = WINDOW_USEC,
	};

	return events_open(tenant_fd, guard->name, &wanted, &guard->events, reterr);
}

int guard_open(int tenant_fd, const char *name, const struct ration_guard_options *given,
		struct ration_guard **ret_guard, struct ration_error *reterr)
{
	struct ration_guard_options options;
	CLEANUP(guard_freep) struct ration_guard *guard = NULL;
	int r = TAKE_OPTIONS(struct ration_guard_options, &options, given, reterr);

	if (r == 0)
		r = check_options(&options, reterr);
	if (r < 0)
		return r;
	guard = calloc(1, sizeof(*guard));
	if (!guard)
		return error_oom(reterr);
	guard->tenant_fd = guard->epoll_fd = guard->timer_fd = -EBADF;
	guard->options = options;
	guard->measure_usec = options.duration_usec - WINDOW_USEC > MEASURE_MIN_USEC
			? options.duration_usec - WINDOW_USEC : MEASURE_MIN_USEC;
	guard->name = strdup(name);
	if (!guard->name)
		return error_oom(reterr);
	r = open_events(guard, tenant_fd, reterr);
	if (r < 0)
		return r;
	r = open_fds(guard, tenant_fd);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't watch %s: %s", name, error_text(r));
	*ret_guard = TAKE_PTR(guard);
	return 0;
}

int ration_guard_open(const struct ration_group *tenant, const struct ration_guard_options *options,
		struct ration_guard **ret_guard, struct ration_error *reterr)
{
	int r = handle_check(tenant, reterr);

	if (r < 0)
		return r;
	if (!tenant->tenant)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s is a group, not a tenant",
				tenant->address);
	return guard_open(tenant->at.fd, tenant->address, options, ret_guard, reterr);
}

struct ration_guard *ration_guard_free(struct ration_guard *guard)
{
	if (guard) {
		guard->events = ration_events_free(guard->events);
		(void)close_fd(guard->tenant_fd);
		(void)close_fd(guard->epoll_fd);
		(void)close_fd(guard->timer_fd);
		free(guard->marks);
		free(guard->name);
		free(guard);
	}
	return NULL;
}

int ration_guard_fd(const struct ration_guard *guard)
{
	return guard->epoll_fd;
}
