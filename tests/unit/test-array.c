/* SPDX-License-Identifier: MIT */
/*
 * test-array.c - an array that grows keeps what is in it, also where there is no memory
 */
#include "unit.h"

#include <stdint.h>
#include <stdlib.h>

#include "util/array.h"

#define MANY 1000

static void test_keeps_what_is_there(void **state)
{
	size_t room = 0, moves = 0, before = 0;
	unsigned *array = NULL;

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		array = array_grow(array, i, &room, sizeof(*array));
		assert_non_null(array);
		assert_true(room > i);
		moves += room != before;
		before = room;
		array[i] = i;
	}
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(array[i], i);
	/* 16, 32, ... 1024. */
	assert_int_equal(moves, 7);
	free(array);
}

static void test_no_memory(void **state)
{
	size_t room = 0, full;
	char *array = array_grow(NULL, 0, &room, 1), *same;

	(void)state;
	assert_non_null(array);
	full = room;
	array[0] = 'a';
	assert_null(array_grow(array, full, &room, SIZE_MAX / 8));
	assert_int_equal(room, full);
	assert_int_equal(array[0], 'a');
	same = array_grow(array, full - 1, &room, 1);
	assert_ptr_equal(same, array);
	free(array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_what_is_there),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
