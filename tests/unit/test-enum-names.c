/* SPDX-License-Identifier: MIT */
/*
 * test-enum-names.c - the words of plans and receipts
 *
 * The words are written out here once more on purpose: they are an interface,
 * and a change must be made twice to go through.
 */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "ration.h"
#include "util/cleanup.h"
#include "util/errno-names.h"
#include "util/signal-names.h"
#include "util/usage.h"

/* Checks names[i] of values[i], and that no other small number has a name. */
#define CHECK_NAMES(function, type, ...)                                                        \
	do {                                                                                    \
		static const struct {                                                           \
			unsigned value;                                                         \
			const char *word;                                                       \
		} rows[] = { __VA_ARGS__ };                                                     \
		size_t n = 0;                                                                   \
                                                                                                \
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)                                   \
			assert_string_equal(function((enum type)rows[i].value), rows[i].word); \
		for (unsigned value = 0; value < 2000; value++)                                 \
			n += function((enum type)value) != NULL;                                \
		assert_int_equal(n, ARRAY_SIZE(rows));                                          \
		assert_null(function((enum type)-1));                                           \
	} while (0)

static void test_names(void **state)
{
	(void)state;
	CHECK_NAMES(ration_mechanism_name, ration_mechanism, { 0, "none" }, { 100, "cgroup2" }, { 101, "cgroup1" },
			{ 200, "rlimit" }, { 201, "affinity" }, { 202, "nice" }, { 300, "watch" });
	CHECK_NAMES(ration_scope_name, ration_scope, { 0, "none" }, { 1, "group" }, { 2, "process" }, { 3, "user" });
	CHECK_NAMES(ration_verdict_name, ration_verdict, { 0, "ok" }, { 1, "exit" }, { 2, "signal" },
			{ 100, "memory" }, { 101, "memory-external" }, { 102, "memory-stall" }, { 200, "cpu-time" },
			{ 201, "cpu-time-soft" }, { 300, "pids" }, { 500, "wall-time" }, { 600, "output" },
			{ 700, "interrupted" }, { 800, "not-started" }, { 801, "internal" });
	CHECK_NAMES(ration_level_name, ration_level, { 0, "group" }, { 100, "tenant" }, { 200, "ancestor" },
			{ 300, "outside" }, { 400, "machine" });
	CHECK_NAMES(ration_source_name, ration_source, { 0, "absent" }, { 100, "cgroup2" }, { 101, "cgroup1" },
			{ 200, "rusage" }, { 300, "sampled" }, { 301, "clock" });
	CHECK_NAMES(ration_severity_name, ration_severity, { 0, "ok" }, { 100, "note" }, { 200, "warn" },
			{ 300, "bad" });
	CHECK_NAMES(ration_state_name, ration_state, { 0, "unknown" }, { 1, "running" }, { 2, "frozen" }, { 3, "stopped" }, { 4, "empty" });
	CHECK_NAMES(ration_owner_name, ration_owner, { 0, "unknown" }, { 1, "alive" }, { 2, "dead" }, { 3, "kept" },
			{ 4, "implied" });
	CHECK_NAMES(ration_event_name, ration_event_kind, { 0, "oom" }, { 1, "oom-kill" }, { 2, "memory-high" },
			{ 16, "tasks-refused" }, { 24, "populated" }, { 25, "empty" }, { 26, "frozen" },
			{ 27, "thawed" }, { 28, "gone" }, { 40, "pressure" });
}

static void test_metrics(void **state)
{
	enum ration_metric metric;
	size_t n = 0, named = 0;

	(void)state;
	for (; (metric = ration_metric_at(n)) != RATION_METRIC_NONE; n++) {
		const char *name = ration_metric_name(metric);

		assert_non_null(name);
		assert_int_equal(metric_index(metric), n);
		for (size_t j = 0; j < n; j++)
			assert_string_not_equal(name, ration_metric_name(ration_metric_at(j)));
	}
	assert_int_equal(n, METRIC_INDEX_COUNT);
	for (int value = 0; value < 2000; value++)
		named += ration_metric_name((enum ration_metric)value) != NULL;
	assert_int_equal(named, n);
	assert_string_equal(ration_metric_name(RATION_METRIC_WALL_USEC), "wall_usec");
	assert_string_equal(ration_metric_name(RATION_METRIC_MEMORY_PEAK_BYTES), "memory_peak_bytes");
	assert_string_equal(ration_metric_name(RATION_METRIC_MEMORY_PRESSURE_FULL_USEC),
			"memory_pressure_full_usec");
	assert_string_equal(ration_metric_name(RATION_METRIC_STDERR_BYTES), "stderr_bytes");
	assert_int_equal(metric_index(RATION_METRIC_NONE), METRIC_INDEX_COUNT);
	assert_int_equal(metric_index((enum ration_metric)-1), METRIC_INDEX_COUNT);
}

