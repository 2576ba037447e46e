/* SPDX-License-Identifier: MIT */
/*
 * test-limits.c - the table of limits, and what was asked for
 */
#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "plan/limits.h"
#include "util/cleanup.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define SECOND UINT64_C(1000000)
#define NONE RATION_UNLIMITED

#define LIMIT(name) RATION_LIMIT_##name

/* ------------------------------------------------------------- the table */

static void test_rows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LIMIT_INDEX_COUNT; i++) {
		const struct ration_limit_info *info = ration_limit_at(i);

		assert_non_null(info);
		assert_int_equal(limit_index(info->limit), i);
		assert_int_equal(limit_at(i), info->limit);
		assert_ptr_equal(ration_limit_info(info->limit), info);
		assert_int_equal(info->size, sizeof(*info));
		assert_non_null(info->name);
		assert_row(info->flag && strncmp(info->flag, "--", 2) == 0, "%s: flag", info->name);
		assert_row(info->argument && *info->argument, "%s: argument", info->name);
		assert_row(info->min <= info->max, "%s: range", info->name);
		assert_row(info->fallback && *info->fallback, "%s: fallback", info->name);
		assert_row(info->unset && *info->unset, "%s: unset", info->name);
		assert_row(info->help && *info->help, "%s: help", info->name);
		assert_row(info->help[strlen(info->help) - 1] != '.', "%s: full stop", info->name);
		assert_row(info->mechanisms[0] != RATION_MECHANISM_NONE, "%s: mechanism", info->name);
		assert_row(!info->kernel_file == !info->since, "%s: a file and since when", info->name);
		for (unsigned j = 0; j < i; j++) {
			const struct ration_limit_info *other = ration_limit_at(j);

			assert_string_not_equal(info->name, other->name);
			assert_string_not_equal(info->flag, other->flag);
		}
	}
	assert_null(ration_limit_at(LIMIT_INDEX_COUNT));
	assert_null(ration_limit_info((enum ration_limit)0));
	assert_null(ration_limit_info((enum ration_limit)-1));
}

/* The example of each row is what messages tell people to write. */
static void test_examples_are_accepted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LIMIT_INDEX_COUNT; i++) {
		enum ration_limit limit = limit_at(i);
		const struct ration_limit_info *info = ration_limit_info(limit);
		struct ration_limits limits = { 0 };

		assert_row(ration_limits_parse(&limits, limit, info->example, NULL) == 0, "%s: %s", info->name,
				info->example);
		assert_true(ration_limits_has(&limits, limit));
	}
}

static void test_rlimit_resources(void **state)
{
	static const struct {
		enum ration_limit limit;
		int resource;
		const char *flag;
	} rows[] = {
		{ LIMIT(RLIMIT_AS), RLIMIT_AS, "--rlimit as" },
		{ LIMIT(RLIMIT_CORE), RLIMIT_CORE, "--rlimit core" },
		{ LIMIT(RLIMIT_CPU), RLIMIT_CPU, "--rlimit cpu" },
		{ LIMIT(RLIMIT_DATA), RLIMIT_DATA, "--rlimit data" },
		{ LIMIT(RLIMIT_FSIZE), RLIMIT_FSIZE, "--rlimit fsize" },
		{ LIMIT(RLIMIT_LOCKS), RLIMIT_LOCKS, "--rlimit locks" },
		{ LIMIT(RLIMIT_MEMLOCK), RLIMIT_MEMLOCK, "--rlimit memlock" },
		{ LIMIT(RLIMIT_MSGQUEUE), RLIMIT_MSGQUEUE, "--rlimit msgqueue" },
		{ LIMIT(RLIMIT_NICE), RLIMIT_NICE, "--rlimit nice" },
		{ LIMIT(RLIMIT_NOFILE), RLIMIT_NOFILE, "--rlimit nofile" },
		{ LIMIT(RLIMIT_NPROC), RLIMIT_NPROC, "--rlimit nproc" },
		{ LIMIT(RLIMIT_RSS), RLIMIT_RSS, "--rlimit rss" },
		{ LIMIT(RLIMIT_RTPRIO), RLIMIT_RTPRIO, "--rlimit rtprio" },
		{ LIMIT(RLIMIT_RTTIME), RLIMIT_RTTIME, "--rlimit rttime" },
		{ LIMIT(RLIMIT_SIGPENDING), RLIMIT_SIGPENDING, "--rlimit sigpending" },
		{ LIMIT(RLIMIT_STACK), RLIMIT_STACK, "--rlimit stack" },
	};

	(void)state;
	/* Each resource that the kernel has, and nothing before the first. */
	assert_int_equal(ARRAY_SIZE(rows), RLIM_NLIMITS);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(ration_limit_info(rows[i].limit)->resource, rows[i].resource);
		assert_string_equal(ration_limit_info(rows[i].limit)->flag, rows[i].flag);
		assert_true(ration_limit_info(rows[i].limit)->has_soft);
	}
	for (unsigned i = 0; i < LIMIT_INDEX_RLIMIT_AS; i++)
		assert_int_equal(ration_limit_at(i)->resource, -1);
	assert_null(ration_limit_info((enum ration_limit)106));
	assert_null(ration_limit_info((enum ration_limit)-1));
}

/* --------------------------------------------------------------- parsing */

enum expected {
	SETS,
	LIFTS_ALL, /* accepted, and nothing is asked for */
	SHARE,     /* a percentage */
	MALFORMED,
	OUT_OF_RANGE,
};

