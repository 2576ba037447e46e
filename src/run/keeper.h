/* SPDX-License-Identifier: MIT */
/*
 * keeper.h - whoever kills the supervisor kills the run
 *
 * A supervisor that gets SIGKILL can't clean up after itself, and the kernel
 * tells only its children, not theirs. So a second, tiny process sleeps beside
 * each run, in a session of its own, and does one thing: when the supervisor
 * is gone, it kills the group, waits until it is empty, and removes it.
 */
#ifndef RATION_RUN_KEEPER_H
#define RATION_RUN_KEEPER_H

#include <sys/types.h>

#include "group/place.h"

struct keeper {
	pid_t pid;  /* 0: none */
	int fd;     /* a byte written here sends it home */
};

#define KEEPER_NONE ((struct keeper) { .pid = 0, .fd = -EBADF })

/*
 * Starts a keeper for a group that leaf_prepare() has named: before there is
 * one, so that no moment is left in which nobody would remove it.
 */
int keeper_start(const struct place *place, struct keeper *ret_keeper);

/* The run is over and its group is removed: sends the keeper home. It goes by itself. */
void keeper_dismiss(struct keeper *keeper);

/*
 * Leaves the group to the keeper, which removes it as if we had died. It is no
 * child of ours any more when this returns, whatever time that takes.
 */
void keeper_inherit(struct keeper *keeper);

/* Dismisses it, unless that has been done, and reaps it. */
void keeper_reap(struct keeper *keeper);

#endif
