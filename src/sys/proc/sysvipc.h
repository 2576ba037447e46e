/* SPDX-License-Identifier: MIT */
/*
 * sysvipc.h - System V shared memory, as this process's ipc namespace has it
 */
#ifndef RATION_SYS_PROC_SYSVIPC_H
#define RATION_SYS_PROC_SYSVIPC_H

#include <stdint.h>
#include <time.h>

/*
 * Counts the segments that were made or changed at `since` or later and that no process has attached.
 * Who has made them can't be known when their maker is dead. 0 where that can't be read.
 */
uint64_t sysvipc_left(int proc_fd, time_t since);

#endif
