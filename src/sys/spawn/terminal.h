/* SPDX-License-Identifier: MIT */
/*
 * terminal.h - who has the terminal: the process group that reads from it and gets its signals
 */
#ifndef RATION_SYS_SPAWN_TERMINAL_H
#define RATION_SYS_SPAWN_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>

/* Opens the controlling terminal of this process, if that is in its foreground. -EBADF: there is nothing to hand over. */
int terminal_open(void);

/*
 * Hands it over to a process group of this session, also from the background. By system calls alone.
 * -EPERM: there is no such group any more; -EIO, -ENOTTY: the terminal is gone.
 */
int terminal_give(int fd, pid_t group);

/* Takes it back for this process's group from `group`; 0: from whoever has it. If somebody else has it, it stays there. */
void terminal_take_back(int fd, pid_t group);

#endif