static const struct {
	enum ration_limit limit;
	const char *text;
	enum expected expected;
	uint64_t soft, hard;
} values[] = {
	/* K08 */
	{ LIMIT(MEMORY), "64M", SETS, NONE, 64 * MIB },
	{ LIMIT(MEMORY), "64MiB", SETS, NONE, 64 * MIB },
	{ LIMIT(MEMORY), "64m", SETS, NONE, 64 * MIB },
	{ LIMIT(MEMORY), "67108864", SETS, NONE, 64 * MIB },
	{ LIMIT(MEMORY), "64MB", MALFORMED, 0, 0 },
	{ LIMIT(MEMORY), "1k", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(MEMORY), "5%", SHARE, NONE, 500 },
	{ LIMIT(MEMORY), "max", SETS, NONE, NONE },
	{ LIMIT(MEMORY), "0", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(MEMORY), "-1", MALFORMED, 0, 0 },
	{ LIMIT(MEMORY), "64X", MALFORMED, 0, 0 },
	{ LIMIT(MEMORY), "1e400", MALFORMED, 0, 0 },

	{ LIMIT(MEMORY), "1M", SETS, NONE, MIB },
	{ LIMIT(MEMORY), "1048575", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(MEMORY), "9223372036854775807", SETS, NONE, INT64_MAX },
	{ LIMIT(MEMORY), "9223372036854775808", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(MEMORY), "18446744073709551615", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(MEMORY), "100000000000T", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(MEMORY), "unlimited", SETS, NONE, NONE },
	{ LIMIT(MEMORY), "MAX", MALFORMED, 0, 0 },
	{ LIMIT(MEMORY), "max ", MALFORMED, 0, 0 },
	{ LIMIT(MEMORY), "", MALFORMED, 0, 0 },
	{ LIMIT(MEMORY), NULL, MALFORMED, 0, 0 },
	{ LIMIT(MEMORY), "1M:2M", MALFORMED, 0, 0 },
	{ LIMIT(MEMORY), "100%", SHARE, NONE, 10000 },
	{ LIMIT(MEMORY), "12.5%", SHARE, NONE, 1250 },
	{ LIMIT(MEMORY), "0.01%", SHARE, NONE, 1 },
	{ LIMIT(MEMORY), "0.001%", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(MEMORY), "0%", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(MEMORY), "100.01%", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(MEMORY), "99999999999999999999999%", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(MEMORY), "-5%", MALFORMED, 0, 0 },
	{ LIMIT(MEMORY), "%", MALFORMED, 0, 0 },
	{ LIMIT(MEMORY), "5%%", MALFORMED, 0, 0 },
	{ LIMIT(MEMORY), "5M%", MALFORMED, 0, 0 },

	{ LIMIT(SWAP), "0", SETS, NONE, 0 },
	{ LIMIT(SWAP), "1", SETS, NONE, 1 },
	{ LIMIT(SWAP), "max", SETS, NONE, NONE },
	{ LIMIT(SWAP), "50%", SHARE, NONE, 5000 },
	{ LIMIT(MEMORY_HIGH), "1M", SETS, NONE, MIB },
	{ LIMIT(MEMORY_HIGH), "1048575", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(MEMORY_HIGH), "50%", SHARE, NONE, 5000 },
	{ LIMIT(MEMORY_HIGH), "max", SETS, NONE, NONE },

	{ LIMIT(MEMORY_LOW), "0", SETS, NONE, 0 },
	{ LIMIT(MEMORY_LOW), "50%", SHARE, NONE, 5000 },
	{ LIMIT(MEMORY_LOW), "max", SETS, NONE, NONE },
	{ LIMIT(MEMORY_MIN), "1", SETS, NONE, 1 },
	{ LIMIT(MEMORY_MIN), "1MB", MALFORMED, 0, 0 },

	{ LIMIT(HUGETLB), "4M", MALFORMED, 0, 0 },
	{ LIMIT(HUGETLB), ":4M", MALFORMED, 0, 0 },
	{ LIMIT(HUGETLB), "2M:", MALFORMED, 0, 0 },
	{ LIMIT(HUGETLB), "x:4M", MALFORMED, 0, 0 },
	{ LIMIT(HUGETLB), "0:4M", MALFORMED, 0, 0 },
	{ LIMIT(HUGETLB), "2M:4M:4M", MALFORMED, 0, 0 },
	{ LIMIT(HUGETLB), "2M:50%", MALFORMED, 0, 0 },
	{ LIMIT(HUGETLB), "2M:9223372036854775808", OUT_OF_RANGE, 0, 0 },

	{ LIMIT(CPUS), "1.5", SETS, NONE, 150000 },
	{ LIMIT(CPUS), "150%", SETS, NONE, 150000 },
	{ LIMIT(CPUS), "0.01", SETS, NONE, 1000 },
	{ LIMIT(CPUS), "0.00999", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(CPUS), "0", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(CPUS), "8192", SETS, NONE, UINT64_C(819200000) },
	{ LIMIT(CPUS), "8192.00001", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(CPUS), "99999999999999999999999", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(CPUS), "max", SETS, NONE, NONE },
	{ LIMIT(CPUS), "-1", MALFORMED, 0, 0 },

	{ LIMIT(CPU_BURST), "20ms", SETS, NONE, 20000 },
	{ LIMIT(CPU_BURST), "1ms", SETS, NONE, 1000 },
	{ LIMIT(CPU_BURST), "999us", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(CPU_BURST), "0", LIFTS_ALL, 0, 0 },

	{ LIMIT(CPU_IDLE), "0", SETS, NONE, 0 },
	{ LIMIT(CPU_IDLE), "1", SETS, NONE, 1 },
	{ LIMIT(CPU_IDLE), "2", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(CPU_IDLE), "yes", MALFORMED, 0, 0 },
	{ LIMIT(CPU_IDLE), "max", MALFORMED, 0, 0 },

	{ LIMIT(CPU_WEIGHT), "1", SETS, NONE, 1 },
	{ LIMIT(CPU_WEIGHT), "10000", SETS, NONE, 10000 },
	{ LIMIT(CPU_WEIGHT), "0", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(CPU_WEIGHT), "10001", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(CPU_WEIGHT), "1.5", MALFORMED, 0, 0 },
	{ LIMIT(CPU_WEIGHT), "max", MALFORMED, 0, 0 },

	{ LIMIT(CPU_TIME), "10", SETS, NONE, 10 * SECOND },
	{ LIMIT(CPU_TIME), "1:9", SETS, SECOND, 9 * SECOND },
	{ LIMIT(CPU_TIME), "500ms:1m", SETS, 500000, 60 * SECOND },
	{ LIMIT(CPU_TIME), "1us", SETS, NONE, 1 },
	{ LIMIT(CPU_TIME), "5:5", SETS, 5 * SECOND, 5 * SECOND },
	{ LIMIT(CPU_TIME), "0:5", SETS, NONE, 5 * SECOND },
	{ LIMIT(CPU_TIME), "0", LIFTS_ALL, 0, 0 },
	{ LIMIT(CPU_TIME), "0:0", LIFTS_ALL, 0, 0 },
	{ LIMIT(CPU_TIME), "9:1", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(CPU_TIME), "1:0", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(CPU_TIME), "5:", MALFORMED, 0, 0 },
	{ LIMIT(CPU_TIME), ":5", MALFORMED, 0, 0 },
	{ LIMIT(CPU_TIME), ":", MALFORMED, 0, 0 },
	{ LIMIT(CPU_TIME), "1:2:3", MALFORMED, 0, 0 },
	{ LIMIT(CPU_TIME), "1:max", MALFORMED, 0, 0 },
	{ LIMIT(CPU_TIME), "max", MALFORMED, 0, 0 },

	/* A07, A08, A09, A10 */
	{ LIMIT(TIMEOUT), "-1", MALFORMED, 0, 0 },
	{ LIMIT(TIMEOUT), "42D", MALFORMED, 0, 0 },
	{ LIMIT(TIMEOUT), "invalid", MALFORMED, 0, 0 },
	{ LIMIT(TIMEOUT), "10.34", SETS, NONE, 10340000 },
	{ LIMIT(TIMEOUT), "9.999999999", SETS, NONE, 10 * SECOND },
	{ LIMIT(TIMEOUT), "2.34e+5d", SETS, NONE, 234000 * (86400 * SECOND) },
	{ LIMIT(TIMEOUT), "1e400", SETS, NONE, UINT64_C(1) << 63 },
	{ LIMIT(TIMEOUT), "0", LIFTS_ALL, 0, 0 },
	{ LIMIT(TIMEOUT), "1e-9", SETS, NONE, 1 },
	{ LIMIT(TIMEOUT), "1e-10000", SETS, NONE, 1 },
	{ LIMIT(TIMEOUT), "1:2", SETS, SECOND, 2 * SECOND },
	{ LIMIT(TIMEOUT), "2:1", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(TIMEOUT), "0:2", SETS, NONE, 2 * SECOND },
	{ LIMIT(TIMEOUT), "0:0", LIFTS_ALL, 0, 0 },
	{ LIMIT(TIMEOUT), "1:2:3", MALFORMED, 0, 0 },

	{ LIMIT(PIDS), "1", SETS, NONE, 1 },
	{ LIMIT(PIDS), "4194304", SETS, NONE, 4194304 },
	{ LIMIT(PIDS), "max", SETS, NONE, NONE },
	{ LIMIT(PIDS), "0", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(PIDS), "4194305", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(PIDS), "18446744073709551615", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(PIDS), "1k", MALFORMED, 0, 0 },
	{ LIMIT(PIDS), "50%", MALFORMED, 0, 0 },

	{ LIMIT(CPUSET_CPUS), "0-3,8", SETS, NONE, NONE },
	{ LIMIT(CPUSET_CPUS), "8192", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(CPUSET_CPUS), "3-1", MALFORMED, 0, 0 },
	{ LIMIT(CPUSET_CPUS), "0,", MALFORMED, 0, 0 },
	{ LIMIT(CPUSET_CPUS), "", MALFORMED, 0, 0 },
	{ LIMIT(CPUSET_CPUS), "max", MALFORMED, 0, 0 },

	{ LIMIT(CPUSET_MEMS), "0-1,1023", SETS, NONE, NONE },
	{ LIMIT(CPUSET_MEMS), "1024", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(CPUSET_MEMS), "0-1024", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(CPUSET_MEMS), "1-0", MALFORMED, 0, 0 },

	{ LIMIT(IO_READ_BPS), "/data", MALFORMED, 0, 0 },
	{ LIMIT(IO_READ_BPS), "", MALFORMED, 0, 0 },
	{ LIMIT(IO_READ_BPS), ":", MALFORMED, 0, 0 },
	{ LIMIT(IO_READ_BPS), ":1M", MALFORMED, 0, 0 },
	{ LIMIT(IO_READ_BPS), "/data:", MALFORMED, 0, 0 },
	{ LIMIT(IO_READ_BPS), "/data:1MB", MALFORMED, 0, 0 },
	{ LIMIT(IO_READ_BPS), "/data:-1", MALFORMED, 0, 0 },
	{ LIMIT(IO_READ_BPS), "/data:50%", MALFORMED, 0, 0 },
	{ LIMIT(IO_READ_BPS), "/data:0", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(IO_WRITE_BPS), "/data:1023", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(IO_READ_IOPS), "/data:1", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(IO_WRITE_IOPS), "/data:4294967295", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(IO_WRITE_IOPS), "/data:1K", MALFORMED, 0, 0 },

	{ LIMIT(STALL_TIMEOUT), "5", SETS, NONE, 5 * SECOND },
	{ LIMIT(STALL_TIMEOUT), "500ms", SETS, NONE, 500000 },
	{ LIMIT(STALL_TIMEOUT), "499999us", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(STALL_TIMEOUT), "0", LIFTS_ALL, 0, 0 },

	/* G01 */
	{ LIMIT(OUTPUT), "123K", SETS, NONE, 125952 },
	{ LIMIT(OUTPUT), "0", SETS, NONE, 0 },
	{ LIMIT(OUTPUT), "5%", MALFORMED, 0, 0 },
	{ LIMIT(OUTPUT), "max", MALFORMED, 0, 0 },
	{ LIMIT(OUTPUT), "1kB", MALFORMED, 0, 0 },

	/* G03, G04, G05 */
	{ LIMIT(RLIMIT_FSIZE), "1M", SETS, NONE, MIB },
	{ LIMIT(RLIMIT_NOFILE), "32", SETS, NONE, 32 },
	{ LIMIT(RLIMIT_STACK), "1M", SETS, NONE, MIB },
	{ LIMIT(RLIMIT_NOFILE), "1024:4096", SETS, 1024, 4096 },
	{ LIMIT(RLIMIT_NOFILE), "0", SETS, NONE, 0 },
	{ LIMIT(RLIMIT_NOFILE), "0:0", SETS, 0, 0 },
	{ LIMIT(RLIMIT_NOFILE), "1:max", SETS, 1, NONE },
	{ LIMIT(RLIMIT_NOFILE), "max:max", SETS, NONE, NONE },
	{ LIMIT(RLIMIT_NOFILE), "unlimited", SETS, NONE, NONE },
	{ LIMIT(RLIMIT_NOFILE), "max:5", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(RLIMIT_NOFILE), "6:5", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(RLIMIT_NOFILE), "1k", MALFORMED, 0, 0 },
	{ LIMIT(RLIMIT_NOFILE), "5:", MALFORMED, 0, 0 },
	{ LIMIT(RLIMIT_NOFILE), ":5", MALFORMED, 0, 0 },
	{ LIMIT(RLIMIT_NOFILE), "1:2:3", MALFORMED, 0, 0 },
	{ LIMIT(RLIMIT_NOFILE), "-1", MALFORMED, 0, 0 },
	{ LIMIT(RLIMIT_NOFILE), "18446744073709551615", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(RLIMIT_AS), "1G:2G", SETS, GIB, 2 * GIB },
	{ LIMIT(RLIMIT_AS), "1GB:2G", MALFORMED, 0, 0 },
	{ LIMIT(RLIMIT_AS), "50%", MALFORMED, 0, 0 },
	{ LIMIT(RLIMIT_CORE), "0", SETS, NONE, 0 },
	{ LIMIT(RLIMIT_CPU), "60", SETS, NONE, 60 },
	{ LIMIT(RLIMIT_CPU), "1m:1h", SETS, 60, 3600 },
	{ LIMIT(RLIMIT_CPU), "1.2", SETS, NONE, 2 },
	{ LIMIT(RLIMIT_CPU), "1ms", SETS, NONE, 1 },
	{ LIMIT(RLIMIT_CPU), "0", SETS, NONE, 0 },
	{ LIMIT(RLIMIT_CPU), "2:1", OUT_OF_RANGE, 0, 0 },
	{ LIMIT(RLIMIT_CPU), "1M", MALFORMED, 0, 0 },
	{ LIMIT(RLIMIT_RTTIME), "200ms", SETS, NONE, 200000 },
	{ LIMIT(RLIMIT_MEMLOCK), "64K", SETS, NONE, 64 * KIB },
	{ LIMIT(RLIMIT_MSGQUEUE), "1M", SETS, NONE, MIB },
};

