/* SPDX-License-Identifier: MIT */
/*
 * test-names.c - what tenants and groups may be called
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "host/names.h"
#include "util/cleanup.h"

static void test_names_are_refused(void **state)
{
	char longest[RATION_NAME_MAX + 2];
	const struct {
		const char *name;
		bool good;
	} rows[] = {
		{ "", false }, { ".", false }, { "..", false }, { "../x", false }, { "a/b", false }, { "/", false },
		{ "-rf", false }, { ".hidden", false }, { "_x", false }, { "@x", false }, { ":x", false },
		{ "a b", false }, { "a\n", false }, { "a\tb", false }, { "\xc3\xa9", false }, { "a\x1b[31m", false },
		{ "cgroup.procs", false }, { "cgroup.x", false }, { "memory.max", false }, { "cpu.stat", false },
		{ "cpuset.cpus", false }, { "pids.max", false }, { "io.max", false }, { "hugetlb.2MB.max", false },
		{ "misc.max", false }, { "rdma.max", false }, { longest, false },
		{ "a", true }, { "7", true }, { "vm-7", true }, { "a.b_c:d@e-f", true }, { "cgroup", true },
		{ "memory", true }, { "memoryx.max", true }, { "a..b", true }, { longest + 1, true },
	};

	(void)state;
	(void)memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_error error = { .message = "" };
		int r = names_check("--tenant", rows[i].name, &error);

		assert_row(r == (rows[i].good ? 0 : -EINVAL), "\"%s\": %d", rows[i].name, r);
		if (rows[i].good)
			continue;
		assert_int_equal(error.cause, RATION_CAUSE_BAD_NAME);
		assert_true(error.hint[0] && strstr(error.message, "--tenant"));
		for (const char *at = error.message; *at; at++)
			assert_row((unsigned char)*at >= ' ', "\"%s\": a control character in the message", rows[i].name);
	}
}

/* The message shows the name as it is, but for what a terminal would take as more than text. */
static void test_names_are_shown(void **state)
{
	static const char *const rows[][2] = {
		{ "a\x1b[31m", "--tenant \"a\\x1b[31m\": invalid character in name" },
		{ "\xc3\xa9", "--tenant \"\xc3\xa9\": invalid character in name" },
		{ "\xc2\x9b", "--tenant \"\\xc2\\x9b\": invalid character in name" },
		{ "a b", "--tenant \"a b\": invalid character in name" },
		{ "", "--tenant \"\": the name is empty" },
		{ "cpu.max", "--tenant \"cpu.max\": the name could be that of a kernel file" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_error error = { .message = "" };

		assert_int_equal(names_check("--tenant", rows[i][0], &error), -EINVAL);
		assert_string_equal(error.message, rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_refused),
		cmocka_unit_test(test_names_are_shown),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
