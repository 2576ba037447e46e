/* SPDX-License-Identifier: MIT */
/*
 * test-events.c - what happens to a group, as far as a group without controllers shows it
 */
#include "unit.h"

#include "base.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "group/stats/events.h"
#include "util/cleanup.h"

/* What is waited for is an event. */
#define DEADLINE_MSEC (1000 * DEADLINE_SECONDS)

static bool readable(int fd, int timeout_msec)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, timeout_msec) == 1;
}

static struct ration_events *open_events(int fd, uint32_t kinds)
{
	struct ration_events_options options = { .size = sizeof(options), .kinds = kinds };
	struct ration_error error = { .message = "" };
	struct ration_events *events = NULL;
	int r = events_open(fd, "acme/vm7", &options, &events, &error);

	assert_row(r == 0, "%d: %s", r, error.message);
	return events;
}

/* Waits for one event, which must be this one. */
static void expect(struct ration_events *events, enum ration_event_kind kind)
{
	struct ration_event event = { .size = sizeof(event) };

	assert_row(readable(ration_events_fd(events), DEADLINE_MSEC), "no event, not '%s'", ration_event_name(kind));
	assert_int_equal(ration_events_next(events, &event, NULL), 1);
	assert_string_equal(ration_event_name(event.kind), ration_event_name(kind));
	assert_int_equal(event.count, 1);
}

static void expect_none(struct ration_events *events)
{
	struct ration_event event = { .size = sizeof(event) };

	assert_int_equal(ration_events_next(events, &event, NULL), 0);
	assert_false(readable(ration_events_fd(events), 0));
}

static pid_t sleeper(int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(cg_attach(fd, pid), 0);
	return pid;
}

static void end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_life(void **state)
{
	struct base base;
	struct ration_events *events;
	pid_t pid;
	int fd;

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	events = open_events(fd, 0);
	expect_none(events);
	pid = sleeper(fd);
	expect(events, RATION_EVENT_POPULATED);
	expect_none(events);
	assert_int_equal(cg_write(fd, "cgroup.freeze", "1"), 0);
	expect(events, RATION_EVENT_FROZEN);
	assert_int_equal(cg_write(fd, "cgroup.freeze", "0"), 0);
	expect(events, RATION_EVENT_THAWED);
	end(pid);
	expect(events, RATION_EVENT_EMPTY);
	expect_none(events);
	assert_int_equal(cg_rmdir(host_now(base.host)->base_fd, base.nspace), 0);
	if (ration_events_kinds(events) & RATION_EVENT_BIT(RATION_EVENT_GONE))
		expect(events, RATION_EVENT_GONE);
	/* And it stays quiet, though the kernel's files don't. */
	expect_none(events);
	assert_null(ration_events_free(events));
	(void)close(fd);
	base_end(&base);
}

/* What is there when the watching begins isn't an event. */
static void test_baseline(void **state)
{
	struct base base;
	struct ration_events *events;
	pid_t pid;
	int fd;

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	pid = sleeper(fd);
	events = open_events(fd, 0);
	expect_none(events);
	end(pid);
	expect(events, RATION_EVENT_EMPTY);
	events = ration_events_free(events);
	base_remove(&base, fd);
}

/* A caller that takes one event for each wake-up gets all of them. */
static void test_one_at_a_time(void **state)
{
	struct base base;
	struct ration_events *events;
	pid_t pid;
	int fd;
	char text[64];

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	events = open_events(fd, 0);
	pid = sleeper(fd);
	assert_int_equal(cg_write(fd, "cgroup.freeze", "1"), 0);
	assert_true(soon(cg_read(fd, "cgroup.events", text, sizeof(text)) > 0 && strstr(text, "frozen 1")));
	expect(events, RATION_EVENT_POPULATED);
	expect(events, RATION_EVENT_FROZEN);
	expect_none(events);
	events = ration_events_free(events);
	assert_int_equal(cg_write(fd, "cgroup.freeze", "0"), 0);
	end(pid);
	base_remove(&base, fd);
}