/* Each value on a set that already has another one, which must survive a refusal and nothing else. */
static void test_values(void **state)
{
	static const int codes[] = { [MALFORMED] = -EINVAL, [OUT_OF_RANGE] = -ERANGE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		enum ration_limit limit = values[i].limit;
		const char *flag = ration_limit_info(limit)->flag, *text = values[i].text ? values[i].text : "NULL";
		struct ration_limits limits = { 0 }, before;
		const struct limit_value *value = &limits.value[limit_index(limit)];
		struct ration_error error = { .code = 1 };
		int expected = values[i].expected >= MALFORMED ? codes[values[i].expected] : 0, r;

		limits.value[limit_index(limit)] = (struct limit_value){ .set = true, .soft = 41, .hard = 42 };
		before = limits;
		r = ration_limits_parse(&limits, limit, values[i].text, &error);
		assert_row(r == expected, "%s %s: %d, expected %d (%s)", flag, text, r, expected, error.message);
		if (r < 0) {
			assert_memory_equal(&limits, &before, sizeof(limits));
			assert_row(error.code == r, "%s %s: code", flag, text);
			assert_row(strncmp(error.message, flag, strlen(flag)) == 0, "%s", error.message);
			assert_row(strstr(error.hint, "range ") && strstr(error.hint, "e.g. "), "%s", error.hint);
			assert_row(strstr(error.hint, ration_limit_info(limit)->example), "%s", error.hint);
			assert_int_equal(ration_limits_parse(&limits, limit, values[i].text, NULL), r);
			continue;
		}
		assert_int_equal(error.code, 1);
		assert_row(value->set == (values[i].expected != LIFTS_ALL), "%s %s: set", flag, text);
		assert_row(ration_limits_has(&limits, limit) == value->set, "%s %s: has", flag, text);
		if (!value->set)
			continue;
		assert_row(value->percent == (values[i].expected == SHARE), "%s %s: percent", flag, text);
		assert_row(value->soft == values[i].soft, "%s %s: soft %llu", flag, text,
				(unsigned long long)value->soft);
		assert_row(value->hard == values[i].hard, "%s %s: hard %llu", flag, text,
				(unsigned long long)value->hard);
		/* Only that one limit has changed. */
		limits.value[limit_index(limit)] = before.value[limit_index(limit)];
		assert_memory_equal(&limits, &before, sizeof(limits));
	}
}

