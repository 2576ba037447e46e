/* SPDX-License-Identifier: MIT */
/*
 * kill.h - kill all processes of a group, and wait for it to be empty
 *
 * By the fd of its directory, of cgroup2 or of cgroup v1. Returns and errors: as in cgroup.h.
 */
#ifndef RATION_SYS_CGROUP_KILL_H
#define RATION_SYS_CGROUP_KILL_H

#include <stdint.h>

/*
 * Kills all processes of the group and of those below it: by cgroup.kill since
 * 5.14; before, and in a threaded group, frozen, killed and thawed, so that a fork
 * can't outrun it; on a read-only mount, by their pids. What isn't dead a moment later is to be killed again.
 */
int cg_kill(int dir_fd);

/*
 * The same, and a signal to each process, which reaches what cgroup.kill misses: one
 * whose main thread has exited. It costs a walk through all groups below.
 */
int cg_kill_again(int dir_fd);

/*
 * Waits for a key of cgroup.events to have a value. -ETIMEDOUT; -ENOENT: the
 * group is gone.
 */
int cg_wait_event(int dir_fd, const char *key, uint64_t wanted, int timeout_msec);

/* Waits for the group to be empty. -ETIMEDOUT. */
int cg_wait_empty(int dir_fd, int timeout_msec);

/* How long a kill has time to show before it is sent again. */
#define CG_KILL_AGAIN_MSEC 50

/* Kills, and waits for the group to be empty, for as long as it takes. -ETIMEDOUT. */
int cg_end(int dir_fd, int timeout_msec);

#endif
