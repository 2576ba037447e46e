/* SPDX-License-Identifier: MIT */
/*
 * clone.h - processes as the C library doesn't make them: in a group, in our memory, beside us
 */
#ifndef RATION_SYS_CLONE_H
#define RATION_SYS_CLONE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * clone3(2) into a new process, since 5.3: its pid, or 0 in the child.
 * With `cgroup_fd` >= 0 it is born in that cgroup (CLONE_INTO_CGROUP, 5.7).
 * The parent gets a pidfd, which is written before the child runs: another thread may use
 * it meanwhile. With CLONE_VM|CLONE_VFORK in `flags` the
 * child runs `function(argument)` on `stack` in the parent's memory, and the
 * parent sleeps until it has execed or exited: no page table is copied, and
 * nothing that the child touches is charged to its new group. Where that isn't
 * available (an architecture without our few lines of assembly), the flags are
 * dropped and the child gets a copy.
 */
pid_t sys_clone_into(int cgroup_fd, void *stack, size_t stack_size, int (*function)(void *),
		void *argument, int *ret_pid_fd);

/* The same in a copy of the parent's memory, while the parent goes on. */
pid_t sys_clone_copied(int cgroup_fd, int (*function)(void *), void *argument, int *ret_pid_fd);

/*
 * As sys_clone_into() in no cgroup, and always in the parent's memory, on every kernel and every
 * architecture: clone(2). Where that has no pidfd (before 5.2), `ret_pid_fd` isn't written.
 */
pid_t sys_clone_shared(void *stack, size_t stack_size, int (*function)(void *), void *argument, int *ret_pid_fd);

/*
 * A process in the parent's memory that runs at the same time. No SIGCHLD reports its end: waitpid(2) finds
 * it with __WALL. Both share one errno, which belongs to the new process: its caller uses sys_quiet() while
 * that runs. -ENOSYS if this isn't possible here.
 */
pid_t sys_clone_beside(void *stack, size_t stack_size, int (*function)(void *), void *argument);

/* A system call that leaves errno alone, with up to four arguments. What it returns, or a negative errno. */
long sys_quiet(long number, long a, long b, long c, long d);

/*
 * As sys_clone_into() without clone3 and without a cgroup: fork(2) and pidfd_open(2). Without
 * pidfds, `ret_pid_fd` is -EBADF.
 */
pid_t sys_fork(int (*function)(void *), void *argument, int *ret_pid_fd);

/*
 * fork(2) for a helper of ours: in the child every signal is blocked from the
 * first moment, since a handler of the program would run there as if in the
 * program itself. -errno.
 */
pid_t sys_fork_masked(void);

#endif
