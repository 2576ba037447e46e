/* SPDX-License-Identifier: MIT */
/*
 * test-within.c - what another process asks, in our memory, for so long and no longer
 */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "sys/within.h"
#include "util/cleanup.h"

#define SECOND UINT64_C(1000000)

static void nap(long msec)
{
	const struct timespec time = { .tv_nsec = msec * 1000000 };

	(void)nanosleep(&time, NULL);
}

static void note(void *data)
{
	*(int *)data = 7;
}

static void test_called(void **state)
{
	bool left;
	int done = 0;

	(void)state;
	assert_int_equal(sys_within(DEADLINE_SECONDS * SECOND, note, &done, &left), 0);
	assert_false(left);
	assert_int_equal(done, 7);
}

/*
 * What fails there is told by errno, which is ours as well. So whoever waits calls nothing of the C library: each of
 * these calls would fail, and write it.
 */
static atomic_bool failed = true;

static void spoil(void)
{
	for (int i = 0; i < 5000 && !failed; i++)
		nap(1);
	errno = EAGAIN;
}

ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
int __real_poll(struct pollfd *fds, nfds_t n, int msec);
int __wrap_poll(struct pollfd *fds, nfds_t n, int msec);
int __real_close(int fd);
int __wrap_close(int fd);

ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	spoil();
	return __real_read(fd, buffer, size);
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int msec)
{
	spoil();
	return __real_poll(fds, n, msec);
}

int __wrap_close(int fd)
{
	spoil();
	return __real_close(fd);
}

static void watch_errno(void *data)
{
	errno = ENOENT;
	failed = true;
	for (int i = 0; i < 200 && errno == ENOENT; i++)
		nap(1);
	*(int *)data = errno;
}

static void test_errno_is_its_own(void **state)
{
	int seen = 0;
	bool left;

	(void)state;
	failed = false;
	assert_int_equal(sys_within(DEADLINE_SECONDS * SECOND, watch_errno, &seen, &left), 0);
	assert_int_equal(seen, ENOENT);
}

static void hang(void *data)
{
	(void)data;
	for (;;)
		nap(500);
}

static void test_too_long(void **state)
{
	bool left;

	(void)state;
	assert_int_equal(sys_within(SECOND / 20, hang, NULL, &left), -ETIMEDOUT);
	assert_false(left);
}

static void die(void *data)
{
	(void)data;
	_exit(0);
}

static void test_killed(void **state)
{
	bool left;

	(void)state;
	assert_int_equal(sys_within(DEADLINE_SECONDS * SECOND, die, NULL, &left), -EINTR);
	assert_false(left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_called),
		cmocka_unit_test(test_errno_is_its_own),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
