/* SPDX-License-Identifier: MIT */
/*
 * tree-kill.h - end the processes below a process
 */
#ifndef RATION_SYS_PROC_TREE_KILL_H
#define RATION_SYS_PROC_TREE_KILL_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Ends all descendants of `root`: stops them, until no new one appears, then
 * kills, and again, until none lives. Sleeps meanwhile, at most `timeout_usec`.
 * Waits for nobody: the dead stay as zombies for the caller, who is their parent
 * by then, if it is `root`, and who must not wait for any of them in another
 * thread during the call. Meanwhile this thread has the highest priority that it
 * may give itself. `ret_killed`, may be NULL: how many were found alive.
 * Errors: -ETIMEDOUT (some are still dying, or hang in the kernel), -EPERM (only
 * processes of other users are left), and as proc_descendants().
 */
int proc_tree_stop_kill(int proc_fd, pid_t root, uint64_t timeout_usec, uint64_t *ret_killed);

#endif