/* In somebody else's epoll, and only what was asked for. */
static void test_loop(void **state)
{
	struct epoll_event wanted = { .events = EPOLLIN }, ready;
	CLEANUP(closep) int loop = epoll_create1(EPOLL_CLOEXEC);
	struct base base;
	struct ration_events *events;
	pid_t pid;
	int fd;

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	events = open_events(fd, RATION_EVENT_BIT(RATION_EVENT_EMPTY));
	assert_int_equal(ration_events_kinds(events), RATION_EVENT_BIT(RATION_EVENT_EMPTY));
	assert_int_equal(epoll_ctl(loop, EPOLL_CTL_ADD, ration_events_fd(events), &wanted), 0);
	pid = sleeper(fd);
	assert_int_equal(epoll_wait(loop, &ready, 1, DEADLINE_MSEC), 1);
	expect_none(events);
	assert_int_equal(epoll_wait(loop, &ready, 1, 0), 0);
	end(pid);
	assert_int_equal(epoll_wait(loop, &ready, 1, DEADLINE_MSEC), 1);
	expect(events, RATION_EVENT_EMPTY);
	events = ration_events_free(events);
	base_remove(&base, fd);
}

static void test_options(void **state)
{
	static const struct {
		struct ration_events_options options;
		int result;
		const char *says;
	} rows[] = {
		{ { .size = 1 }, -EINVAL, "its size isn't set" },
		{ { .size = sizeof(rows[0].options), .kinds = 1u << 31 }, -EINVAL, "0x80000000" },
		{ { .size = sizeof(rows[0].options), .pressure_window_usec = 499999 }, -ERANGE, "499999" },
		{ { .size = sizeof(rows[0].options), .pressure_window_usec = 10000001 }, -ERANGE, "10000001" },
		{ { .size = sizeof(rows[0].options), .pressure_stall_usec = 2000001 }, -ERANGE, "2000001" },
		{ { .size = sizeof(rows[0].options), .pressure_stall_usec = 1, .pressure_window_usec = 500000 }, 0, "" },
	};
	struct base base;
	int fd;

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_error error = { .message = "" };
		struct ration_events *events = NULL;
		int r = events_open(fd, "acme", &rows[i].options, &events, &error);

		assert_row(r == rows[i].result && strstr(error.message, rows[i].says), "row %zu: %d %s", i, r,
				error.message);
		events = ration_events_free(events);
	}
	base_remove(&base, fd);
}

/* Asked for, it is refused with the reason; not asked for, it is left out. */
static void test_lacking(void **state)
{
	struct ration_events_options options = { .size = sizeof(options) };
	struct ration_error error = { .message = "" };
	struct ration_events *events = NULL;
	struct base base;
	char text[256];
	int fd;

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	assert_true(cg_read(fd, "cgroup.controllers", text, sizeof(text)) >= 0);
	events = open_events(fd, 0);
	assert_int_equal(!!(ration_events_kinds(events) & RATION_EVENT_BIT(RATION_EVENT_OOM)),
			cg_text_has_word(text, "memory"));
	assert_int_equal(!!(ration_events_kinds(events) & RATION_EVENT_BIT(RATION_EVENT_TASKS_REFUSED)),
			cg_text_has_word(text, "pids"));
	events = ration_events_free(events);
	options.kinds = RATION_EVENT_BIT(RATION_EVENT_TASKS_REFUSED);
	if (!cg_text_has_word(text, "pids")) {
		assert_int_equal(events_open(fd, "acme/vm7", &options, &events, &error), -EOPNOTSUPP);
		assert_int_equal(error.cause, RATION_CAUSE_NO_CONTROLLER);
		assert_non_null(strstr(error.message, "acme/vm7"));
		assert_non_null(strstr(error.message, "pids controller"));
		assert_null(events);
	}
	base_remove(&base, fd);
}

static void test_vanished(void **state)
{
	struct ration_error error = { .message = "" };
	struct ration_events *events = NULL;
	struct base base;
	int fd;

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	assert_int_equal(cg_rmdir(host_now(base.host)->base_fd, base.nspace), 0);
	assert_int_equal(events_open(fd, "acme/vm7", NULL, &events, &error), -ENOENT);
	assert_int_equal(error.cause, RATION_CAUSE_VANISHED);
	(void)close(fd);
	base_end(&base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_baseline),
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_lacking),
		cmocka_unit_test(test_vanished),
	};

	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
