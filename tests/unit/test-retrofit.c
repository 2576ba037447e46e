/* SPDX-License-Identifier: MIT */
/*
 * test-retrofit.c - limits of a process that runs already: all or none
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/retrofit.h"

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)alarm(DEADLINE_SECONDS);
		for (;;)
			(void)pause();
	}
	assert_true(pid > 0);
	return pid;
}

static void end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static struct rlimit limit_of(pid_t pid, int resource)
{
	struct rlimit value;

	assert_int_equal(prlimit(pid, (__rlimit_resource_t)resource, NULL, &value), 0);
	return value;
}

static void test_FC10_all_or_nothing(void **state)
{
	/* What fails comes last of what can fail: the third, the CPUs, and the nice value. */
	for (int round = 0; round < 2; round++) {
		struct spawn spawn = { .n_rlimits = 2 };
		int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct rlimit core, stack;
		pid_t pid = sleeper();
		cpu_set_t before, after;

		(void)state;
		assert_int_equal(sched_getaffinity(pid, sizeof(before), &before), 0);
		core = limit_of(pid, RLIMIT_CORE);
		stack = limit_of(pid, RLIMIT_STACK);
		spawn.rlimits[0] = (struct spawn_rlimit) { RLIMIT_CORE, 0, 0 };
		spawn.rlimits[1] = (struct spawn_rlimit) { RLIMIT_STACK, 1 << 20, 2 << 20 };
		if (round == 0) {
			spawn.rlimits[2] = (struct spawn_rlimit) { RLIMIT_DATA, 2, 1 };
			spawn.n_rlimits = 3;
		} else {
			/* No CPU at all. */
			spawn.pinned = true;
		}
		assert_int_equal(retrofit(proc_fd, pid, &spawn), -EINVAL);
		assert_int_equal(spawn.failed_step, round == 0 ? SPAWN_STEP_RLIMIT : SPAWN_STEP_AFFINITY);
		assert_int_equal(spawn.failed_index, round == 0 ? 2 : 0);
		assert_int_equal(limit_of(pid, RLIMIT_CORE).rlim_cur, core.rlim_cur);
		assert_int_equal(limit_of(pid, RLIMIT_CORE).rlim_max, core.rlim_max);
		assert_int_equal(limit_of(pid, RLIMIT_STACK).rlim_cur, stack.rlim_cur);
		assert_int_equal(limit_of(pid, RLIMIT_STACK).rlim_max, stack.rlim_max);
		assert_int_equal(sched_getaffinity(pid, sizeof(after), &after), 0);
		assert_true(CPU_EQUAL(&before, &after));
		assert_int_equal(getpriority(PRIO_PROCESS, (id_t)pid), getpriority(PRIO_PROCESS, 0));
		end(pid);
		(void)close(proc_fd);
	}
}

static void test_FC11_nice_is_added(void **state)
{
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid = sleeper();
	struct spawn spawn = { .nice = 3 };

	(void)state;
	assert_int_equal(setpriority(PRIO_PROCESS, (id_t)pid, 15), 0);
	assert_int_equal(retrofit(proc_fd, pid, &spawn), 0);
	assert_int_equal(getpriority(PRIO_PROCESS, (id_t)pid), 18);
	assert_int_equal(retrofit(proc_fd, pid, &spawn), 0);
	assert_int_equal(getpriority(PRIO_PROCESS, (id_t)pid), 19);
	end(pid);
	assert_int_equal(retrofit(proc_fd, pid, &spawn), -ESRCH);
	(void)close(proc_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_FC10_all_or_nothing),
		cmocka_unit_test(test_FC11_nice_is_added),
	};

	return cmocka_run_group_tests_name("retrofit", tests, NULL, NULL);
}
