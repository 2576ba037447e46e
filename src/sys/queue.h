/* SPDX-License-Identifier: MIT */
/*
 * queue.h - who waits for a group, in the order of their coming
 *
 * A place in the queue is a lock on one byte of the file of the group's lock (lock.h), behind the
 * first: the numbers go up, and who has a lower one was there before. There is nothing to be written or
 * left behind: a lock ends with the last fd of its open file, so nobody dead has a place, and nobody has one who
 * can't open that file, which no other user can. The numbers begin anew once nobody waits.
 */
#ifndef RATION_SYS_QUEUE_H
#define RATION_SYS_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Takes the place behind all others of the group's queue. Returns an fd that has it, until
 * queue_leave(), and `ret_number`, 1 or more. Errors: those of lock_take(); -ENOLCK.
 */
int queue_join(int dir_fd, uint64_t *ret_number);

/* Gives the place back, in whatever process its fd is a copy. Accepts no fd; returns "no fd". */
int queue_leave(int fd);

static inline void queue_leavep(int *fd)
{
	*fd = queue_leave(*fd);
}

/*
 * How many have a number below `number`; UINT64_MAX: in all. To count one takes the kernel as long as there are
 * locks, so above `exact` of them it is how many could be: those who left before their turn are counted as well.
 */
int queue_count(int fd, uint64_t number, uint64_t exact, uint64_t *ret_count);

/* Calls `visit` for each number, ascending, until it returns false. */
int queue_each(int fd, bool (*visit)(uint64_t number, void *data), void *data);

#endif
