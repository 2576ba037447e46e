/* SPDX-License-Identifier: MIT */
/*
 * test-guard.c - which group is ended, and what is refused
 */
#include "unit.h"

#include "base.h"

#include <string.h>

#include "group/life/guard.h"
#include "util/cleanup.h"

static void test_choice(void **state)
{
	/* In each row, the first is to be ended rather than the second. */
	static const struct guard_candidate rows[][2] = {
		{ { .scanned_pages = 2 }, { .scanned_pages = 1 } },
		{ { .scanned_pages = 2, .memory_bytes = 1 }, { .scanned_pages = 1, .memory_bytes = 9 } },
		{ { .memory_bytes = 2 }, { .memory_bytes = 1 } },
		{ { .stalling = true, .scanned_pages = 1 }, { .scanned_pages = 9, .memory_bytes = 9 } },
		{ { .stalled_usec = 1, .memory_bytes = 2 }, { .stalled_usec = 9, .memory_bytes = 1 } },
		{ { .scanned_pages = 1 }, { .stalling = true, .avoided = true } },
		{ { .scanned_pages = 1 }, { .scanned_pages = 9, .memory_bytes = 9, .avoided = true } },
		{ { .scanned_pages = 2, .avoided = true }, { .scanned_pages = 1, .avoided = true } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(guard_rather(&rows[i][0], &rows[i][1]) && !guard_rather(&rows[i][1], &rows[i][0]),
				"row %zu", i);
	assert_false(guard_rather(&rows[0][0], &rows[0][0]));
}

static void test_options(void **state)
{
	static char bad_name[] = "a/b";
	static char *const avoid[] = { bad_name, NULL };
	static const struct {
		struct ration_guard_options options;
		int result;
		const char *says;
	} rows[] = {
		{ { .size = 1 }, -EINVAL, "its size isn't set" },
		{ { .size = sizeof(rows[0].options), .duration_usec = 2000000 }, -ERANGE, "0 %" },
		{ { .size = sizeof(rows[0].options), .share_pct = 101, .duration_usec = 2000000 }, -ERANGE, "101 %" },
		{ { .size = sizeof(rows[0].options), .share_pct = 60, .duration_usec = 999999 }, -ERANGE, "1 s to 1 h" },
		{ { .size = sizeof(rows[0].options), .share_pct = 60, .duration_usec = 3600000001 }, -ERANGE, "1 s to 1 h" },
		{ { .size = sizeof(rows[0].options), .share_pct = 60, .duration_usec = 2000000, .avoid = avoid }, -EINVAL, "character" },
	};
	struct base base;
	int fd;

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_error error = { .message = "" };
		struct ration_guard *guard = NULL;
		int r = guard_open(fd, "acme", &rows[i].options, &guard, &error);

		assert_row(r == rows[i].result && strstr(error.message, rows[i].says), "row %zu: %d %s", i, r,
				error.message);
		guard = ration_guard_free(guard);
	}
	base_remove(&base, fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
