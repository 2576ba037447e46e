/* SPDX-License-Identifier: MIT */
/*
 * keeper-followed.h - whoever kills the supervisor kills the run, where there is no group
 *
 * As keeper.h has it, but a group has no name here: the keeper is told of each
 * process, and when the supervisor is gone it follows them and kills them.
 */
#ifndef RATION_RUN_KEEPER_FOLLOWED_H
#define RATION_RUN_KEEPER_FOLLOWED_H

#include "sys/os.h"

struct keeper {
	pid_t pid; /* 0: none */
	int fd;    /* to tell it; when it is closed without goodbye, it acts */
};

#define KEEPER_NONE ((struct keeper) { .pid = 0, .fd = -EBADF })

/* Forks it: before the command, so that no moment is left. */
int keeper_begin(struct keeper *keeper);

/* Tells it of a process of the run. `group` is the run's own process group, or 0. */
void keeper_tell(struct keeper *keeper, const struct os_process *process, pid_t group);

/* Leaves the processes to it, as if we had died. Nobody waits for it. */
void keeper_inherit(struct keeper *keeper);

/* The run is over: sends it home, and waits for it. */
void keeper_dismiss(struct keeper *keeper);

#endif
