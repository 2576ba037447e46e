/* SPDX-License-Identifier: MIT */
/*
 * test-wrap.c - a line of shell that runs a command under ulimit
 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan/limits.h"
#include "util/cleanup.h"

#define ARGV(...) { __VA_ARGS__, NULL }

struct row {
	const char *argv[8];
	const char *memory, *cpu_time, *pids; /* as on the command line; NULL: not given */
	enum ration_os os;
	bool no_cpu_time;
	const char *line;
};

static const struct row rows[] = {
	{ ARGV("qemu-system-x86_64", "-m", "512M"), "512M", NULL, NULL, RATION_OS_LINUX, false,
		"bash -c 'ulimit -v 7340032 && ulimit -t 3600 && ulimit -u 100 && "
		"exec qemu-system-x86_64 -m 512M'" },
	{ ARGV("true"), NULL, NULL, NULL, RATION_OS_LINUX, false,
		"bash -c 'ulimit -t 3600 && ulimit -u 100 && exec true'" },
	{ ARGV("true"), "512M", NULL, NULL, RATION_OS_MACOS, false, "bash -c 'ulimit -u 100 && exec true'" },
	{ ARGV("true"), NULL, "5", "7", RATION_OS_MACOS, false, "bash -c 'ulimit -u 7 && exec true'" },
	/* What is lifted has no ulimit. */
	{ ARGV("true"), "max", NULL, "max", RATION_OS_LINUX, true, "bash -c 'exec true'" },
	{ ARGV("true"), NULL, NULL, "max", RATION_OS_MACOS, true, "bash -c 'exec true'" },
	{ ARGV("true"), NULL, "0", NULL, RATION_OS_LINUX, false,
		"bash -c 'ulimit -t 3600 && ulimit -u 100 && exec true'" },
	/* What was asked for counts, whatever is said of the default. */
	{ ARGV("true"), NULL, "90", NULL, RATION_OS_LINUX, true,
		"bash -c 'ulimit -t 90 && ulimit -u 100 && exec true'" },
	{ ARGV("true"), "1M", "2m", "1", RATION_OS_LINUX, false,
		"bash -c 'ulimit -v 14336 && ulimit -t 120 && ulimit -u 1 && exec true'" },
	/* Both round up. */
	{ ARGV("true"), "1048577", "1.2s", "1", RATION_OS_LINUX, false,
		"bash -c 'ulimit -v 14337 && ulimit -t 2 && ulimit -u 1 && exec true'" },
	{ ARGV("true"), NULL, "500ms:3s", "1", RATION_OS_LINUX, false,
		"bash -c 'ulimit -S -t 1 && ulimit -H -t 3 && ulimit -u 1 && exec true'" },
	/* The largest that fits: 14 times it is below 2^64. */
	{ ARGV("true"), "1317624576693539401", "1", "1", RATION_OS_LINUX, false,
		"bash -c 'ulimit -v 18014398509481984 && ulimit -t 1 && ulimit -u 1 && exec true'" },
	/* Quoted twice. */
	{ ARGV("echo", "a b", ""), NULL, "1", "1", RATION_OS_LINUX, false,
		"bash -c 'ulimit -t 1 && ulimit -u 1 && exec echo '\\''a b'\\'' '\\'''\\'''" },
	{ ARGV("echo", "it's"), NULL, NULL, "max", RATION_OS_LINUX, true,
		"bash -c 'exec echo '\\''it'\\''\\'\\'''\\''s'\\'''" },
	{ ARGV("echo", "\n"), NULL, NULL, "max", RATION_OS_LINUX, true,
		"bash -c 'exec echo '\\'''\\''$'\\''\\n'\\'''\\'''\\'''" },
	{ ARGV("echo", "$HOME", "`x`", "\\", "!"), NULL, NULL, "max", RATION_OS_LINUX, true,
		"bash -c 'exec echo '\\''$HOME'\\'' '\\''`x`'\\'' '\\''\\'\\'' '\\''!'\\'''" },
	{ ARGV("echo", "\xff\x01~{a,b}*"), NULL, NULL, "max", RATION_OS_LINUX, true,
		"bash -c 'exec echo '\\''\xff\x01~{a,b}*'\\'''" },
	/* No option of exec, and no assignment. */
	{ ARGV("-c", "-l"), NULL, NULL, "max", RATION_OS_LINUX, true, "bash -c 'exec -- -c -l'" },
	{ ARGV("A=1", "B=2"), NULL, NULL, "max", RATION_OS_LINUX, true, "bash -c 'exec A=1 B=2'" },
	{ ARGV(""), NULL, NULL, "max", RATION_OS_LINUX, true, "bash -c 'exec '\\'''\\'''" },
};

