/* SPDX-License-Identifier: MIT */
/*
 * keeper-followed.h - whoever kills the supervisor kills the run, where there is no group
 *
 * Like keeper/keeper.h, but without a group there is no name to pass. So the keeper is told of each process. When
 * the supervisor is gone, it follows these processes and kills them.
 */
#ifndef RATION_RUN_CONTAIN_KEEPER_FOLLOWED_H
#define RATION_RUN_CONTAIN_KEEPER_FOLLOWED_H

#include "sys/os.h"

struct follow_keeper {
	pid_t pid; /* 0: none */
	int fd;    /* to tell it of processes; closed without goodbye, it kills them */
};

#define FOLLOW_KEEPER_NONE ((struct follow_keeper) { .pid = 0, .fd = -EBADF })

/* Forks the keeper: before the command, so that the command is never without one. */
int follow_keeper_begin(struct follow_keeper *keeper);

/* Tells it of a process of the run. `group` is the run's own process group, or 0. */
void follow_keeper_tell(struct follow_keeper *keeper, const struct os_process *process, pid_t group);

/* Leaves the processes to it, as if we had died. Doesn't wait for it. */
void follow_keeper_inherit(struct follow_keeper *keeper);

/* The run is over: ends the keeper, and waits for it. */
void follow_keeper_dismiss(struct follow_keeper *keeper);

#endif
