/* SPDX-License-Identifier: MIT */
/*
 * test-queue.c - who waits for a group, in the order of their coming
 */
#include "unit.h"

#include "base.h"

#include <signal.h>
#include <sys/wait.h>

#include "sys/cgroup/lock.h"
#include "sys/cgroup/queue.h"
#include "util/cleanup.h"

static uint64_t count_up_to(uint64_t exact, int fd, uint64_t number)
{
	uint64_t count = 99;

	assert_int_equal(queue_count(fd, number, exact, &count), 0);
	return count;
}

static uint64_t count_below(int fd, uint64_t number)
{
	return count_up_to(UINT64_MAX, fd, number);
}

static void test_order(void **state)
{
	uint64_t number[5];
	struct base base;
	int dir, fd[5];

	(void)state;
	base_begin(&base);
	dir = base_make(&base);
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
		fd[i] = queue_join(dir, &number[i]);
		assert_true(fd[i] >= 0);
		assert_int_equal(number[i], i + 1);
	}
	assert_int_equal(count_below(fd[4], 5), 4);
	/* One in the middle leaves. */
	fd[3] = queue_leave(fd[3]);
	fd[1] = queue_leave(fd[1]);
	assert_int_equal(count_below(fd[4], 5), 2);
	/* Not counted one by one, those who left are counted with the others. */
	assert_int_equal(count_up_to(2, fd[4], 5), 2);
	assert_int_equal(count_up_to(1, fd[4], 5), 4);
	assert_int_equal(count_up_to(1, fd[0], UINT64_MAX), 3);
	assert_int_equal(count_up_to(0, fd[0], 1), 0);
	/* Numbers aren't used again while anybody waits behind them; and the lock is another matter. */
	fd[1] = queue_join(dir, &number[1]);
	assert_int_equal(number[1], 6);
	fd[3] = lock_take(dir, 0);
	assert_true(fd[3] >= 0);
	assert_int_equal(lock_holder(dir), getpid());
	fd[3] = lock_release(fd[3]);
	assert_int_equal(lock_holder(dir), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
		fd[i] = queue_leave(fd[i]);
	fd[0] = queue_join(dir, &number[0]);
	assert_int_equal(number[0], 1);
	fd[0] = queue_leave(fd[0]);
	base_remove(&base, dir);
}

/* Who is dead has no place. */
static void test_killed(void **state)
{
	uint64_t number, first;
	struct base base;
	int dir, fd, pair[2];
	pid_t pid;

	(void)state;
	base_begin(&base);
	dir = base_make(&base);
	assert_int_equal(pipe(pair), 0);
	pid = fork();
	if (pid == 0) {
		(void)alarm(DEADLINE_SECONDS);
		if (queue_join(dir, &number) < 0 || write(pair[1], &number, sizeof(number)) != sizeof(number))
			_exit(1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(pair[0], &first, sizeof(first)), sizeof(first));
	fd = queue_join(dir, &number);
	assert_int_equal(number, first + 1);
	assert_int_equal(count_below(fd, number), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(count_below(fd, number), 0);
	(void)queue_leave(fd);
	(void)close(pair[0]);
	(void)close(pair[1]);
	base_remove(&base, dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