static void test_cpu_list_text(void **state)
{
	struct ration_limits limits = { 0 };
	struct ration_error error;
	char text[LIMIT_TEXT_MAX + 1];

	(void)state;
	assert_int_equal(ration_limits_parse(&limits, LIMIT(CPUSET_CPUS), "0-3,8", NULL), 0);
	assert_string_equal(limits.value[LIMIT_INDEX_CPUSET_CPUS].text, "0-3,8");

	/* "1,1,…,1" with 255 characters, then with 256. */
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 ? ',' : '1';
	text[255] = '\0';
	assert_int_equal(ration_limits_parse(&limits, LIMIT(CPUSET_CPUS), text, NULL), 0);
	assert_string_equal(limits.value[LIMIT_INDEX_CPUSET_CPUS].text, text);
	text[255] = '1';
	text[256] = '\0';
	assert_int_equal(ration_limits_parse(&limits, LIMIT(CPUSET_CPUS), text, &error), -ERANGE);
	assert_int_equal(strlen(limits.value[LIMIT_INDEX_CPUSET_CPUS].text), 255);
}

static const struct limit_pair *pair_of(const struct ration_limits *limits, enum ration_limit limit, const char *text)
{
	for (size_t i = 0; i < limits->n_pairs; i++) {
		if (limits->pair[i].limit == limit && strcmp(limits->pair[i].text, text) == 0)
			return &limits->pair[i];
	}
	return NULL;
}

