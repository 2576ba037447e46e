/* SPDX-License-Identifier: MIT */
/*
 * inherit.h - what a command inherits from its caller, and what is reset before it runs
 */
#ifndef RATION_SYS_SPAWN_INHERIT_H
#define RATION_SYS_SPAWN_INHERIT_H

#include <stddef.h>
#include <sys/types.h>

/* The table, up to a row whose `what` is NULL. SECURITY.md has the same rows, with the reasons. */
struct inherited {
	const char *what;
	int (*reset)(void); /* NULL: kept */
};
extern const struct inherited inherit_table[];

/*
 * Resets all that this process mustn't hand on to a command. By system calls alone: it runs in a
 * child that shares its parent's memory. Before the child joins a group: cgroup v1 takes no
 * realtime process. Returns 0, or a negative errno, and in `ret_row` which row of the table failed.
 */
int inherit_reset(int *ret_row);

/* Takes a child out of a realtime policy, before it is moved into a group. 0 or a negative errno. */
int inherit_calm(pid_t pid);

#endif