static void ask(struct ration_limits *limits, enum ration_limit limit, const char *text)
{
	if (text)
		assert_int_equal(ration_limits_parse(limits, limit, text, NULL), 0);
}

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct ration_wrap_options options = {
			.size = sizeof(options),
			.argv = (char *const *)(uintptr_t)rows[i].argv,
			.os = rows[i].os,
			.no_cpu_time = rows[i].no_cpu_time,
		};
		struct ration_limits limits = { 0 };
		struct ration_error error = { 0 };
		char *line = NULL;
		int r;

		ask(&limits, RATION_LIMIT_MEMORY, rows[i].memory);
		ask(&limits, RATION_LIMIT_CPU_TIME, rows[i].cpu_time);
		ask(&limits, RATION_LIMIT_PIDS, rows[i].pids);
		r = ration_wrap(&limits, &options, &line, &error);
		assert_row(r == 0, "%s: %d, %s", rows[i].line, r, error.message);
		assert_string_equal(line, rows[i].line);
		free(line);
	}
}

/* This was compiled on Linux, and no limits are none asked for. */
static void test_defaults(void **state)
{
	char *argv[] = { (char[]){ "true" }, NULL };
	const struct ration_wrap_options options = { .size = sizeof(options), .argv = argv };
	char *line = NULL;

	(void)state;
	assert_int_equal(ration_wrap(NULL, &options, &line, NULL), 0);
	assert_string_equal(line, "bash -c 'ulimit -t 3600 && ulimit -u 100 && exec true'");
	free(line);
}

static void test_refused(void **state)
{
	char *argv[] = { (char[]){ "true" }, NULL }, *none[] = { NULL };
	static const struct {
		enum ration_limit limit;
		const char *text;
		int code;
		const char *word; /* that the message has */
	} table[] = {
		{ RATION_LIMIT_MEMORY, "50%", -EINVAL, "--memory" },
		{ RATION_LIMIT_MEMORY, "1317624576693539402", -ERANGE, "--memory" },
		{ RATION_LIMIT_CPUS, "1.5", -EOPNOTSUPP, "--cpus" },
		{ RATION_LIMIT_TIMEOUT, "1", -EOPNOTSUPP, "--timeout" },
		{ RATION_LIMIT_RLIMIT_NOFILE, "1", -EOPNOTSUPP, "--rlimit nofile" },
	};
	const struct ration_wrap_options options[] = {
		{ .size = 1, .argv = argv },
		{ .size = sizeof(options[0]), .argv = NULL },
		{ .size = sizeof(options[0]), .argv = none },
		{ .size = sizeof(options[0]), .argv = argv, .os = RATION_OS_MACOS + 1 },
	};
	const struct ration_wrap_options good = { .size = sizeof(good), .argv = argv };
	struct ration_error error;
	char *line = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct ration_limits limits = { 0 };

		ask(&limits, table[i].limit, table[i].text);
		assert_int_equal(ration_wrap(&limits, &good, &line, &error), table[i].code);
		assert_row(strstr(error.message, table[i].word) && error.hint[0], "%s", error.message);
		assert_null(line);
	}
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		assert_int_equal(ration_wrap(NULL, &options[i], &line, &error), -EINVAL);
		assert_true(error.message[0]);
		assert_null(line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("wrap", tests, NULL, NULL);
}