/* The last colon separates; a key that comes again takes the place of the first. */
static void test_pairs(void **state)
{
	static const struct {
		enum ration_limit limit;
		const char *text;
		size_t n, key_length;
		uint64_t value, page_bytes;
	} rows[] = {
		{ LIMIT(IO_READ_BPS), "/data:10M", 1, 5, 10 * MIB, 0 },
		{ LIMIT(IO_READ_BPS), "/a:b:1:2:1K", 2, 8, KIB, 0 },
		{ LIMIT(IO_READ_BPS), "8:0:max", 3, 3, NONE, 0 },
		{ LIMIT(IO_READ_BPS), "/data:20M", 3, 5, 20 * MIB, 0 },
		{ LIMIT(IO_WRITE_BPS), "/data:30M", 4, 5, 30 * MIB, 0 },
		{ LIMIT(IO_READ_IOPS), "/data:2", 5, 5, 2, 0 },
		{ LIMIT(IO_WRITE_IOPS), "/data:4294967294", 6, 5, 4294967294, 0 },
		{ LIMIT(HUGETLB), "2M:0", 7, 2, 0, 2 * MIB },
		{ LIMIT(HUGETLB), "1GB:max", 8, 3, NONE, GIB },
		{ LIMIT(HUGETLB), "2MB:64M", 8, 3, 64 * MIB, 2 * MIB },
		{ LIMIT(HUGETLB), "64K:1M", 9, 3, MIB, 64 * KIB },
	};
	struct ration_limits *limits = NULL;

	(void)state;
	assert_int_equal(ration_limits_new(&limits), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct limit_pair *pair;

		assert_int_equal(ration_limits_parse(limits, rows[i].limit, rows[i].text, NULL), 0);
		pair = pair_of(limits, rows[i].limit, rows[i].text);
		assert_row(pair && limits->n_pairs == rows[i].n, "row %zu: %zu pairs", i, limits->n_pairs);
		assert_row(pair->key_length == rows[i].key_length && pair->value == rows[i].value &&
				pair->page_bytes == rows[i].page_bytes, "row %zu", i);
		assert_true(ration_limits_has(limits, rows[i].limit));
	}
	assert_null(pair_of(limits, LIMIT(IO_READ_BPS), "/data:10M"));
	ration_limits_unset(limits, LIMIT(IO_READ_BPS));
	assert_int_equal(limits->n_pairs, 6);
	assert_false(ration_limits_has(limits, LIMIT(IO_READ_BPS)));
	assert_non_null(pair_of(limits, LIMIT(IO_WRITE_BPS), "/data:30M"));
	assert_null(ration_limits_free(limits));
}

static void test_too_many_pairs(void **state)
{
	struct ration_limits *limits = NULL;
	struct ration_error error;
	char text[LIMIT_PAIR_MAX + 8];

	(void)state;
	assert_int_equal(ration_limits_new(&limits), 0);
	memset(text, 'x', sizeof(text));
	(void)strcpy(text + LIMIT_PAIR_MAX - 4, ":1M");
	assert_int_equal(ration_limits_parse(limits, LIMIT(IO_READ_BPS), text, NULL), 0);
	(void)strcpy(text + LIMIT_PAIR_MAX - 4, "x:1M");
	assert_int_equal(ration_limits_parse(limits, LIMIT(IO_READ_BPS), text, &error), -ERANGE);
	for (int i = 1; i < LIMIT_PAIRS_MAX; i++) {
		(void)snprintf(text, sizeof(text), "/%d:1M", i);
		assert_int_equal(ration_limits_parse(limits, LIMIT(IO_READ_BPS), text, NULL), 0);
	}
	assert_int_equal(ration_limits_parse(limits, LIMIT(IO_WRITE_BPS), "/1:1M", &error), -ERANGE);
	assert_non_null(strstr(error.message, "too many values, 32 at most"));
	assert_false(ration_limits_has(limits, LIMIT(IO_WRITE_BPS)));
	assert_int_equal(ration_limits_parse(limits, LIMIT(IO_READ_BPS), "/1:2M", NULL), 0);
	assert_null(ration_limits_free(limits));
}

/* A soft value of 255 digits is read, one of 256 is too long. */
static void test_long_soft_value(void **state)
{
	struct ration_limits limits = { 0 };
	char text[LIMIT_TEXT_MAX + 3];

	(void)state;
	memset(text, '0', LIMIT_TEXT_MAX);
	strcpy(text + LIMIT_TEXT_MAX - 2, "1:2");
	assert_int_equal(ration_limits_parse(&limits, LIMIT(CPU_TIME), text, NULL), 0);
	assert_int_equal(limits.value[LIMIT_INDEX_CPU_TIME].soft, SECOND);
	strcpy(text + LIMIT_TEXT_MAX - 2, "01:2");
	assert_int_equal(ration_limits_parse(&limits, LIMIT(CPU_TIME), text, NULL), -EINVAL);
	assert_int_equal(limits.value[LIMIT_INDEX_CPU_TIME].soft, SECOND);
}

/* -------------------------------------------------------------- messages */

