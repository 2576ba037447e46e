/* SPDX-License-Identifier: MIT */
/*
 * test-pressure.c - when what a pressure file says is an event
 */
#include "unit.h"

#include "files.h"

#include <fcntl.h>

#include "group/stats/counters.h"
#include "group/stats/pressure.h"
#include "util/cleanup.h"

static char dir[PATH_MAX];

static void put(unsigned total)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "some avg10=0.00 avg60=0.00 avg300=0.00 total=%u\nfull total=7\n", total);
	files_put(dir, "pressure", text);
}

static int open_file(void)
{
	char path[PATH_MAX + 16];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/pressure", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void test_what_has_gathered_is_an_event(void **state)
{
	struct pressure pressure = { .line = "some", .stall_usec = 50, .window_usec = UINT64_MAX };
	CLEANUP(closep) int fd = -EBADF;

	(void)state;
	files_begin(dir);
	put(100);
	fd = open_file();
	pressure_begin(&pressure, fd);
	put(149);
	assert_false(pressure_measure(&pressure, fd, false));
	put(160);
	assert_true(pressure_measure(&pressure, fd, false));
	assert_int_equal(pressure.stalled_usec, 60);
	/* It counts from there on. */
	put(170);
	assert_false(pressure_measure(&pressure, fd, false));
	/* The kernel has said so, however little there is. */
	assert_true(pressure_measure(&pressure, fd, true));
	assert_int_equal(pressure.stalled_usec, 10);
	files_end(dir);
}

/* What lies longer ago than a window doesn't count. */
static void test_a_window_passes(void **state)
{
	struct pressure pressure = { .line = "some", .stall_usec = 50, .window_usec = 0 };
	CLEANUP(closep) int fd = -EBADF;

	(void)state;
	files_begin(dir);
	put(0);
	fd = open_file();
	pressure_begin(&pressure, fd);
	put(30);
	assert_false(pressure_measure(&pressure, fd, false));
	put(45);
	assert_false(pressure_measure(&pressure, fd, false));
	put(70);
	assert_false(pressure_measure(&pressure, fd, false));
	put(95);
	assert_true(pressure_measure(&pressure, fd, false));
	assert_int_equal(pressure.stalled_usec, 50);
	files_end(dir);
}

/* Without a line there is nothing to measure; when it comes, that is where it begins. */
static void test_no_such_line(void **state)
{
	struct pressure pressure = { .line = "some", .stall_usec = 50, .window_usec = UINT64_MAX };
	CLEANUP(closep) int fd = -EBADF;

	(void)state;
	files_begin(dir);
	files_put(dir, "pressure", "full total=7\n");
	fd = open_file();
	pressure_begin(&pressure, fd);
	assert_false(pressure_measure(&pressure, fd, true));
	put(1000);
	assert_false(pressure_measure(&pressure, fd, false));
	put(1050);
	assert_true(pressure_measure(&pressure, fd, false));
	assert_int_equal(pressure.stalled_usec, 50);
	files_end(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_has_gathered_is_an_event),
		cmocka_unit_test(test_a_window_passes),
		cmocka_unit_test(test_no_such_line),
	};

	return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}
