/* SPDX-License-Identifier: MIT */
/*
 * keeper.h - whoever kills the supervisor kills the run
 *
 * A supervisor that gets SIGKILL can't clean up after itself, and the kernel
 * tells only its children, not theirs. So a second, tiny process sleeps beside the
 * program, in a session of its own, and does one thing: when the program is gone, it
 * kills the groups of all its runs, waits until they are empty, and removes them.
 *
 * There is one for all runs on a host, started with the first; that of a small program
 * goes when none is left. It is told of each
 * group before that is made, and of its end, by one message each, for which nobody
 * waits. If somebody kills it, whichever run notices first, or the next to start,
 * starts another and tells it of all groups.
 *
 * Any number of threads may call these at once, each for a run of its own.
 */
#ifndef RATION_RUN_KEEPER_H
#define RATION_RUN_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "group/place.h"
#include "sys/helper.h"

/* A run's part in it. At the same address for as long as it is kept. */
struct keeper {
	const struct host_snapshot *host; /* NULL: it isn't kept */
	struct keeper *next, *previous;   /* runs on the same host */
	pid_t owner;                      /* the process that has started the run */
	int fd;                           /* readable: the keeper has gone; or -EBADF */
	bool borrowed;                    /* that is the host's, and not the run's own */
	char address[PLACE_ADDRESS_MAX];  /* "TENANT/NAME" */
	char group_owner[OWNER_TEXT_MAX]; /* what that group has written on it, and no other */
};

#define KEEPER_NONE ((struct keeper) { .fd = -EBADF })

/*
 * Has a group kept that leaf_prepare() has named: before there is one, so that no
 * moment is left in which nobody would remove it. Errors: of fork(2), …
 */
int keeper_start(const struct place *place, struct keeper *keeper);

/* `fd` has become readable: sees to it that there is a keeper again, and gives the run another fd. */
int keeper_renew(struct keeper *keeper);

/* The group is somebody else's by now, whose part in it is `to`. */
void keeper_move(struct keeper *to, struct keeper *from);

/* The run is over and its group is removed. */
void keeper_dismiss(struct keeper *keeper);

/* Leaves the group to the keeper, which removes it as if we had died, whatever time that takes. */
void keeper_inherit(struct keeper *keeper);

/*
 * Ends the keeper of a host on which nothing runs any more. Freeing the host does it,
 * too; a process that doesn't is to do this before it exits.
 */
void keeper_end(const struct host_snapshot *host);

/* ------------------------------------------------------------- of the host */

/* What hangs on a host's snapshot. */
struct keeper_host {
	struct helper helper;
	pid_t owner;           /* the process that has started it, not a copy of that */
	struct keeper *first;  /* all runs that are kept */
	bool leaving;          /* it has been told to end, and nobody has waited for that yet */
};

#endif
