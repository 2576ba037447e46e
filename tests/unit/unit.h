/* SPDX-License-Identifier: MIT */
/*
 * unit.h - what every unit test includes
 *
 * cmocka.h wants these headers before it, and in this order.
 */
#ifndef RATION_TESTS_UNIT_H
#define RATION_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* Far more than anything takes, however busy the machine: it ends what hangs. */
#define DEADLINE_SECONDS 300

/* Ends the test, which this machine can't show, and says why: tests/check reads that. */
#define skip_because(...)                                 \
	do {                                              \
		print_message("# skipped: " __VA_ARGS__); \
		print_message("\n");                      \
		skip();                                   \
	} while (0)

/*
 * For tests that count the tasks or the memory of their own processes: ThreadSanitizer has a thread and
 * some memory of its own in each. They run without it.
 */
#ifdef __SANITIZE_THREAD__
#define uncounted_by_tsan() skip_because("ThreadSanitizer has a thread and memory of its own in each process")
#else
#define uncounted_by_tsan() ((void)0)
#endif

/* Waits until `condition` is true; false: the deadline has passed. */
#define soon(condition)                                                  \
	({                                                               \
		const time_t _end = time(NULL) + DEADLINE_SECONDS;       \
		bool _true;                                              \
		while (!(_true = (condition)) && time(NULL) < _end)      \
			(void)usleep(2000);                              \
		_true;                                                   \
	})

/* For tables: stops at a row that doesn't hold, and says which one it was. */
#define assert_row(condition, ...)                \
	do {                                      \
		if (!(condition)) {               \
			print_error(__VA_ARGS__); \
			print_error("\n");        \
			assert_true(condition);   \
		}                                 \
	} while (0)

#endif
