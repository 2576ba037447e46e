/* SPDX-License-Identifier: MIT */
/*
 * test-retrofit.c - limits of a process that runs already: all or none
 */
#include "unit.h"

#include "sleeper.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/spawn/retrofit.h"
#include "util/cleanup.h"

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

/* More than the kernel lets anybody have. */
static uint64_t too_many_files(void)
{
	unsigned long long n = 0;
	FILE *file = fopen("/proc/sys/fs/nr_open", "re");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%llu", &n), 1);
	(void)fclose(file);
	return n + 1;
}

/* What is set by then is put back; what only root could put back isn't set by then. */
static void test_FC10_all_or_nothing(void **state)
{
	const struct {
		struct spawn_rlimit last;
		bool pinned;
		int result;
		enum spawn_step step;
	} rows[] = {
		{ { RLIMIT_DATA, 2, 1 }, false, -EINVAL, SPAWN_STEP_RLIMIT },
		{ { RLIMIT_NOFILE, 1, too_many_files() }, false, -EPERM, SPAWN_STEP_RLIMIT },
		/* No CPU at all. */
		{ { RLIMIT_MEMLOCK, 0, 0 }, true, -EINVAL, SPAWN_STEP_AFFINITY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		static const int resources[] = { RLIMIT_CORE, RLIMIT_STACK, RLIMIT_DATA, RLIMIT_NOFILE, RLIMIT_MEMLOCK };
		struct spawn spawn = { .n_rlimits = 3, .pinned = rows[i].pinned };
		int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct rlimit before[ARRAY_SIZE(resources)];
		pid_t pid = sleeper();
		cpu_set_t mask, after;

		for (size_t k = 0; k < ARRAY_SIZE(resources); k++)
			before[k] = limit_of(pid, resources[k]);
		assert_int_equal(sched_getaffinity(pid, sizeof(mask), &mask), 0);
		spawn.rlimits[0] = (struct spawn_rlimit) { RLIMIT_CORE, 0, 0 };
		spawn.rlimits[1] = (struct spawn_rlimit) { RLIMIT_STACK, 1 << 20, before[1].rlim_max };
		spawn.rlimits[2] = rows[i].last;
		assert_row(retrofit(proc_fd, pid, &spawn) == rows[i].result, "row %zu", i);
		assert_row(spawn.failed_step == rows[i].step && spawn.failed_index == (rows[i].pinned ? 0 : 2), "row %zu", i);
		for (size_t k = 0; k < ARRAY_SIZE(resources); k++) {
			struct rlimit now = limit_of(pid, resources[k]);

			assert_row(memcmp(&now, &before[k], sizeof(now)) == 0, "row %zu: resource %d", i, resources[k]);
		}
		assert_int_equal(sched_getaffinity(pid, sizeof(after), &after), 0);
		assert_true(CPU_EQUAL(&mask, &after));
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
