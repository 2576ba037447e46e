/* SPDX-License-Identifier: MIT */
/*
 * test-parse.c - numbers with units
 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpu-list.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)
#define SECOND UINT64_C(1000000)
#define DAY (86400 * SECOND)

struct row {
	const char *text;
	int code;
	uint64_t value;
};

/* On failure the result must be as it was. */
static void check_table(const char *name, int (*parse)(const char *, uint64_t *), const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t expected = rows[i].code < 0 ? 12345 : rows[i].value, value = 12345;
		int r = parse(rows[i].text, &value);

		assert_row(r == rows[i].code && value == expected, "%s(\"%.60s\") = %d, %llu; expected %d, %llu",
				name, rows[i].text, r, (unsigned long long)value, rows[i].code,
				(unsigned long long)expected);
	}
}

#define CHECK(parse, rows) check_table(#parse, parse, rows, ARRAY_SIZE(rows))

static void test_size(void **state)
{
	static const struct row rows[] = {
		{ "0", 0, 0 },
		{ "0M", 0, 0 },
		{ "1", 0, 1 },
		{ "67108864", 0, 64 * MIB },
		{ "64M", 0, 64 * MIB },
		{ "64m", 0, 64 * MIB },
		{ "64MiB", 0, 64 * MIB },
		{ "64mib", 0, 64 * MIB },
		{ "512K", 0, 512 * KIB },
		{ "512k", 0, 512 * KIB },
		{ "3KiB", 0, 3 * KIB },
		{ "1.5G", 0, 3 * GIB / 2 },
		{ "1.5GiB", 0, 3 * GIB / 2 },
		{ ".5M", 0, MIB / 2 },
		{ "1.M", 0, MIB },
		{ "2T", 0, 2 * TIB },
		{ "2TiB", 0, 2 * TIB },
		{ "0000064M", 0, 64 * MIB },
		/* What is below a byte is dropped: a limit is never more than was said. */
		{ "0.3K", 0, 307 },
		{ "0.0009K", 0, 0 },
		{ "0.9999999999999999999999999999K", 0, 1023 },
		/* 2^53 + 1 bytes, which a double can't hold. */
		{ "9007199254740993", 0, UINT64_C(9007199254740993) },
		{ "16777215.5T", 0, UINT64_C(0xffffff8000000000) },
		/* Just below 2^64, cut to 2^64 - 1, which is RATION_UNLIMITED. */
		{ "16777215.9999999999999999999999T", -ERANGE, 0 },
		{ "18446744073709551614", 0, UINT64_MAX - 1 },
		{ "18446744073709551615", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "16777216T", -ERANGE, 0 },
		{ "99999999999999999999999999999999999", -ERANGE, 0 },
		{ "64MB", -ENOTUNIQ, 0 },
		{ "64mb", -ENOTUNIQ, 0 },
		{ "64kB", -ENOTUNIQ, 0 },
		{ "64KB", -ENOTUNIQ, 0 },
		{ "1.5GB", -ENOTUNIQ, 0 },
		{ "1TB", -ENOTUNIQ, 0 },
		{ "", -EINVAL, 0 },
		{ ".", -EINVAL, 0 },
		{ "M", -EINVAL, 0 },
		{ ".M", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "1.5", -EINVAL, 0 },
		{ "1.", -EINVAL, 0 },
		{ "1..5M", -EINVAL, 0 },
		{ "1.5.M", -EINVAL, 0 },
		{ "1,5M", -EINVAL, 0 },
		{ "64X", -EINVAL, 0 },
		{ "64B", -EINVAL, 0 },
		{ "64MM", -EINVAL, 0 },
		{ "64Mi", -EINVAL, 0 },
		{ "64MiBs", -EINVAL, 0 },
		{ "64 M", -EINVAL, 0 },
		{ " 64M", -EINVAL, 0 },
		{ "64M ", -EINVAL, 0 },
		{ "64M\n", -EINVAL, 0 },
		{ "\t64M", -EINVAL, 0 },
		{ "1e400", -EINVAL, 0 },
		{ "1e6", -EINVAL, 0 },
		{ "0x40", -EINVAL, 0 },
		{ "inf", -EINVAL, 0 },
		{ "nan", -EINVAL, 0 },
		{ "max", -EINVAL, 0 },
		{ "5%", -EINVAL, 0 },
		{ "64\xff", -EINVAL, 0 },
		{ "\xef\xbc\x96\xef\xbc\x94M", -EINVAL, 0 },
		{ "\xd9\xa3", -EINVAL, 0 },
	};

	(void)state;
	CHECK(parse_size, rows);
}

