/* SPDX-License-Identifier: MIT */
/*
 * keeper.h - whoever kills the supervisor kills the run
 *
 * A supervisor that gets SIGKILL can't clean up, and the kernel tells only its children, not
 * theirs. So a second, tiny process sleeps beside the program, in a session of its own. It has one
 * task: when the program is gone, it kills the groups of all its runs, waits until they are empty,
 * and removes them.
 *
 * One keeper serves all runs on a host. The first run starts it; that of a small program ends after
 * the last one. The program tells it of each group before it makes the group, and again at the
 * group's end, by one message that needs no answer. If somebody kills the keeper, the first run
 * that notices, or the next one to start, starts another and tells it of all groups.
 *
 * Several threads can call these at the same time, each for its own run.
 */
#ifndef RATION_RUN_KEEPER_KEEPER_H
#define RATION_RUN_KEEPER_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "group/place.h"
#include "sys/helper.h"

/* A run's entry. It stays at the same address as long as it is kept. */
struct keeper {
	const struct host_snapshot *host; /* NULL: it isn't kept */
	struct keeper *next, *previous;   /* runs on the same host */
	pid_t owner;                      /* the process that has started the run */
	int fd;                           /* readable: the keeper has gone; or -EBADF */
	bool borrowed;                    /* `fd` is the host's, not the run's own */
	char address[PLACE_ADDRESS_MAX];  /* "TENANT/NAME" */
	char group_owner[OWNER_TEXT_MAX]; /* the owner's note, which only that group has */
};

#define KEEPER_NONE ((struct keeper) { .fd = -EBADF })

/*
 * Has the keeper watch a group that leaf_prepare() has named: before the group is made, so that there is
 * always somebody who would remove it. Errors: of fork(2), …
 */
int keeper_start(const struct place *place, struct keeper *keeper);

/* `fd` has become readable: makes sure that there is a keeper again, and gives the run a new fd. */
int keeper_renew(struct keeper *keeper);

/* The group now belongs to another run, whose entry is `to`. */
void keeper_move(struct keeper *to, struct keeper *from);

/* The run is over and its group is removed. */
void keeper_dismiss(struct keeper *keeper);

/* Leaves the group to the keeper, which removes it as if we had died, whatever time that takes. */
void keeper_inherit(struct keeper *keeper);

/*
 * Ends the keeper of a host without runs. Freeing the host does it, too; a process that doesn't free it calls
 * this before it exits.
 */
void keeper_end(const struct host_snapshot *host);

/* ------------------------------------------------------------- of the host */

/* What hangs on a host's snapshot. */
struct keeper_host {
	struct helper helper;
	pid_t owner;           /* the process that started it, not a copy */
	struct keeper *first;  /* all runs that are kept */
	bool leaving;          /* it was told to end, and hasn't been waited for yet */
};

#endif
