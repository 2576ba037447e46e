/* SPDX-License-Identifier: MIT */
/*
 * queue.h - who waits for a group, in the order of their coming
 *
 * A place in the queue is a lock on one byte of the file of the group's lock (lock.h), after the
 * first byte. The numbers go up, so a lower number came earlier. Nothing is written and nothing can
 * be left behind: a lock ends with the last fd of its open file, so a dead process has no place.
 * Other users can't open that file, so they can't have one. The numbers begin anew when nobody
 * waits.
 */
#ifndef RATION_SYS_CGROUP_QUEUE_H
#define RATION_SYS_CGROUP_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Takes the place behind all others of the group's queue. Returns an fd that has it, until
 * queue_leave(), and `ret_number`, 1 or more. Errors: those of lock_take(); -ENOLCK.
 */
int queue_join(int dir_fd, uint64_t *ret_number);

/* Gives the place back, in whatever process its fd is a copy. Accepts no fd; returns "no fd". */
int queue_leave(int fd);

/*
 * How many have a number below `number`; UINT64_MAX: in all. Counting one takes the kernel longer the more
 * locks there are. So above `exact` the result is how many there can be, including those that left before
 * their turn.
 */
int queue_count(int fd, uint64_t number, uint64_t exact, uint64_t *ret_count);

/* Calls `visit` for each number, ascending, until it returns false. */
int queue_each(int fd, bool (*visit)(uint64_t number, void *data), void *data);

#endif
