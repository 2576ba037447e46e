/* SPDX-License-Identifier: MIT */
/*
 * proc-usage.h - what /proc tells of the memory of a process and of the tasks of a user
 *
 * By the fd of a /proc directory, as in proc.h.
 */
#ifndef RATION_SYS_PROC_PROC_USAGE_H
#define RATION_SYS_PROC_PROC_USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Sums up a process's memory, each page divided by the number of processes that
 * map it. Walks its page tables: about 1 ms for 100 MiB.
 * Errors: -ESRCH (gone), -EACCES, -EPERM (not ours), -ENOENT (before 4.14), -EMFILE.
 */
int proc_pss_read(int proc_fd, pid_t pid, uint64_t *ret_bytes);

/*
 * Tells whether two processes are the same memory, as after vfork(2): each shows
 * all of it as its own. False where the kernel won't say (no CONFIG_KCMP, or not
 * ours to ask).
 */
bool proc_same_memory(pid_t a, pid_t b);

/*
 * Counts the threads, zombies included, of all processes of a real uid: what
 * the kernel compares RLIMIT_NPROC with. Sees this pid namespace only, and with
 * hidepid= our own processes only; so the kernel's count may be higher.
 */
int proc_uid_tasks(int proc_fd, uid_t uid, uint64_t *ret_tasks);

#endif
