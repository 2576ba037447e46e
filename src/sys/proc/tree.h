/* SPDX-License-Identifier: MIT */
/*
 * tree.h - the processes below a process: find them, signal them
 *
 * Without a cgroup, a child subreaper keeps a run together (PR_SET_CHILD_SUBREAPER,
 * 3.4): a process that loses its parent becomes a child of the reaper, so the run is
 * exactly the reaper's descendants.
 */
#ifndef RATION_SYS_PROC_TREE_H
#define RATION_SYS_PROC_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/proc/proc-list.h"
#include "sys/proc/proc.h"

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
 * The same, but it stops at more than `most` that live: the list has those that were found,
 * whom nobody has read yet without a state.
 */
int proc_descendants_few(int proc_fd, pid_t root, uint64_t most, struct proc_list *list);

/*
 * Sends `sig` once to every live descendant of `root`; each has it before its
 * children are looked for, so that with SIGSTOP and SIGKILL none slips away
 * below one that was found. Never to `root`, to ourselves, to pid 0, 1 or -1,
 * nor to a stranger with a pid used again. Says how many were sent it.
 * Errors: as proc_descendants(). That some may not be signalled is no error.
 */
int proc_tree_signal(int proc_fd, pid_t root, int sig, uint64_t *ret_signalled);

/* To how many a signal went, and how many the kernel doesn't let us signal. */
struct proc_tree_sent {
	uint64_t signalled, denied;
};

/* Both at once: lists them, and sends each `sig`; 0: none. What was sent is told after an error as well. */
int proc_tree_walk(int proc_fd, pid_t root, int sig, struct proc_list *list, struct proc_tree_sent *ret_sent);

#endif
