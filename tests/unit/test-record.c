/* SPDX-License-Identifier: MIT */
/*
 * test-record.c - what is remembered of a group and told to its keeper, and what isn't believed of it
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "files.h"
#include "group/life/origin.h"
#include "group/record.h"
#include "host/notes.h"
#include "plan/plan.h"
#include "run/keeper/keeper-main.h"
#include "sys/cgroup/cgroup.h"
#include "util/cleanup.h"

static void test_limits(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint64_t value;
	} rows[] = {
		{ "memory 67108864", 0, 67108864 }, { "pids 5\nmemory 1\n", 0, 1 }, { "", -ENODATA, 0 },
		{ "memory", -ENODATA, 0 }, { "memory ", -ENODATA, 0 }, { "memory_high 5", -ENODATA, 0 },
		/* What nobody can have asked for. */
		{ "memory -5", -ENODATA, 0 }, { "memory +5", -ENODATA, 0 }, { "memory 5x", -ENODATA, 0 },
		{ "memory 99999999999999999999999", -ENODATA, 0 }, { "memory 5\nmemory 6", -ENODATA, 0 },
	};
	struct record_limit got;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = record_find_limit(rows[i].text, RATION_LIMIT_MEMORY, &got);

		assert_row(r == rows[i].result && (r < 0 || got.value == rows[i].value), "%s: %d", rows[i].text, r);
	}
	assert_int_equal(record_find_limit("io_read_bps /a:1\nio_read_bps /b:2", RATION_LIMIT_IO_READ_BPS, &got), 0);
	assert_string_equal(got.text, "/a:1 /b:2");
}

static void assert_remembered(int fd, const char *expected)
{
	char text[512];

	assert_true(notes_read(fd, NOTE_LIMITS, text, sizeof(text)) >= 0);
	assert_string_equal(text, expected);
}