static void test_messages(void **state)
{
	static const struct {
		enum ration_limit limit;
		const char *text, *message, *hint;
		enum ration_cause cause;
	} rows[] = {
		{ LIMIT(MEMORY), "64MB", "--memory 64MB: MB is ambiguous (1000 or 1024?)",
			"write 64M or 64MiB for 1024, or plain bytes; range 1 MiB to max, or up to 100%, "
			"e.g. --memory 512M", RATION_CAUSE_INVALID },
		{ LIMIT(OUTPUT), "1.5kB", "--output-limit 1.5kB: KB is ambiguous (1000 or 1024?)",
			"write 1.5K or 1.5KiB for 1024, or plain bytes; range 0 B or more, e.g. --output-limit 10M",
			RATION_CAUSE_INVALID },
		{ LIMIT(RLIMIT_AS), "1G:2GB", "--rlimit as=1G:2GB: GB is ambiguous (1000 or 1024?)",
			"write 2G or 2GiB for 1024, or plain bytes; range 0 B to max, e.g. --rlimit as=4G",
			RATION_CAUSE_INVALID },
		{ LIMIT(OUTPUT), "0.00000000000000000000000001kB",
			"--output-limit 0.00000000000000000000000001kB: KB is ambiguous (1000 or 1024?)",
			"write 64K or 64KiB for 1024, or plain bytes; range 0 B or more, e.g. --output-limit 10M",
			RATION_CAUSE_INVALID },
		{ LIMIT(MEMORY), "1k", "--memory 1k: below 1 MiB",
			"range 1 MiB to max, or up to 100%, e.g. --memory 512M", RATION_CAUSE_INVALID },
		{ LIMIT(MEMORY), "", "--memory '': not a size",
			"units K, M, G, T; range 1 MiB to max, or up to 100%, e.g. --memory 512M", RATION_CAUSE_INVALID },
		{ LIMIT(MEMORY), "101%", "--memory 101%: outside 0.01% to 100%",
			"range 1 MiB to max, or up to 100%, e.g. --memory 512M", RATION_CAUSE_INVALID },
		{ LIMIT(CPUS), "10000", "--cpus 10000: above 8192", "range 0.01 to max, e.g. --cpus 1.5",
			RATION_CAUSE_INVALID },
		{ LIMIT(CPUS), "x", "--cpus x: not a number of CPUs", "range 0.01 to max, e.g. --cpus 1.5",
			RATION_CAUSE_INVALID },
		{ LIMIT(CPU_WEIGHT), "0", "--cpu-weight 0: below 1", "range 1 to 10000, e.g. --cpu-weight 200",
			RATION_CAUSE_INVALID },
		{ LIMIT(TIMEOUT), "42D", "--timeout 42D: not a duration",
			"units us, ms, s, min, h, d; range 1 us or more, 0 for none, e.g. --timeout 1.5s", RATION_CAUSE_INVALID },
		{ LIMIT(PIDS), "5000000", "--pids 5000000: above 4194304", "range 1 to max, e.g. --pids 100",
			RATION_CAUSE_INVALID },
		{ LIMIT(CPUSET_CPUS), "3-1", "--cpuset-cpus 3-1: not a list of CPUs",
			"range 0 to 8191, e.g. --cpuset-cpus 0-3,8", RATION_CAUSE_INVALID },
		{ LIMIT(CPUSET_CPUS), "8192", "--cpuset-cpus 8192: above 8191",
			"range 0 to 8191, e.g. --cpuset-cpus 0-3,8", RATION_CAUSE_INVALID },
		{ LIMIT(CPUSET_MEMS), "x", "--cpuset-mems x: not a list of NUMA nodes",
			"range 0 to 1023, e.g. --cpuset-mems 0", RATION_CAUSE_INVALID },
		{ LIMIT(IO_READ_BPS), "/data", "--io-read-bps /data: expected PATH:RATE",
			"range 1 KiB to max, e.g. --io-read-bps /data:10M", RATION_CAUSE_INVALID },
		{ LIMIT(IO_WRITE_IOPS), "/data:x", "--io-write-iops /data:x: not a whole number",
			"range 2 to max, e.g. --io-write-iops /data:200", RATION_CAUSE_INVALID },
		{ LIMIT(IO_READ_BPS), "/da:ta:5MB", "--io-read-bps /da:ta:5MB: MB is ambiguous (1000 or 1024?)",
			"write 5M or 5MiB for 1024, or plain bytes; range 1 KiB to max, "
			"e.g. --io-read-bps /data:10M", RATION_CAUSE_INVALID },
		{ LIMIT(HUGETLB), "x:4M", "--hugetlb x:4M: no page size before the colon",
			"range 0 B to max, e.g. --hugetlb 2M:64M", RATION_CAUSE_INVALID },
		{ LIMIT(STALL_TIMEOUT), "0.1", "--stall-timeout 0.1: below 500 ms",
			"range 500 ms or more, 0 for none, e.g. --stall-timeout 5s", RATION_CAUSE_INVALID },
		{ LIMIT(CPU_TIME), "9:1.5", "--cpu-time 9:1.5: soft value 9 s is above hard value 1.5 s",
			"range 1 us or more, 0 for none, e.g. --cpu-time 10s:12s", RATION_CAUSE_CONTRADICTION },
		{ LIMIT(RLIMIT_NOFILE), "max:5",
			"--rlimit nofile=max:5: soft value max is above hard value 5",
			"range 0 to max, e.g. --rlimit nofile=1024:4096", RATION_CAUSE_CONTRADICTION },
		{ LIMIT(RLIMIT_NOFILE), "x", "--rlimit nofile=x: not a whole number",
			"range 0 to max, e.g. --rlimit nofile=1024:4096", RATION_CAUSE_INVALID },
		{ LIMIT(RLIMIT_CPU), "x", "--rlimit cpu=x: not a duration",
			"units us, ms, s, min, h, d; range 0 s to max, e.g. --rlimit cpu=60:70", RATION_CAUSE_INVALID },
		{ LIMIT(MEMORY), "6\n4\x1b[2J\xff\\", "--memory 6\\n4\\x1b[2J\\xff\\\\: not a size",
			"units K, M, G, T; range 1 MiB to max, or up to 100%, e.g. --memory 512M", RATION_CAUSE_INVALID },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_limits limits = { 0 };
		struct ration_error error;

		assert_true(ration_limits_parse(&limits, rows[i].limit, rows[i].text, &error) < 0);
		assert_string_equal(error.message, rows[i].message);
		assert_string_equal(error.hint, rows[i].hint);
		assert_int_equal(error.cause, rows[i].cause);
	}
}

/* For every limit: 10,000 characters of each kind are refused or taken, and shown short and clean. */
static void test_hostile_values(void **state)
{
	static const char *const tails[] = { "", "MB", "KB:1", ":", ":1", ":1MB", "%", "\n", "x", ",", "-" };
	CLEANUP(freep) char *text = calloc(1, 10016);

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < LIMIT_INDEX_COUNT; i++) {
		for (unsigned byte = 1; byte < 256; byte++) {
			for (size_t t = 0; t < ARRAY_SIZE(tails); t++) {
				/* The many bytes behave alike: all tails for those that mean something only. */
				bool special = byte < 128 && strchr("0123456789.,:%-eKMx\n", (int)byte);
				size_t n = special ? 10000 : 300;
				struct ration_limits limits = { 0 };
				struct ration_error error = { 0 };

				if (t > 0 && !special)
					break;
				memset(text, (int)byte, n);
				strcpy(text + n, tails[t]);
				if (ration_limits_parse(&limits, limit_at(i), text, &error) == 0)
					continue;
				assert_in_range(strlen(error.message), 1, 200);
				assert_in_range(strlen(error.hint), 1, 200);
				assert_non_null(strstr(error.message, "..."));
				for (const char *p = error.message; *p; p++)
					assert_in_range(*p, ' ', '~');
				for (const char *p = error.hint; *p; p++)
					assert_in_range(*p, ' ', '~');
			}
		}
	}
}

