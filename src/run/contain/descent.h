/* SPDX-License-Identifier: MIT */
/*
 * descent.h - the processes of a run as the descendants of this process
 *
 * This process is a child subreaper without other children. So the run is over when this process has no child
 * left, and processes that moved elsewhere can still be found.
 */
#ifndef RATION_RUN_CONTAIN_DESCENT_H
#define RATION_RUN_CONTAIN_DESCENT_H

#include "run/run.h"

struct descent {
	struct ration_run *run;
	struct loop_deadline again;
	uint64_t traced_usec; /* when to stop waiting for dead processes that a tracer holds */
	uint64_t denied_usec; /* when to give up on processes that we may not signal */
	bool given_up;        /* we have given up on them */
};

void descent_init(struct descent *descent, struct ration_run *run);
void descent_done(struct descent *descent);

/* Kills all. As `kill` of struct containment_ops. */
uint64_t descent_kill(struct descent *descent, uint64_t *ret_killed);

/* Whether no process is left that could be reaped. As `empty` of struct containment_ops. */
int descent_empty(struct descent *descent);

/*
 * The same for a run whose group is empty: processes that are left have moved out of it. Once the command has
 * ended they are killed, and the receipt reports them.
 */
int descent_empty_beside(struct descent *descent);

/* Describes the processes that don't die. As `stuck` of struct containment_ops. */
void descent_stuck(const struct descent *descent, char buf[RATION_WAITING_MAX]);

#endif
