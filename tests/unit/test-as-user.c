/* SPDX-License-Identifier: MIT */
/*
 * test-as-user.c - the user that a command is to run as
 */
#include "unit.h"

#include <string.h>
#include <sys/wait.h>

#include "files.h"
#include "group/as-user.h"
#include "util/cleanup.h"

#define PASSWD \
	"root:x:0:0:root:/root:/bin/bash\n" \
	"+nis::::::\n" \
	"malformed\n" \
	"bob:x:1000:1001:Bob:/home/bob:/bin/zsh\n" \
	"again:x:1000:7:Bob again:/home/again:/bin/sh\n" \
	"-bad:x:0:0:::\n" \
	"bare:x:1002:1002:::\n" \
	"12:x:34:34:a number as a name:/:/bin/sh\n" \
	"last:x:1003:1003:no line feed:/last:/bin/sh"

static char dir[PATH_MAX];

/* As many members as don't fit into the first buffer. */
static void put_groups(void)
{
	CLEANUP(freep) char *text = calloc(1, 200000);
	char *at = text;

	at += sprintf(at, "root:x:0:\nbob:x:1001:\nstaff:x:50:alice,bob\nfew:x:51:bobby,alice\nlarge:x:52:");
	for (int i = 0; i < 10000; i++)
		at += sprintf(at, "member%d,", i);
	at += sprintf(at, "bob\nstaff2:x:50:bob\n+nis:x:53:bob\nend:x:54:bob");
	files_put(dir, "group", text);
}

static int begin(void **state)
{
	(void)state;
	files_begin(dir);
	files_put(dir, "passwd", PASSWD);
	put_groups();
	return 0;
}

static int end(void **state)
{
	(void)state;
	files_end(dir);
	return 0;
}

static void test_found(void **state)
{
	const struct {
		const char *text;
		uid_t uid;
		gid_t gid;
		size_t n_groups;
		const char *home, *user;
	} rows[] = {
		{ "bob", 1000, 1001, 4, "HOME=/home/bob", "USER=bob" },
		{ "1000", 1000, 1001, 4, "HOME=/home/bob", "USER=bob" },
		{ "bob:staff", 1000, 50, 3, "HOME=/home/bob", "USER=bob" },
		{ "bob:7", 1000, 7, 4, "HOME=/home/bob", "USER=bob" },
		{ "again", 1000, 7, 1, "HOME=/home/again", "USER=again" },
		{ "bare", 1002, 1002, 1, "HOME=/", "USER=bare" },
		{ "last", 1003, 1003, 1, "HOME=/last", "USER=last" },
		{ "root:large", 0, 52, 1, "HOME=/root", "USER=root" },
		{ "root:end", 0, 54, 1, "HOME=/root", "USER=root" },
		{ "4711:4712", 4711, 4712, 1, "HOME=/", NULL },
		{ "12:13", 12, 13, 1, "HOME=/", NULL }, /* a number is a uid */
	};

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct as_user user = { .account.name = NULL };
		struct ration_error error = { .message = "" };
		int r = as_user_find(dir, rows[i].text, &user, &error);

		assert_row(r == 0, "%s: %s", rows[i].text, error.message);
		assert_row(user.identity.uid == rows[i].uid && user.identity.gid == rows[i].gid, "%s", rows[i].text);
		assert_row(user.identity.n_groups == rows[i].n_groups, "%s: %zu", rows[i].text, user.identity.n_groups);
		assert_row(user.identity.groups[0] == rows[i].gid, "%s", rows[i].text);
		assert_row(strcmp(user.variables[0], rows[i].home) == 0, "%s: %s", rows[i].text, user.variables[0]);
		assert_row(rows[i].user ? strcmp(user.variables[2], rows[i].user) == 0 : !user.variables[2], "%s",
				rows[i].text);
		as_user_done(&user);
	}
}

static void test_refused(void **state)
{
	const char *const rows[] = { "nobody", "", ":", ":staff", "bob:", "bob:staff:x", "bob:none", "4711", "-1", "+nis", "-bad",
		"malformed", "4294967295:1", "1:4294967295", "18446744073709551616:1", "bob:+nis", "Bob", "bob " };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct as_user user = { .account.name = NULL };
		struct ration_error error = { .message = "" };

		assert_row(as_user_find(dir, rows[i], &user, &error) == -EINVAL, "%s", rows[i]);
		assert_row(error.message[0] && error.hint[0] && error.cause == RATION_CAUSE_INVALID, "%s", rows[i]);
		as_user_done(&user);
	}
}

/* What can't be read says nothing of who there is: no user without their groups. */
static void test_unreadable(void **state)
{
	struct as_user user = { .account.name = NULL };
	struct ration_error error;
	char path[PATH_MAX + 8];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/group", dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("group", path), 0);
	assert_int_equal(as_user_find(dir, "bob", &user, &error), -ELOOP);
	assert_non_null(strstr(error.message, "/group: "));
	as_user_done(&user);
	assert_int_equal(as_user_find(path, "bob", &user, &error), -ELOOP);
	as_user_done(&user);
	assert_int_equal(unlink(path), 0);
	put_groups();
}

static bool contains(char *const *envp, const char *entry)
{
	while (*envp && strcmp(*envp, entry) != 0)
		envp++;
	return *envp;
}

static void test_environment(void **state)
{
	char *const given[] = { (char *)"HOME=/mine", (char *)"A=b", (char *)"USERS=x", NULL };
	struct as_user user = { .variables = { (char *)"HOME=/h", (char *)"SHELL=/s", (char *)"USER=u", NULL } };
	char **envp;

	(void)state;
	assert_int_equal(as_user_environment(&user, given, &envp), 0);
	assert_true(contains(envp, "HOME=/mine") && contains(envp, "A=b") && contains(envp, "USERS=x"));
	assert_true(contains(envp, "SHELL=/s") && contains(envp, "USER=u") && !contains(envp, "HOME=/h"));
	free(envp);
	assert_int_equal(setenv("HOME", "/of/root", 1), 0);
	assert_int_equal(setenv("LOGNAME", "root", 1), 0);
	assert_int_equal(setenv("A", "c", 1), 0);
	assert_int_equal(as_user_environment(&user, NULL, &envp), 0);
	assert_true(contains(envp, "HOME=/h") && contains(envp, "A=c") && contains(envp, "USER=u"));
	assert_true(!contains(envp, "HOME=/of/root") && !contains(envp, "LOGNAME=root"));
	free(envp);
}

/* Each step that can fail says which it was. */
static int become(const struct identity *identity, int *ret_step)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int step = 99, r = identity_become(identity, &step);

		_exit(r == 0 ? 100 : step);
	}
	assert_true(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	*ret_step = WEXITSTATUS(status);
	return *ret_step == 100 ? 0 : -1;
}

static void test_steps(void **state)
{
	gid_t groups[] = { 5, 6 };
	struct identity identity = { .uid = 4711, .gid = 5, .groups = groups, .n_groups = 2 };
	int step;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(become(&identity, &step), 0);
	identity.n_groups = 1 << 20;
	assert_true(become(&identity, &step) < 0 && step == IDENTITY_STEP_GROUPS);
	identity = (struct identity) { .uid = 4711, .gid = 5, .unchanged = true };
	assert_true(become(&identity, &step) < 0 && step == IDENTITY_STEP_CHECK);
	assert_string_equal(identity_step_name(IDENTITY_STEP_UID), "setresuid");
	assert_string_equal(identity_step_name(4711), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_found, begin, end),
		cmocka_unit_test_setup_teardown(test_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_unreadable, begin, end),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
