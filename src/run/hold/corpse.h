/* SPDX-License-Identifier: MIT */
/*
 * corpse.h - what /proc tells of a process that is dead and can't be waited for
 */
#ifndef RATION_RUN_HOLD_CORPSE_H
#define RATION_RUN_HOLD_CORPSE_H

#include <stdbool.h>
#include <sys/types.h>

#include "sys/syscalls.h"

/* Whether a process is dead, reaped or not. */
bool corpse_is_dead(int proc_fd, pid_t pid);

/* How it ended, and what it has used. -ESRCH: it is reaped; -EBUSY: it isn't dead. */
int corpse_read(int proc_fd, pid_t pid, struct sys_wait *ret);

#endif
