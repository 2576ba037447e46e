/* SPDX-License-Identifier: MIT */
/*
 * test-budget-text.c - budgets as text, and pressure as the kernel writes it
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "group/budget/budget-text.h"
#include "util/cleanup.h"

static void test_round(void **state)
{
	static const struct {
		const char *text, *as;
	} table[] = {
		{ "runs=3", "runs=3" },
		{ "memory=8G", "memory=8G" },
		{ "memory=8589934592", "memory=8G" },
		{ "memory=1.5Gx1.5", "memory=1536Mx1.5" },
		{ "memory=12.5%", "memory=12.5%" },
		{ "cpus=4,memory=1000,runs=100", "runs=100,memory=1000,cpus=4" },
		{ "cpus=.25x0.5", "cpus=0.25x0.5" },
		{ "cpus=150%", "cpus=1.5" },
		{ "pressure=0%", "pressure=0%" },
		{ "pressure=none,runs=1", "runs=1,pressure=none" },
		{ "available=1G", "available=1G" },
		{ "memory=none", "" },
		{ "none", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct budget budget = BUDGET_NONE, again = BUDGET_NONE;
		char text[BUDGET_TEXT_MAX], once_more[BUDGET_TEXT_MAX];
		struct ration_error error;

		assert_row(budget_parse("--budget", table[i].text, &budget, &error) == 0, "%s", table[i].text);
		assert_string_equal(budget_format(text, &budget), table[i].as);
		if (!text[0])
			continue;
		assert_row(budget_parse("--budget", text, &again, &error) == 0, "%s", text);
		assert_string_equal(budget_format(once_more, &again), text);
	}
}

static void test_refused(void **state)
{
	static const char *const table[] = {
		"", ",", "runs", "runs=", "=3", "runs=0", "runs=-1", "runs=1.5", "runs=3x2", "runs=18446744073709551615",
		"memory=0", "memory=1GB", "memory=101%", "memory=0%", "memory=lots", "memory=1Gx", "memory=1Gx0", "memory=1Gxnan",
		"memory=1Gx1e9", "memory=1Gx50%", "cpus=0", "cpus=four", "pressure=10", "pressure=101%", "pressure=nan%",
		"available=x", "disk=3", "disk=none", "runs=3,", "runs=3,,cpus=4", "runs=3,runs=4", "runs=3 cpus=4", "none,runs=3",
		"memory=99999999999999999999999999999999999999999999999999999999999999999999999999999999",
		"a-key-that-is-far-too-long-to-be-any-key-of-a-budget-whatever-it-may-mean=3",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct budget budget = BUDGET_NONE;
		struct ration_error error = { .message = "" };
		char text[BUDGET_TEXT_MAX];

		budget.part[RATION_RESOURCE_RUNS] = (struct budget_part) { .set = true, .amount = 7, .overcommit_pct = 100 };
		assert_row(budget_parse("--budget", table[i], &budget, &error) < 0, "%s", table[i]);
		assert_row(strstr(error.message, "--budget") && error.hint[0], "%s", table[i]);
		/* All or nothing. */
		assert_string_equal(budget_format(text, &budget), "runs=7");
	}
}

static void test_overcommit(void **state)
{
	(void)state;
	assert_int_equal(budget_with_overcommit(1000, 100), 1000);
	assert_int_equal(budget_with_overcommit(1001, 150), 1501);
	assert_int_equal(budget_with_overcommit(7, 50), 3);
	assert_true(budget_with_overcommit(UINT64_MAX - 1, 100000) < RATION_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_overcommit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
