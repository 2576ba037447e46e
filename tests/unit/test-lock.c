/* SPDX-License-Identifier: MIT */
/*
 * test-lock.c - the lock of a group
 */
#include "unit.h"

#include "base.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "sys/cgroup/lock.h"
#include "util/cleanup.h"

static pid_t holder_of(int fd, int ready_fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)alarm(DEADLINE_SECONDS);
		if (lock_take(fd, 0) < 0 || write(ready_fd, "", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	assert_true(pid > 0);
	return pid;
}

static void test_one_has_it(void **state)
{
	struct base base;
	int fd, lock, pair[2];
	pid_t pid;
	char byte;

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	assert_int_equal(lock_holder(fd), 0);
	assert_int_equal(pipe(pair), 0);
	pid = holder_of(fd, pair[1]);
	assert_int_equal(read(pair[0], &byte, 1), 1);
	assert_int_equal(lock_take(fd, 0), -EBUSY);
	assert_int_equal(lock_take(fd, 20), -EBUSY);
	assert_int_equal(lock_holder(fd), pid);
	/* Nobody dead has it. */
	assert_int_equal(kill(pid, SIGKILL), 0);
	lock = lock_take(fd, DEADLINE_SECONDS * 1000);
	assert_true(lock >= 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* Another handle of this process is anybody. */
	assert_int_equal(lock_take(fd, 0), -EBUSY);
	assert_int_equal(lock_holder(fd), getpid());
	(void)close(lock);
	lock = lock_take(fd, 0);
	assert_true(lock >= 0);
	(void)close(lock);
	(void)close(pair[0]);
	(void)close(pair[1]);
	base_remove(&base, fd);
}

/* FA7: what others can open is no lock: neither the directory nor, for reading, the file. */
static void test_FA7_others_cannot_open_it(void **state)
{
	struct base base;
	struct stat st;
	mode_t mask = umask(0);
	int fd, lock;

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	assert_int_equal(fstatat(fd, LOCK_FILE, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	lock = lock_take(fd, 0);
	assert_true(lock >= 0);
	(void)close(lock);
	/* One that something else has made is closed at the first lock. */
	assert_int_equal(fchmodat(fd, LOCK_FILE, 0644, 0), 0);
	lock = lock_take(fd, 0);
	assert_int_equal(fstatat(fd, LOCK_FILE, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	(void)close(lock);
	(void)umask(mask);
	base_remove(&base, fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_has_it),
		cmocka_unit_test(test_FA7_others_cannot_open_it),
	};

	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
