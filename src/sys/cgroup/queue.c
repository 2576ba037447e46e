/* SPDX-License-Identifier: MIT */
/*
 * queue.c - who waits for a group, in the order of their coming
 */
#include "sys/cgroup/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sys/cgroup/lock.h"
#include "util/cleanup.h"

/* The last byte that a lock can be on. */
#define NUMBER_MAX ((uint64_t)INT64_MAX - 1)

/* Rounds against others who come at the same moment; far more than can be. */
#define JOIN_ROUNDS_MAX 100000

static struct flock range(short type, uint64_t low, uint64_t high)
{
	return (struct flock) { .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)low, .l_len = (off_t)(high - low + 1) };
}

/* 1: somebody else has one of these numbers, `ret_one`. */
static int taken(int fd, uint64_t low, uint64_t high, uint64_t *ret_one)
{
	struct flock lock = range(F_WRLCK, low, high);

	if (low > high)
		return 0;
	if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
		return -errno;
	if (lock.l_type == F_UNLCK)
		return 0;
	/* One that is on more than a number is none of ours: it counts for the first of them. */
	*ret_one = (uint64_t)lock.l_start < low ? low : (uint64_t)lock.l_start;
	return 1;
}

/* The highest number below `number` that anybody has, but for `fd` itself; 0: there is none. */
static int highest_below(int fd, uint64_t number, uint64_t *ret_highest)
{
	uint64_t low = 0, high = number - 1;

	if (number > NUMBER_MAX)
		high = NUMBER_MAX;
	/* Nobody has a number above `high`; `low` is had, or 0. */
	while (low < high) {
		uint64_t middle = low + (high - low + 1) / 2, one = 0;
		int r = taken(fd, middle, high, &one);

		if (r < 0)
			return r;
		if (r > 0)
			low = one;
		else
			high = middle - 1;
	}
	*ret_highest = low;
	return 0;
}

int queue_join(int dir_fd, uint64_t *ret_number)
{
	CLEANUP(closep) int fd = lock_open(dir_fd);
	uint64_t number;
	int r;

	if (fd < 0)
		return fd;
	r = highest_below(fd, UINT64_MAX, &number);
	if (r < 0)
		return r;
	for (int round = 0; round < JOIN_ROUNDS_MAX; round++) {
		struct flock lock;

		number++;
		lock = range(F_WRLCK, number, number);
		if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
			*ret_number = number;
			return TAKE_FD(fd);
		}
		if (errno != EAGAIN && errno != EACCES)
			return -errno;
	}
	return -EBUSY;
}

int queue_leave(int fd)
{
	return lock_release(fd);
}

/* The kernel reports any one of them: mostly the oldest, which is the lowest. */
static int each(int fd, uint64_t high, bool (*visit)(uint64_t number, void *data), void *data)
{
	uint64_t low = 1, one = 0;
	int r;

	while ((r = taken(fd, low, high, &one)) > 0) {
		do
			r = taken(fd, low, one - 1, &one);
		while (r > 0);
		if (r < 0)
			return r;
		if (!visit(one, data))
			return 0;
		low = one + 1;
	}
	return r;
}

int queue_each(int fd, bool (*visit)(uint64_t number, void *data), void *data)
{
	return each(fd, NUMBER_MAX, visit, data);
}

struct counting {
	uint64_t n, exact;
	uint64_t lowest; /* the number of the first */
};

static bool count_one(uint64_t number, void *data)
{
	struct counting *counting = data;

	if (counting->n++ == 0)
		counting->lowest = number;
	return counting->n <= counting->exact;
}

int queue_count(int fd, uint64_t number, uint64_t exact, uint64_t *ret_count)
{
	struct counting counting = { .exact = exact };
	uint64_t high = number > NUMBER_MAX ? NUMBER_MAX : number - 1;
	int r = each(fd, high, count_one, &counting);

	*ret_count = counting.n;
	if (r < 0 || counting.n <= exact)
		return r;
	if (number > NUMBER_MAX)
		r = highest_below(fd, number, &high);
	/* Unless all have left meanwhile. */
	if (r == 0 && high >= counting.lowest)
		*ret_count = high - counting.lowest + 1;
	return r;
}
