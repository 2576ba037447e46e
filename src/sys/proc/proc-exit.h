/* SPDX-License-Identifier: MIT */
/*
 * proc-exit.h - what /proc tells of a process that is dead and can't be waited for
 */
#ifndef RATION_SYS_PROC_PROC_EXIT_H
#define RATION_SYS_PROC_PROC_EXIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "sys/syscalls.h"

/* Whether a process is dead, reaped or not. */
bool proc_has_exited(int proc_fd, pid_t pid);

/* How it ended, and what it has used. -ESRCH: it is reaped; -EBUSY: it isn't dead. */
int proc_exit_read(int proc_fd, pid_t pid, struct sys_wait *ret);

#endif
