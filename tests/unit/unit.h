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
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
