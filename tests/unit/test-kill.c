/* SPDX-License-Identifier: MIT */
/*
 * test-kill.c - killing all of a group where the kernel has no cgroup.kill
 *
 * A directory of plain files stands for the group: what is written stays in them, and they
 * list who is in it.
 */
#include "unit.h"

#include "files.h"
#include "sleeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/cgroup1.h"
#include "sys/cgroup/cpuset.h"
#include "sys/cgroup/kill.h"
#include "util/cleanup.h"

static char dir[PATH_MAX];
static int fd = -EBADF;

static int begin(void **state)
{
	(void)state;
	files_begin(dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0;
}

static int end(void **state)
{
	(void)state;
	fd = close_fd(fd);
	files_end(dir);
	return 0;
}

static pid_t put_sleeper(void)
{
	pid_t pid = sleeper();
	char text[32];

	(void)snprintf(text, sizeof(text), "%d\n", (int)pid);
	files_put(dir, "cgroup.procs", text);
	return pid;
}

static void assert_killed(pid_t pid)
{
	int status;

	assert_true(soon(waitpid(pid, &status, WNOHANG) == pid));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void assert_file(const char *file, const char *expected)
{
	char text[256];

	assert_true(cg_read(fd, file, text, sizeof(text)) >= 0);
	assert_string_equal(text, expected);
}

/* Before 5.14: frozen, so that nobody forks away; killed; thawed. */
static void test_frozen_first(void **state)
{
	static const char *const events[] = { "populated 1\nfrozen 1\n", "populated 1\n", NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		pid_t pid = put_sleeper();

		files_put(dir, "cgroup.freeze", "1");
		if (events[i])
			files_put(dir, "cgroup.events", events[i]);
		else
			assert_int_equal(unlinkat(fd, "cgroup.events", 0), 0);
		assert_int_equal(cg_kill(fd), 0);
		assert_file("cgroup.freeze", "0");
		assert_killed(pid);
	}
}

/* In cgroup v1 the freezer has files of other names; SIGKILL waits until it is thawed. */
static void test_v1_is_thawed(void **state)
{
	pid_t pid = put_sleeper();

	(void)state;
	files_put(dir, "freezer.state", "THAWED");
	assert_int_equal(cg_kill(fd), 0);
	assert_file("freezer.state", "THAWED");
	assert_killed(pid);
	/* It is listed for as long as nobody is told otherwise. */
	assert_int_equal(cg1_wait_empty(fd, 1), -ETIMEDOUT);
	files_put(dir, "cgroup.procs", "");
	assert_int_equal(cg1_wait_empty(fd, 1), 0);
	assert_int_equal(cg_end(fd, 1000), 0);
}

/* A freezer that never says so is waited for a second, and the kill is sent anyway. */
static void test_v1_that_does_not_freeze(void **state)
{
	pid_t pid = put_sleeper();

	(void)state;
	files_put(dir, "freezer.state", "FREEZING, for longer than FROZEN");
	assert_int_equal(cg1_kill(fd), 0);
	assert_killed(pid);
}

static void test_no_directory_of_v1(void **state)
{
	(void)state;
	assert_int_equal(cg1_open_base(dir), -EINVAL);
	assert_int_equal(cg1_open_base("/nowhere/at/all"), -ENOENT);
}

static void test_a_process_knows_its_cpuset(void **state)
{
	struct cpuset set = { .known = false };

	(void)state;
	assert_true(cpuset_taken(&set));
	set.known = true;
	assert_false(cpuset_taken(&set));
	memset(&set.cpus, 0xff, sizeof(set.cpus));
	memset(&set.mems, 0xff, sizeof(set.mems));
	assert_true(cpuset_taken(&set));
	/* Only where another one is allowed can it be in the wrong place. */
	memset(&set.cpus, 0, sizeof(set.cpus));
	assert_false(cpuset_taken(&set));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_frozen_first, begin, end),
		cmocka_unit_test_setup_teardown(test_v1_is_thawed, begin, end),
		cmocka_unit_test_setup_teardown(test_v1_that_does_not_freeze, begin, end),
		cmocka_unit_test_setup_teardown(test_no_directory_of_v1, begin, end),
		cmocka_unit_test(test_a_process_knows_its_cpuset),
	};

	return cmocka_run_group_tests_name("kill", tests, NULL, NULL);
}
