/* SPDX-License-Identifier: MIT */
/*
 * retrofit.h - limits of a process that runs already
 */
#ifndef RATION_SYS_SPAWN_RETROFIT_H
#define RATION_SYS_SPAWN_RETROFIT_H

#include <sys/types.h>

#include "sys/spawn/spawn.h"

/*
 * Sets on a running process what `spawn` has for a child: rlimits by prlimit(2);
 * nice value, added to what it has, and CPUs of each of its threads, since those are
 * a thread's own. Children that it has keep theirs. On failure it has what it had
 * before, and `failed_step` and `failed_index` say what failed.
 * Errors: -ESRCH, -EPERM, -EINVAL, -ENOMEM.
 */
int retrofit(int proc_fd, pid_t pid, struct spawn *spawn);

#endif