/* The numbers are the interface: a program that was compiled with them has nothing else. */
static void test_numbers(void **state)
{
	static const struct {
		unsigned value, expected;
	} rows[] = {
		{ RATION_LIMIT_MEMORY, 100 }, { RATION_LIMIT_SWAP, 101 }, { RATION_LIMIT_HUGETLB, 105 },
		{ RATION_LIMIT_CPUS, 200 }, { RATION_LIMIT_CPUSET_MEMS, 206 }, { RATION_LIMIT_PIDS, 300 },
		{ RATION_LIMIT_IO_READ_BPS, 400 }, { RATION_LIMIT_IO_WRITE_IOPS, 403 }, { RATION_LIMIT_TIMEOUT, 500 },
		{ RATION_LIMIT_STALL_TIMEOUT, 501 }, { RATION_LIMIT_OUTPUT, 600 }, { RATION_LIMIT_RLIMIT_AS, 1000 },
		{ RATION_LIMIT_RLIMIT_STACK, 1015 }, { RATION_METRIC_MEMORY_PEAK_BYTES, 100 },
		{ RATION_METRIC_SWAP_CURRENT_BYTES, 151 }, { RATION_METRIC_CPU_USEC, 200 },
		{ RATION_METRIC_PIDS_REFUSED, 302 }, { RATION_METRIC_IO_PRESSURE_FULL_USEC, 404 },
		{ RATION_METRIC_WALL_USEC, 500 }, { RATION_METRIC_STDERR_BYTES, 601 },
		{ RATION_CAUSE_BAD_NAME, 102 }, { RATION_CAUSE_NOT_ENFORCEABLE, 204 }, { RATION_CAUSE_COMMAND, 400 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(rows[i].value == rows[i].expected, "%u, not %u", rows[i].value, rows[i].expected);
}

/* What isn't known is 0, whatever was there before; so is what isn't a metric. */
static void test_usage(void **state)
{
	struct usage usage = { .value = { 0 } };
	uint64_t value = 1;

	(void)state;
	assert_int_equal(usage_get(&usage, RATION_METRIC_WALL_USEC, &value), RATION_SOURCE_ABSENT);
	assert_int_equal(value, 0);
	usage_set(&usage, RATION_METRIC_WALL_USEC, 7, RATION_SOURCE_CLOCK);
	usage_set(&usage, RATION_METRIC_WALL_USEC, UINT64_MAX, RATION_SOURCE_SAMPLED);
	usage_set(&usage, (enum ration_metric)99999, 8, RATION_SOURCE_CLOCK);
	assert_int_equal(usage_get(&usage, RATION_METRIC_WALL_USEC, &value), RATION_SOURCE_CLOCK);
	assert_int_equal(value, 7);
	usage_unset(&usage, RATION_METRIC_WALL_USEC);
	assert_int_equal(usage_get(&usage, RATION_METRIC_WALL_USEC, &value), RATION_SOURCE_ABSENT);
	assert_int_equal(value, 0);
	assert_int_equal(usage_get(&usage, (enum ration_metric)99999, &value), RATION_SOURCE_ABSENT);
	assert_int_equal(usage_get(&usage, RATION_METRIC_NONE, NULL), RATION_SOURCE_ABSENT);
}

static void test_names_of_the_system(void **state)
{
	(void)state;
	assert_string_equal(errno_name(EACCES), "EACCES");
	assert_string_equal(errno_name(ENOENT), "ENOENT");
	assert_null(errno_name(0));
	assert_null(errno_name(4095));
	assert_string_equal(signal_name(SIGKILL), "KILL");
	assert_null(signal_name(0));
	assert_null(signal_name(-1));
	assert_null(signal_name(4711));
}

static void test_version(void **state)
{
	(void)state;
	assert_string_equal(ration_version(), RATION_VERSION);
	assert_int_equal(ration_version_number(), RATION_VERSION_NUMBER);
	assert_true(RATION_VERSION_NUMBER_OF(0, 2, 0) == 200 && RATION_VERSION_NUMBER_OF(1, 12, 3) == 11203);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_names_of_the_system),
		cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests_name("enum-names", tests, NULL, NULL);
}
