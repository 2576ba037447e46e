/* SPDX-License-Identifier: MIT */
/*
 * reaper.h - the children of a process that has no others than those of a run
 */
#ifndef RATION_RUN_CONTAIN_REAPER_H
#define RATION_RUN_CONTAIN_REAPER_H

#include "run/leader.h"

/*
 * Reaps dead children, except the leader: leader_check() reaps that. Returns 0; or an errno, -ECHILD if there
 * is no child at all.
 */
int reaper_sweep(const struct leader *leader);

struct reaper {
	struct loop *loop;
	struct leader *leader;
	struct loop_source source;
	int fd;              /* tells of SIGCHLD */
};

#define REAPER_NONE ((struct reaper) { .source.fd = -EBADF, .fd = -EBADF })

/* From now on each child is reaped when it has ended, the leader first of all. SIGCHLD is blocked. -EMFILE, -ENOMEM. */
int reaper_begin(struct reaper *reaper, struct loop *loop, struct leader *leader);

#endif
