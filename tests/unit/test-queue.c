/* SPDX-License-Identifier: MIT */
/*
 * test-queue.c - who waits for a group, in the order of their coming
 */
#include "unit.h"

#include "base.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "sys/lock.h"
#include "sys/queue.h"
#include "util/cleanup.h"

static uint64_t ahead_of(int fd, uint64_t number)
{
	uint64_t ahead = 99;

	assert_int_equal(queue_ahead(fd, number, &ahead), 0);
	return ahead;
}

static uint64_t count_below(int fd, uint64_t number)
{
	uint64_t count = 99;

	assert_int_equal(queue_count(fd, number, &count), 0);
	return count;
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
	assert_int_equal(ahead_of(fd[0], 1), 0);
	assert_int_equal(ahead_of(fd[4], 5), 4);
	assert_int_equal(count_below(fd[4], 5), 4);
	/* One in the middle leaves. */
	fd[3] = queue_leave(fd[3]);
	fd[1] = queue_leave(fd[1]);
	assert_int_equal(ahead_of(fd[4], 5), 3);
	assert_int_equal(ahead_of(fd[2], 3), 1);
	assert_int_equal(count_below(fd[4], 5), 2);
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

struct sleeper {
	int fd;
	uint64_t number;
	int result;
};

static void *sleep_for(void *argument)
{
	struct sleeper *sleeper = argument;

	sleeper->result = queue_sleep(sleeper->fd, sleeper->number);
	return NULL;
}

/* Who waits is woken by the end of the one before, however that ends. */
static void test_wake(void **state)
{
	struct sleeper sleeper = { .result = 1 };
	uint64_t number, first;
	struct base base;
	pthread_t thread;
	int dir, pair[2];
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
	sleeper.fd = queue_join(dir, &number);
	assert_int_equal(number, first + 1);
	sleeper.number = ahead_of(sleeper.fd, number);
	assert_int_equal(sleeper.number, first);
	assert_int_equal(pthread_create(&thread, NULL, sleep_for, &sleeper), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(sleeper.result, 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(ahead_of(sleeper.fd, number), 0);
	/* What it had for a moment, it has no more. */
	assert_int_equal(count_below(sleeper.fd, UINT64_MAX), 0);
	(void)queue_leave(sleeper.fd);
	(void)close(pair[0]);
	(void)close(pair[1]);
	base_remove(&base, dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_wake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