/* ------------------------------------------------------------ the numbers */

static void test_set(void **state)
{
	static const struct {
		enum ration_limit limit;
		uint64_t soft, hard;
		int code;
		bool set;
		uint64_t kept_soft;
	} rows[] = {
		{ LIMIT(MEMORY), NONE, 64 * MIB, 0, true, NONE },
		{ LIMIT(MEMORY), NONE, NONE, 0, true, NONE },
		{ LIMIT(MEMORY), 5, 64 * MIB, 0, true, NONE }, /* soft doesn't count here */
		{ LIMIT(MEMORY), NONE, MIB - 1, -ERANGE, false, 0 },
		{ LIMIT(MEMORY), NONE, NONE - 1, -ERANGE, false, 0 },
		{ LIMIT(CPUS), NONE, NONE, 0, true, NONE },
		{ LIMIT(CPUS), NONE, 1000, 0, true, NONE },
		{ LIMIT(CPU_WEIGHT), NONE, 10001, -ERANGE, false, 0 },
		{ LIMIT(CPU_TIME), NONE, SECOND, 0, true, NONE },
		{ LIMIT(CPU_TIME), 1, SECOND, 0, true, 1 },
		{ LIMIT(CPU_TIME), 0, SECOND, 0, true, NONE },
		{ LIMIT(CPU_TIME), 2 * SECOND, SECOND, -ERANGE, false, 0 },
		{ LIMIT(CPU_TIME), SECOND, NONE, -ERANGE, false, 0 },
		{ LIMIT(CPU_TIME), NONE, NONE, 0, false, 0 },
		{ LIMIT(CPU_TIME), NONE, (UINT64_C(1) << 63) + 1, -ERANGE, false, 0 },
		{ LIMIT(TIMEOUT), NONE, 0, 0, false, 0 },
		{ LIMIT(TIMEOUT), NONE, NONE, 0, false, 0 },
		{ LIMIT(TIMEOUT), NONE, 1, 0, true, NONE },
		{ LIMIT(SWAP), NONE, 0, 0, true, NONE },
		{ LIMIT(OUTPUT), NONE, 0, 0, true, NONE },
		{ LIMIT(CPUSET_CPUS), NONE, 1, -EINVAL, false, 0 },
		{ LIMIT(CPUSET_MEMS), NONE, 1, -EINVAL, false, 0 },
		{ LIMIT(IO_READ_BPS), NONE, MIB, -EINVAL, false, 0 },
		{ LIMIT(HUGETLB), NONE, MIB, -EINVAL, false, 0 },
		{ LIMIT(RLIMIT_CORE), NONE, 0, 0, true, NONE },
		{ LIMIT(RLIMIT_NOFILE), 0, 5, 0, true, 0 },
		{ LIMIT(RLIMIT_NOFILE), 6, 5, -ERANGE, false, 0 },
		{ LIMIT(RLIMIT_NOFILE), 6, NONE, 0, true, 6 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct limit_value *value;
		struct ration_limits limits = { 0 };
		int r = ration_limits_set(&limits, rows[i].limit, rows[i].soft, rows[i].hard, NULL);

		value = &limits.value[limit_index(rows[i].limit)];
		assert_row(r == rows[i].code, "row %zu: %d", i, r);
		assert_row(value->set == rows[i].set, "row %zu: set", i);
		assert_row(!value->set || (value->hard == rows[i].hard && value->soft == rows[i].kept_soft),
				"row %zu: value", i);
	}
}

static void test_set_names_the_flag(void **state)
{
	struct ration_limits limits = { 0 };
	struct ration_error error;

	(void)state;
	assert_int_equal(ration_limits_set(&limits, LIMIT(MEMORY), NONE, 5, &error), -ERANGE);
	assert_string_equal(error.message, "--memory 5: below 1 MiB (a plain number is bytes)");
	assert_int_equal(ration_limits_set(&limits, LIMIT(RLIMIT_NOFILE), 6, 5, &error), -ERANGE);
	assert_string_equal(error.message, "--rlimit nofile=6:5: soft value 6 is above hard value 5");
}

static void test_no_such_limit(void **state)
{
	enum ration_limit wrong[] = { (enum ration_limit)0, (enum ration_limit)106, (enum ration_limit)-1 };
	struct ration_limits limits = { 0 };
	struct ration_error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(ration_limits_set(&limits, wrong[i], NONE, 1, &error), -EINVAL);
		assert_int_equal(ration_limits_parse(&limits, wrong[i], "1", &error), -EINVAL);
		ration_limits_unset(&limits, wrong[i]);
		assert_false(ration_limits_has(&limits, wrong[i]));
	}
}

/* What was asked for comes back, as far as it is a number. */
static void test_get(void **state)
{
	struct ration_limits limits = { 0 };
	uint64_t soft = 1, hard = 1;

	(void)state;
	assert_int_equal(ration_limits_get(&limits, (enum ration_limit)106, &soft, &hard), -EINVAL);
	assert_int_equal(ration_limits_get(&limits, LIMIT(CPU_TIME), &soft, &hard), -ENOENT);
	assert_int_equal(ration_limits_parse(&limits, LIMIT(MEMORY), "50%", NULL), 0);
	assert_int_equal(ration_limits_get(&limits, LIMIT(MEMORY), &soft, &hard), -EINVAL);
	assert_int_equal(ration_limits_parse(&limits, LIMIT(CPUSET_CPUS), "0", NULL), 0);
	assert_int_equal(ration_limits_get(&limits, LIMIT(CPUSET_CPUS), &soft, &hard), -EINVAL);
	assert_true(soft == 1 && hard == 1);
	assert_int_equal(ration_limits_parse(&limits, LIMIT(CPU_TIME), "2:3", NULL), 0);
	assert_int_equal(ration_limits_get(&limits, LIMIT(CPU_TIME), &soft, &hard), 0);
	assert_true(soft == 2000000 && hard == 3000000);
	assert_int_equal(ration_limits_parse(&limits, LIMIT(MEMORY), "64M", NULL), 0);
	assert_int_equal(ration_limits_get(&limits, LIMIT(MEMORY), NULL, &hard), 0);
	assert_true(hard == 64 << 20);
}