static void test_duration(void **state)
{
	static const struct row rows[] = {
		{ "0", 0, 0 },
		{ "0s", 0, 0 },
		{ "0.000", 0, 0 },
		{ "0e9", 0, 0 },
		{ "0e-9", 0, 0 },
		{ "0e999999999999999999999", 0, 0 },
		{ "1", 0, SECOND },
		{ "1s", 0, SECOND },
		{ "1us", 0, 1 },
		{ "500ms", 0, 500000 },
		{ "1.5s", 0, 1500000 },
		{ "2m", 0, 120 * SECOND },
		{ "1h", 0, 3600 * SECOND },
		{ "2d", 0, 2 * DAY },
		/* As systemd has them. */
		{ "1min", 0, 60 * SECOND },
		{ "100msec", 0, 100000 },
		{ "3sec", 0, 3 * SECOND },
		{ "1second", 0, SECOND },
		{ "1.5hours", 0, 5400 * SECOND },
		{ "2hr", 0, 7200 * SECOND },
		{ "2weeks", 0, 14 * DAY },
		{ "7usec", 0, 7 },
		{ "1m30s", 0, 90 * SECOND },
		{ "5m30s", 0, 330 * SECOND },
		{ "29999999913d 3999999999999h", 0, PARSE_USEC_MAX },
		{ "1h 30min", 0, 5400 * SECOND },
		{ "30s5m", 0, 330 * SECOND },
		{ "1e1s5ms", 0, 10005000 },
		{ "5m.5s", 0, 300500000 },
		{ "0m0s", 0, 0 },
		{ "9223372036854775807us9223372036854775807us", 0, PARSE_USEC_MAX },
		{ "1e400d1s", 0, PARSE_USEC_MAX },
		{ "5m30", -EINVAL, 0 },
		{ "30 5m", -EINVAL, 0 },
		{ "5m ", -EINVAL, 0 },
		{ "5m  30s", -EINVAL, 0 },
		{ "5m,30s", -EINVAL, 0 },
		{ "5mm", -EINVAL, 0 },
		{ "1month", -EINVAL, 0 },
		{ "1y", -EINVAL, 0 },
		{ "1minx", -EINVAL, 0 },
		{ ".1", 0, 100000 },
		{ "1.", 0, SECOND },
		{ "10.34", 0, 10340000 },
		/* Rounds up, and never to nothing. */
		{ "9.999999999", 0, 10 * SECOND },
		{ "1.0000001", 0, SECOND + 1 },
		{ "1.0000000000000000000000000000000000001", 0, SECOND + 1 },
		{ "1e-9", 0, 1 },
		{ "1e-10000", 0, 1 },
		{ "1e-99999999999999999999", 0, 1 },
		{ "0.0000000000000000000000000000001us", 0, 1 },
		{ "1e-6", 0, 1 },
		{ "1.1e-6", 0, 2 },
		{ "12345e-7", 0, 1235 },
		{ "1e3ms", 0, SECOND },
		{ "1E3ms", 0, SECOND },
		{ "1e+3ms", 0, SECOND },
		{ "1.25e1", 0, 12500000 },
		{ "1.25e2", 0, 125 * SECOND },
		{ "125e-2s", 0, 1250000 },
		{ "2.34e+5d", 0, 234000 * DAY },
		/* Above 2^63 it stays there. */
		{ "9223372036854775807us", 0, PARSE_USEC_MAX - 1 },
		{ "9223372036854775807.1us", 0, PARSE_USEC_MAX },
		{ "9223372036854775808us", 0, PARSE_USEC_MAX },
		{ "9223372036854775809us", 0, PARSE_USEC_MAX },
		{ "18446744073709551616us", 0, PARSE_USEC_MAX },
		{ "9223372036854.775807", 0, PARSE_USEC_MAX - 1 },
		{ "9223372036855", 0, PARSE_USEC_MAX },
		{ "99999999999999999999999999999d", 0, PARSE_USEC_MAX },
		{ "1e400", 0, PARSE_USEC_MAX },
		{ "1e99999999999999999999d", 0, PARSE_USEC_MAX },
		/* An exponent that 64 bits would take for -1. */
		{ "1e18446744073709551615", 0, PARSE_USEC_MAX },
		{ "", -EINVAL, 0 },
		{ ".", -EINVAL, 0 },
		{ "s", -EINVAL, 0 },
		{ "invalid", -EINVAL, 0 },
		{ "x", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "-0", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "42D", -EINVAL, 0 },
		{ "5M", -EINVAL, 0 },
		{ "1S", -EINVAL, 0 },
		{ "1 s", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1\n", -EINVAL, 0 },
		{ "1e", -EINVAL, 0 },
		{ "1e+", -EINVAL, 0 },
		{ "1e-", -EINVAL, 0 },
		{ "1e1.5", -EINVAL, 0 },
		{ "e5", -EINVAL, 0 },
		{ "1:30", -EINVAL, 0 },
		{ "1,5", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "inf", -EINVAL, 0 },
		{ "infinity", -EINVAL, 0 },
		{ "nan", -EINVAL, 0 },
		{ "max", -EINVAL, 0 },
	};

	(void)state;
	CHECK(parse_duration, rows);
}

static void test_count(void **state)
{
	static const struct row rows[] = {
		{ "0", 0, 0 },
		{ "1", 0, 1 },
		{ "007", 0, 7 },
		{ "4194304", 0, 4194304 },
		{ "18446744073709551614", 0, UINT64_MAX - 1 },
		{ "18446744073709551615", -ERANGE, 0 },
		{ "18446744073709551620", -ERANGE, 0 },
		{ "99999999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "1.0", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "1k", -EINVAL, 0 },
		{ "0x1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "99999999999999999999999x", -EINVAL, 0 },
	};

	(void)state;
	CHECK(parse_count, rows);
}

static void test_cpus(void **state)
{
	static const struct row rows[] = {
		{ "1", 0, 100000 },
		{ "1.5", 0, 150000 },
		{ "150%", 0, 150000 },
		{ ".5", 0, 50000 },
		{ "0.01", 0, 1000 },
		{ "1%", 0, 1000 },
		{ "0.5%", 0, 500 },
		{ "0", 0, 0 },
		{ "0.00001", 0, 1 },
		{ "0.000019", 0, 1 },
		{ "12.34567", 0, 1234567 },
		{ "12.345678", 0, 1234567 },
		{ "33.3333%", 0, 33333 },
		{ "8192", 0, 819200000 },
		{ "184467440737096", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "%", -EINVAL, 0 },
		{ ".", -EINVAL, 0 },
		{ ".%", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "1.5%%", -EINVAL, 0 },
		{ "%1", -EINVAL, 0 },
		{ "1 %", -EINVAL, 0 },
		{ "1e1", -EINVAL, 0 },
		{ "1k", -EINVAL, 0 },
		{ "1,5", -EINVAL, 0 },
		{ "nan", -EINVAL, 0 },
		{ "max", -EINVAL, 0 },
	};

	(void)state;
	CHECK(parse_cpus, rows);
}

static void test_percent(void **state)
{
	static const struct row rows[] = {
		{ "5%", 0, 500 },
		{ "100%", 0, 10000 },
		{ "12.5%", 0, 1250 },
		{ "0.01%", 0, 1 },
		{ "0.009%", 0, 0 },
		{ "0%", 0, 0 },
		{ "200%", 0, 20000 },
		{ "999999999999999999999%", -ERANGE, 0 },
		{ "5", -EINVAL, 0 },
		{ "%", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "5%%", -EINVAL, 0 },
		{ "5% ", -EINVAL, 0 },
		{ "5M%", -EINVAL, 0 },
		{ "-5%", -EINVAL, 0 },
	};

	(void)state;
	CHECK(parse_percent, rows);
}

static void test_cpu_list(void **state)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{ "0", 0 },
		{ "0-3", 0 },
		{ "0-3,8", 0 },
		{ "8,0-3", 0 },
		{ "1,1,1-1", 0 },
		{ "00,007", 0 },
		{ "8191", 0 },
		{ "0-8191", 0 },
		{ "8192", -ERANGE },
		{ "0-8192", -ERANGE },
		{ "4294967296", -ERANGE },
		{ "18446744073709551616", -ERANGE },
		{ "99999999999999999999999-99999999999999999999999", -ERANGE },
		{ "", -EINVAL },
		{ ",", -EINVAL },
		{ "0,", -EINVAL },
		{ ",0", -EINVAL },
		{ "0,,1", -EINVAL },
		{ "3-1", -EINVAL },
		{ "8192-1", -EINVAL },
		{ "0-", -EINVAL },
		{ "-3", -EINVAL },
		{ "0--3", -EINVAL },
		{ "0-1-2", -EINVAL },
		{ "a", -EINVAL },
		{ "0-3:2", -EINVAL },
		{ "0 1", -EINVAL },
		{ "0, 1", -EINVAL },
		{ "0\n", -EINVAL },
		{ "0x1", -EINVAL },
		{ "1.5", -EINVAL },
		{ "max", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(parse_cpu_list(rows[i].text) == rows[i].code, "parse_cpu_list(\"%s\") = %d, expected %d",
				rows[i].text, parse_cpu_list(rows[i].text), rows[i].code);
}

static void test_cpu_range(void **state)
{
	const char *list = "0-3,8";
	unsigned low = 99, high = 99;

	(void)state;
	assert_int_equal(parse_cpu_range(&list, &low, &high), 1);
	assert_int_equal(low, 0);
	assert_int_equal(high, 3);
	assert_string_equal(list, "8");
	assert_int_equal(parse_cpu_range(&list, &low, &high), 0);
	assert_int_equal(low, 8);
	assert_int_equal(high, 8);
	assert_string_equal(list, "");
	assert_int_equal(parse_cpu_range(&list, &low, &high), -EINVAL);
	assert_int_equal(low, 8);
}

/* Returns `n` times `c` with `tail` behind. */
static char *long_text(char c, size_t n, const char *tail)
{
	char *text = malloc(n + strlen(tail) + 1);

	assert_non_null(text);
	memset(text, c, n);
	strcpy(text + n, tail);
	return text;
}

/* Length is no reason to refuse, to overflow or to be slow. */
static void test_long_numbers(void **state)
{
	CLEANUP(freep) char *zeros = long_text('0', 100000, "64M");
	CLEANUP(freep) char *nines = long_text('9', 100000, "M");
	CLEANUP(freep) char *tiny = long_text('0', 100000, "1e+100001us");
	uint64_t value;

	(void)state;
	assert_int_equal(parse_size(zeros, &value), 0);
	assert_int_equal(value, 64 * MIB);
	assert_int_equal(parse_size(nines, &value), -ERANGE);
	nines[100000] = '\0';
	assert_int_equal(parse_duration(nines, &value), 0);
	assert_true(value == PARSE_USEC_MAX);
	assert_int_equal(parse_count(nines, &value), -ERANGE);
	assert_int_equal(parse_cpu_list(nines), -ERANGE);
	/* The 1 stands 99,999 places behind the point. */
	tiny[1] = '.';
	assert_int_equal(parse_duration(tiny, &value), 0);
	assert_int_equal(value, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_cpu_list),
		cmocka_unit_test(test_cpu_range),
		cmocka_unit_test(test_long_numbers),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
