/* SPDX-License-Identifier: MIT */
/*
 * test-accounts.c - users and groups in files as people leave them
 */
#include "unit.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "sys/accounts.h"
#include "util/cleanup.h"

static const char passwd[] =
	"root:x:0:0:root:/root:/bin/sh\n"
	"# eve:x:7:7::/:/bin/sh\n"
	"\n"
	"+nis::::::\n"
	"short:x:5:5\n"
	"minus:x:-1:5::/:/bin/sh\n"
	"nobody-else:x:4294967295:5::/:/bin/sh\n"
	"large:x:4294967296:5::/:/bin/sh\n"
	"words:x:five:5::/:/bin/sh\n"
	"\xc3\xbc:x:1001:1002:with, a comment:/home/\xc3\xbc:\n"
	"twice:x:1003:1:first:/one:/bin/one\n"
	"twice:x:1004:2:second:/two:/bin/two\n"
	"last:x:1005:3::/home/last:/bin/last";

static const char group[] =
	"root:x:0:\n"
	"# all:x:9:last\n"
	"first:x:10:last\n"
	"second:x:11:root,last,twice\n"
	"third:x:12:blast,las,last2\n"
	"again:x:11:last\n"
	"odd:x:ten:last\n"
	"end:x:13:twice,last";

static void begin(char dir[PATH_MAX])
{
	files_begin(dir);
	files_put(dir, "passwd", passwd);
	files_put(dir, "group", group);
}

static void test_users(void **state)
{
	CLEANUP(account_done) struct account found = { .name = NULL };
	char dir[PATH_MAX];

	(void)state;
	begin(dir);
	assert_int_equal(account_find(dir, "\xc3\xbc", 0, &found), 0);
	assert_true(found.uid == 1001 && found.gid == 1002);
	assert_string_equal(found.home, "/home/\xc3\xbc");
	assert_string_equal(found.shell, "");
	account_done(&found);
	assert_int_equal(account_find(dir, "twice", 0, &found), 0);
	assert_int_equal(found.uid, 1003);
	account_done(&found);
	assert_int_equal(account_find(dir, NULL, 1005, &found), 0);
	assert_string_equal(found.shell, "/bin/last");
	files_end(dir);
}

static void test_no_users(void **state)
{
	static const char *const names[] = { "eve", "# eve", "nis", "+nis", "short", "minus", "nobody-else", "large",
		"words", "" };
	struct account found = { .name = NULL };
	char dir[PATH_MAX];

	(void)state;
	begin(dir);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_row(account_find(dir, names[i], 0, &found) == -ENOENT, "%s", names[i]);
	assert_int_equal(account_find(dir, NULL, 7, &found), -ENOENT);
	assert_int_equal(account_find("/nowhere", NULL, 0, &found), -ENOENT);
	assert_int_equal(account_find("/dev/null", NULL, 0, &found), -ENOTDIR);
	files_end(dir);
}

static void test_groups(void **state)
{
	CLEANUP(freep) gid_t *groups = NULL;
	char dir[PATH_MAX];
	gid_t gid = 1;
	size_t n;

	(void)state;
	begin(dir);
	assert_int_equal(account_group(dir, "end", &gid), 0);
	assert_int_equal(gid, 13);
	assert_int_equal(account_group(dir, "odd", &gid), -ENOENT);
	assert_int_equal(account_groups(dir, "last", 3, &groups, &n), 0);
	assert_int_equal(n, 4);
	assert_true(groups[0] == 3 && groups[1] == 10 && groups[2] == 11 && groups[3] == 13);
	free(TAKE_PTR(groups));
	assert_int_equal(account_groups(dir, NULL, 3, &groups, &n), 0);
	assert_true(n == 1 && groups[0] == 3);
	files_end(dir);
}

/* A group of a company has thousands of members, in one line. */
static void test_long_line(void **state)
{
	CLEANUP(freep) char *line = calloc(1, 200000);
	CLEANUP(freep) gid_t *groups = NULL;
	char dir[PATH_MAX];
	size_t n;

	(void)state;
	assert_non_null(line);
	(void)strcpy(line, "all:x:20:");
	for (char *at = line + strlen(line); at < line + 199900; at += 6)
		(void)strcpy(at, "other,");
	(void)strcat(line, "me\n");
	files_begin(dir);
	files_put(dir, "group", line);
	assert_int_equal(account_groups(dir, "me", 1, &groups, &n), 0);
	assert_true(n == 2 && groups[1] == 20);
	files_end(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_no_users),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_long_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
