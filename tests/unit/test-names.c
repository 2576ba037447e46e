/* SPDX-License-Identifier: MIT */
/*
 * test-names.c - the words of plans and receipts
 *
 * The words are written out here once more on purpose: they are an interface,
 * and a change must be made twice to go through.
 */
#include "unit.h"

#include <string.h>

#include "ration.h"
#include "util/cleanup.h"

/* Each word at its number, then nothing. */
#define CHECK_NAMES(function, type, last, ...)                                             \
	do {                                                                               \
		static const char *const words[] = { __VA_ARGS__ };                        \
                                                                                           \
		assert_int_equal(ARRAY_SIZE(words), (last) + 1);                           \
		for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {                         \
			assert_non_null(function((enum type)i));                           \
			assert_string_equal(function((enum type)i), words[i]);             \
		}                                                                          \
		assert_null(function((enum type)((last) + 1)));                            \
		assert_null(function((enum type)-1));                                      \
	} while (0)

static void test_names(void **state)
{
	(void)state;
	CHECK_NAMES(ration_mechanism_name, ration_mechanism, RATION_MECHANISM_WATCH, "none", "cgroup2", "cgroup1",
			"rlimit", "affinity", "nice", "watch");
	CHECK_NAMES(ration_scope_name, ration_scope, RATION_SCOPE_USER, "none", "group", "process", "user");
	CHECK_NAMES(ration_verdict_name, ration_verdict, RATION_VERDICT_INTERNAL, "ok", "exit", "signal",
			"cpu-time", "cpu-time-soft", "wall-time", "memory", "memory-external", "memory-stall",
			"pids", "output", "interrupted", "not-started", "internal");
	CHECK_NAMES(ration_level_name, ration_level, RATION_LEVEL_OUTSIDE, "group", "tenant", "ancestor",
			"machine", "outside");
	CHECK_NAMES(ration_source_name, ration_source, RATION_SOURCE_CGROUP1, "absent", "cgroup2", "rusage",
			"sampled", "clock", "cgroup1");
	CHECK_NAMES(ration_severity_name, ration_severity, RATION_SEVERITY_BAD, "ok", "note", "warn", "bad");
}

static void test_metrics(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RATION_METRIC_COUNT; i++) {
		const char *name = ration_metric_name((enum ration_metric)i);

		assert_non_null(name);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(name, ration_metric_name((enum ration_metric)j));
	}
	assert_string_equal(ration_metric_name(RATION_METRIC_WALL_USEC), "wall_usec");
	assert_string_equal(ration_metric_name(RATION_METRIC_MEMORY_PEAK_BYTES), "memory_peak_bytes");
	assert_string_equal(ration_metric_name(RATION_METRIC_MEMORY_PRESSURE_FULL_USEC),
			"memory_pressure_full_usec");
	assert_string_equal(ration_metric_name(RATION_METRIC_STDERR_BYTES), "stderr_bytes");
	assert_null(ration_metric_name((enum ration_metric)RATION_METRIC_COUNT));
}

static void test_version(void **state)
{
	(void)state;
	assert_string_equal(ration_version(), RATION_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
