/* SPDX-License-Identifier: MIT */
/*
 * test-buffer.c - a text that grows, whole or not there
 */
#include "unit.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ration.h"
#include "util/buffer.h"
#include "util/cleanup.h"

/* The n-th from now fails; 0: none does. */
static unsigned failing;

static bool fails(void)
{
	return failing > 0 && --failing == 0;
}

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

static void fill(struct buffer *buffer)
{
	for (int i = 0; i < 1000; i++) {
		buffer_put(buffer, "ab");
		buffer_printf(buffer, "%d", i % 10);
	}
	(void)buffer_add(buffer, "end", 3);
}

static void test_a_text_grows(void **state)
{
	struct buffer buffer = { .text = NULL };
	CLEANUP(freep) char *text = NULL;

	(void)state;
	fill(&buffer);
	assert_int_equal(buffer.length, 3003);
	text = buffer_take(&buffer);
	assert_int_equal(strlen(text), 3003);
	for (size_t i = 0; i < 1000; i++)
		assert_true(text[3 * i] == 'a' && text[3 * i + 1] == 'b' && text[3 * i + 2] == (char)('0' + i % 10));
	assert_string_equal(text + 3000, "end");
	assert_null(buffer.text);
}

static void test_an_empty_text_is_one(void **state)
{
	struct buffer buffer = { .text = NULL };
	CLEANUP(freep) char *text = buffer_take(&buffer);

	(void)state;
	assert_string_equal(text, "");
}

static void test_no_size_overflows(void **state)
{
	struct buffer buffer = { .text = NULL };

	(void)state;
	assert_int_equal(buffer_add(&buffer, "", SIZE_MAX - 1), -ENOMEM);
	assert_null(buffer_take(&buffer));
}

/* Whichever allocation fails: never the rest behind a gap. */
static void test_a_text_without_memory_is_not_cut(void **state)
{
	unsigned n, whole = 0;

	(void)state;
	for (n = 1; n < 100 && !whole; n++) {
		struct buffer buffer = { .text = NULL };
		CLEANUP(freep) char *text = NULL;

		failing = n;
		fill(&buffer);
		whole = failing;
		failing = 0;
		text = buffer_take(&buffer);
		assert_true(whole ? text != NULL : text == NULL);
	}
	assert_in_range(n, 5, 20);
}

/* A line that lacks the middle of its script is another command. */
static void test_a_wrapped_command_without_memory_is_not_cut(void **state)
{
	static char longest[20000];
	char *const argv[] = { (char *)"echo", longest, (char *)"x", NULL };
	const struct ration_wrap_options options = { .size = sizeof(options), .argv = argv };
	CLEANUP(freep) char *right = NULL;
	unsigned whole = 0, n;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	assert_int_equal(ration_wrap(NULL, &options, &right, NULL), 0);
	for (n = 1; n < 100 && !whole; n++) {
		CLEANUP(freep) char *line = NULL;
		struct ration_error error;
		int r;

		failing = n;
		r = ration_wrap(NULL, &options, &line, &error);
		whole = failing;
		failing = 0;
		if (!whole) {
			assert_int_equal(r, -ENOMEM);
			assert_null(line);
		} else {
			assert_string_equal(line, right);
		}
	}
	assert_true(n > 4 && whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_text_grows),
		cmocka_unit_test(test_an_empty_text_is_one),
		cmocka_unit_test(test_no_size_overflows),
		cmocka_unit_test(test_a_text_without_memory_is_not_cut),
		cmocka_unit_test(test_a_wrapped_command_without_memory_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