static void test_handle(void **state)
{
	struct ration_limits *limits = NULL;

	(void)state;
	assert_int_equal(ration_limits_new(&limits), 0);
	for (unsigned i = 0; i < LIMIT_INDEX_COUNT; i++)
		assert_false(ration_limits_has(limits, limit_at(i)));
	assert_int_equal(ration_limits_parse(limits, LIMIT(MEMORY), "64M", NULL), 0);
	assert_true(ration_limits_has(limits, LIMIT(MEMORY)));
	ration_limits_unset(limits, LIMIT(MEMORY));
	ration_limits_unset(limits, LIMIT(MEMORY));
	assert_false(ration_limits_has(limits, LIMIT(MEMORY)));
	assert_null(ration_limits_free(limits));
	assert_null(ration_limits_free(NULL));
}

/* --------------------------------------------------------- for a person */

struct shown {
	uint64_t value;
	const char *text;
};

static void check_shown(const char *(*format)(char *, uint64_t), const struct shown *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char buf[RATION_TEXT_MAX];

		assert_ptr_equal(format(buf, rows[i].value), buf);
		assert_string_equal(buf, rows[i].text);
	}
}

static void test_format_size(void **state)
{
	static const struct shown rows[] = {
		{ 0, "0 B" },
		{ 1, "1 B" },
		{ 1023, "1023 B" },
		{ 1024, "1 KiB" },
		{ 1536, "1.5 KiB" },
		{ 64 * MIB, "64 MiB" },
		{ 64 * MIB + 1, "64 MiB" },
		{ 64 * MIB + 53 * KIB, "64.1 MiB" },
		{ 3 * GIB / 2, "1.5 GiB" },
		{ MIB - 1, "1 MiB" },
		{ GIB - 1, "1 GiB" },
		{ 1023 * MIB, "1023 MiB" },
		{ 1023 * MIB + 900 * KIB, "1023.9 MiB" },
		{ 2 * 1024 * GIB, "2 TiB" },
		{ UINT64_C(1) << 60, "1 EiB" },
		{ INT64_MAX, "8 EiB" },
		{ RATION_UNKNOWN - 1, "16 EiB" },
		{ RATION_UNKNOWN, "unknown" },
		{ RATION_UNLIMITED, "no limit" },
	};

	(void)state;
	check_shown(ration_format_size, rows, ARRAY_SIZE(rows));
}

static void test_format_duration(void **state)
{
	static const struct shown rows[] = {
		{ 0, "0 s" },
		{ 1, "1 us" },
		{ 999, "999 us" },
		{ 1000, "1 ms" },
		{ 1500, "1.5 ms" },
		{ 1001, "1.001 ms" },
		{ 250000, "250 ms" },
		{ 999999, "999.999 ms" },
		{ SECOND, "1 s" },
		{ 1500000, "1.5 s" },
		{ 1000499, "1 s" },
		{ 1000500, "1.001 s" },
		{ 59999499, "59.999 s" },
		{ 59999500, "1 min" },
		{ 60 * SECOND, "1 min" },
		{ 120 * SECOND, "2 min" },
		{ 90 * SECOND, "1 min 30 s" },
		{ 90 * SECOND + 499999, "1 min 30 s" },
		{ 90 * SECOND + 500000, "1 min 31 s" },
		{ 3599 * SECOND + 500000, "1 h" },
		{ 3600 * SECOND, "1 h" },
		{ 5400 * SECOND, "1 h 30 min" },
		{ 86399 * SECOND, "1 d" },
		{ 86400 * SECOND, "1 d" },
		{ 90000 * SECOND, "1 d 1 h" },
		{ UINT64_C(1) << 63, "106751991 d 4 h" },
		{ RATION_UNKNOWN - 1, "106751991 d 4 h" },
		{ RATION_UNKNOWN, "unknown" },
		{ RATION_UNLIMITED, "no limit" },
	};

	(void)state;
	check_shown(ration_format_duration, rows, ARRAY_SIZE(rows));
}

/* --------------------------------------------- settings that aren't limits */

static void test_parse_settings(void **state)
{
	struct ration_error error;
	uint64_t value = 7;

	(void)state;
	assert_int_equal(ration_parse_duration("--kill-after", "500ms", &value, NULL), 0);
	assert_int_equal(value, 500000);
	assert_int_equal(ration_parse_duration("--kill-after", "0", &value, NULL), 0);
	assert_int_equal(value, 0);
	assert_int_equal(ration_parse_duration("--kill-after", "1e400", &value, NULL), 0);
	assert_true(value == UINT64_C(1) << 63);
	assert_int_equal(ration_parse_duration("--kill-after", "x", &value, &error), -EINVAL);
	assert_true(value == UINT64_C(1) << 63);
	assert_string_equal(error.message, "--kill-after x: not a duration");
	assert_string_equal(error.hint, "units us, ms, s, min, h, d; range 0 s or more, e.g. --kill-after 1.5s");
	assert_int_equal(ration_parse_duration("--kill-after", NULL, &value, &error), -EINVAL);

	assert_int_equal(ration_parse_size("--guest-memory", "1.5G", &value, NULL), 0);
	assert_int_equal(value, 3 * GIB / 2);
	assert_int_equal(ration_parse_size("--guest-memory", "1G:2G", &value, &error), -EINVAL);
	assert_int_equal(ration_parse_size("--guest-memory", "max", &value, &error), -EINVAL);
	assert_int_equal(ration_parse_size("--guest-memory", "8388608T", &value, &error), -ERANGE);
	assert_int_equal(ration_parse_size("--guest-memory", NULL, &value, &error), -EINVAL);
	assert_int_equal(ration_parse_size("--guest-memory", "1GB", &value, &error), -EINVAL);
	assert_int_equal(value, 3 * GIB / 2);
	assert_string_equal(error.message, "--guest-memory 1GB: GB is ambiguous (1000 or 1024?)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_examples_are_accepted),
		cmocka_unit_test(test_rlimit_resources),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_cpu_list_text),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_too_many_pairs),
		cmocka_unit_test(test_long_soft_value),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_hostile_values),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_set_names_the_flag),
		cmocka_unit_test(test_no_such_limit),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_handle),
		cmocka_unit_test(test_format_size),
		cmocka_unit_test(test_format_duration),
		cmocka_unit_test(test_parse_settings),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
