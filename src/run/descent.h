/* SPDX-License-Identifier: MIT */
/*
 * descent.h - the processes of a run as the descendants of this process
 *
 * It is a child subreaper, and has no other children. So the run is over when it has no
 * child any more, and whoever is left can be found, wherever it has moved to.
 */
#ifndef RATION_RUN_DESCENT_H
#define RATION_RUN_DESCENT_H

#include "run/run.h"

struct descent {
	struct ration_run *run;
	struct loop_deadline again;
	uint64_t traced_usec; /* when the dead that tracers have aren't waited for any more */
	uint64_t denied_usec; /* when those that may not be signalled are given up */
	bool given_up;        /* they are */
};

void descent_init(struct descent *descent, struct ration_run *run);
void descent_done(struct descent *descent);

/* Kills all. As `kill` of struct containment_ops. */
uint64_t descent_kill(struct descent *descent, uint64_t *ret_killed);

/* Whether nobody is left who could be waited for. As `empty` of struct containment_ops. */
int descent_empty(struct descent *descent);

/*
 * The same where the group is empty: whoever is left has left it. Once the command has ended,
 * they are killed, and the receipt tells.
 */
int descent_empty_beside(struct descent *descent);

/* Says who doesn't die. As `stuck` of struct containment_ops. */
void descent_stuck(const struct descent *descent, char buf[RATION_WAITING_MAX]);

#endif