/* What a plan says of a limit counts, and of one with keys what it says of that key; the rest stays. */
static void test_limits_are_remembered(void **state)
{
	static struct ration_plan first = { .n = 3, .entry = {
		{ .item = { .limit = RATION_LIMIT_MEMORY, .asked = 5 } }, { .item = { .limit = RATION_LIMIT_PIDS, .asked = 7 } },
		{ .item = { .limit = RATION_LIMIT_IO_READ_BPS, .asked = 1, .text = "/a:1" } } } };
	static struct ration_plan second = { .n = 4, .entry = {
		{ .item = { .limit = RATION_LIMIT_MEMORY, .asked = RATION_UNLIMITED } },
		{ .item = { .limit = RATION_LIMIT_PIDS, .asked = 9, .implied = true } },
		{ .item = { .limit = RATION_LIMIT_IO_READ_BPS, .asked = 2, .text = "/b:2" } },
		{ .item = { .limit = RATION_LIMIT_IO_READ_BPS, .asked = 3, .text = "/a:3" } } } };
	CLEANUP(closep) int fd = -EBADF;
	char dir[PATH_MAX];

	(void)state;
	files_begin(dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	if (notes_mark(fd, NOTE_KEEP) < 0) {
		files_end(dir);
		skip();
	}
	assert_int_equal(record_limits(fd, &first), 0);
	assert_remembered(fd, "memory 5\npids 7\nio_read_bps /a:1");
	assert_true(record_limits_match(fd, &first) && !record_limits_match(fd, &second));
	assert_int_equal(record_limits(fd, &second), 0);
	assert_remembered(fd, "pids 7\nio_read_bps /b:2\nio_read_bps /a:3");
	files_end(dir);
}

/* Limits of a new group, its command, and when it was made, which nobody has to believe. */
static void test_a_new_group_is_remembered(void **state)
{
	static struct ration_plan plan = { .n = 1, .entry = { { .item = { .limit = RATION_LIMIT_PIDS, .asked = 7 } } } };
	static const char *const nonsense[] = { "", "-1", "1 2", "x", "99999999999999999999999" };
	char longest[400], dir[PATH_MAX], text[512], *const argv[] = { (char *)"a b", longest, (char *)"rest", NULL };
	struct notes_reader reader = { .many = true };
	CLEANUP(closep) int fd = -EBADF;
	uint64_t created = 1;
	struct stat st;

	(void)state;
	files_begin(dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	if (notes_mark(fd, NOTE_KEEP) < 0) {
		files_end(dir);
		skip();
	}
	/* Nothing is limited: nothing is written. */
	assert_int_equal(record_first_limits(fd, NULL), 0);
	assert_int_equal(notes_read(fd, NOTE_LIMITS, text, sizeof(text)), -ENODATA);
	assert_false(record_has_limit(fd, RATION_LIMIT_PIDS));
	assert_int_equal(record_first_limits(fd, &plan), 0);
	assert_remembered(fd, "pids 7");
	assert_true(record_has_limit(fd, RATION_LIMIT_PIDS) && !record_has_limit(fd, RATION_LIMIT_MEMORY));

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	record_argv(fd, argv);
	assert_int_equal(notes_read(fd, NOTE_COMMAND, text, sizeof(text)), 255);
	assert_true(strncmp(text, "a b xxx", 7) == 0 && text[254] == 'x');

	assert_int_equal(record_created_usec(&reader, fd, &st, &created), -ENODATA);
	assert_int_equal(created, 0);
	assert_int_equal(record_created(fd), 0);
	assert_true(record_created_usec(&reader, fd, &st, &created) >= 0 && created > 0);
	for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++) {
		assert_int_equal(notes_write(fd, NOTE_CREATED, nonsense[i]), 0);
		created = 1;
		(void)record_created_usec(&reader, fd, &st, &created);
		assert_row(created == 0, "%s", nonsense[i]);
	}
	files_end(dir);
}

static void test_origins(void **state)
{
	static const struct {
		const char *text, *path;
	} rows[] = {
		{ "5 100 /a/b", "/a/b" }, { "6 100 /x\n5 100 /a b\n7 1 /y", "/a b" }, { "\n\n5 100 /", "/" },
		{ "", NULL }, { "5 101 /a", NULL }, { "5", NULL }, { "5 100", NULL }, { "5 100 ", NULL }, { "5 100 a", NULL },
		/* No line goes on in the next one. */
		{ "5 100\n/a", NULL }, { "5\n100 /a", NULL }, { "5 100 \n7 1 /y", NULL },
		{ "-5 100 /a", NULL }, { "4294967301 100 /a", NULL }, { "5 100 /longer/than/the/room", NULL },
	};
	char path[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool found = origin_find(rows[i].text, 5, 100, path, sizeof(path));

		assert_row(found == (rows[i].path != NULL) && (!found || strcmp(path, rows[i].path) == 0), "\"%s\"", rows[i].text);
	}
}

static uint64_t share_of(const char *text, const char *line)
{
	uint64_t share;

	return cg_text_share(text, line, &share) < 0 ? RATION_UNKNOWN : share;
}

static void test_pressure(void **state)
{
	static const struct {
		const char *text;
		uint64_t share;
	} full[] = {
		{ "some avg10=90.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=12.34 avg60=0.00 avg300=0.00 total=0", 1234 },
		{ "full avg10=0.00 avg60=0.00", 0 },
		{ "full avg10=100.00 ", 10000 },
		{ "full avg10=100.01 ", RATION_UNKNOWN },
		{ "full avg10=nan ", RATION_UNKNOWN },
		{ "full avg10=-1.00 ", RATION_UNKNOWN },
		{ "full avg10=inf", RATION_UNKNOWN },
		{ "full avg10=1.2 ", RATION_UNKNOWN },
		{ "full avg10=1.234 ", RATION_UNKNOWN },
		{ "full avg10=1e3.00 ", RATION_UNKNOWN },
		{ "full avg10=99999999999999999999.00 ", RATION_UNKNOWN },
		{ "full avg10=", RATION_UNKNOWN },
		{ "some avg10=90.00 avg60=0.00", RATION_UNKNOWN },
		{ "nofull avg10=90.00 ", RATION_UNKNOWN },
		{ "", RATION_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(full); i++)
		assert_row(share_of(full[i].text, "full") == full[i].share, "%s", full[i].text);
	assert_int_equal(share_of("some avg10=1.23 avg60=0.00 avg300=0.00 total=5\n", "some"), 123);
	assert_int_equal(share_of("some avg10=100.00 avg60=0.00\n", "some"), 10000);
	assert_true(share_of("full avg10=1.23", "some") == RATION_UNKNOWN);
	assert_true(share_of("some avg10=1", "some") == RATION_UNKNOWN);
}

static void test_what_a_keeper_is_told(void **state)
{
	static const char *const wrong[] = { "", "a", "/", "a/", "/a", "../a", "a/..", "a/../b", "a/b/c", "a/.", "a/cgroup.procs",
		"a/b\n",
		"a/b", "a b/c", " a/b", "a/ b", "../a x", "a/.. x", "a/../b x", "a/b/c x", "a/cgroup.procs x" };
	char longest[2 * RATION_NAME_MAX + 4];
	struct keeper_kept kept;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_row(!keeper_parse(wrong[i], &kept), "%s", wrong[i]);
	assert_true(keeper_parse("acme/vm7 2 3 4", &kept));
	assert_string_equal(kept.tenant, "acme");
	assert_string_equal(kept.name, "vm7");
	assert_string_equal(kept.owner, "2 3 4");
	assert_true(keeper_parse("acme/vm7 ", &kept));
	assert_string_equal(kept.owner, "");
	memset(longest, 'a', sizeof(longest));
	longest[RATION_NAME_MAX] = '/';
	longest[2 * RATION_NAME_MAX + 1] = ' ';
	longest[2 * RATION_NAME_MAX + 2] = '\0';
	assert_true(keeper_parse(longest, &kept));
	longest[2 * RATION_NAME_MAX + 1] = 'a';
	longest[2 * RATION_NAME_MAX + 2] = ' ';
	longest[2 * RATION_NAME_MAX + 3] = '\0';
	assert_false(keeper_parse(longest, &kept));
}

static void test_a_damaged_hello_is_refused(void **state)
{
	struct keeper_hello good = { .version = RATION_VERSION, .size = sizeof(good), .n_nodes = 2, .parent_fd = 1,
		.node = { "user.slice", "ration" } };
	struct keeper_hello bad[8] = { good, good, good, good, good, good, good, good };

	(void)state;
	assert_true(keeper_understood(&good, sizeof(good)));
	assert_false(keeper_understood(&good, sizeof(good) - 1));
	bad[0].version[0]++;
	bad[1].size++;
	bad[2].n_nodes = 0;
	bad[3].n_nodes = HOST_NODES_MAX + 1;
	bad[4].n_v1 = HOST_V1_MAX + 1;
	bad[5].parent_fd = 0xee;
	memset(bad[6].node[1], 'a', sizeof(bad[6].node[1]));
	(void)strcpy(bad[7].node[1], "..");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_row(!keeper_understood(&bad[i], sizeof(bad[i])), "hello %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_limits_are_remembered),
		cmocka_unit_test(test_a_new_group_is_remembered),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_pressure),
		cmocka_unit_test(test_what_a_keeper_is_told),
		cmocka_unit_test(test_a_damaged_hello_is_refused),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
