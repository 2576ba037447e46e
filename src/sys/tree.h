/* SPDX-License-Identifier: MIT */
/*
 * tree.h - the processes below a process: find them, signal them, end them
 *
 * Where no cgroup can hold a run together, a child subreaper does
 * (PR_SET_CHILD_SUBREAPER, 3.4): whoever loses its parent becomes the reaper's
 * child, so that members are exactly the reaper's descendants.
 */
#ifndef RATION_SYS_TREE_H
#define RATION_SYS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/proc.h"

/* Processes, ascending by pid, none twice. Zeroed is empty; its memory is used again by the next look. */
struct proc_list {
	struct proc_stat *items;
	size_t n, allocated;
};

void proc_list_free(struct proc_list *list);

/* Adds a copy of `stat`, at the end. Errors: -ENOMEM, -E2BIG (more than there can be pids). */
int proc_list_push(struct proc_list *list, const struct proc_stat *stat);

/* Sorts, and drops what is there twice. */
void proc_list_sort(struct proc_list *list);

/*
 * Reads anew what each entry's pid is now, drops those that are gone, and sorts.
 * Errors: -EMFILE, -EBADMSG, …
 */
int proc_list_read(int proc_fd, struct proc_list *list);

/* Returns the entry of `pid` in a sorted list, or NULL. */
const struct proc_stat *proc_list_find(const struct proc_list *list, pid_t pid);

/*
 * Calls `found` for each pid in an open file of pids, one a line or all in one
 * line, until it returns something else than 0; returns that. A 0, by which a
 * cgroup.procs names a process of another pid namespace, is skipped.
 * Errors: of read(2), -EBADMSG, those of `found`.
 */
int proc_read_pids(int fd, int (*found)(void *userdata, pid_t pid), void *userdata);

/*
 * Calls `found` for each child of each thread of `pid`, dead ones included,
 * until it returns something else than 0; returns that.
 * Errors: -ESRCH (gone), -ENOENT (no CONFIG_PROC_CHILDREN), those of `found`, …
 */
int proc_children(int proc_fd, const struct proc_stat *parent, int (*found)(void *userdata, pid_t child),
		void *userdata);

/*
 * Lists all descendants of `root`, which isn't one itself. Those that are dead
 * and not yet waited for are among them (they hold CPU time): proc_is_dead().
 * Parents are read before their children, so that no CPU time is in the list
 * twice. One that loses its parent during the look may be missing.
 * Errors: -ENOMEM, -E2BIG; -ESRCH (no such root), -EMFILE, …
 */
int proc_descendants(int proc_fd, pid_t root, struct proc_list *list);

/*
 * Sends `sig` once to every live descendant of `root`; each has it before its
 * children are looked for, so that with SIGSTOP and SIGKILL none slips away
 * below one that was found. Never to `root`, to ourselves, to pid 0, 1 or -1,
 * nor to a stranger with a pid used again. Says how many were sent it.
 * Errors: as proc_descendants(). That some may not be signalled is no error.
 */
int proc_tree_signal(int proc_fd, pid_t root, int sig, uint64_t *ret_signalled);

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
