/* SPDX-License-Identifier: MIT */
/*
 * end.h - who decides that a run is over
 *
 * Whatever ends a run goes the same way: a cause is noted, once; everything is sent
 * a signal, or killed; no process is left; nobody minds any more.
 */
#ifndef RATION_RUN_END_H
#define RATION_RUN_END_H

#include "run/run.h"

void end_init(struct ration_run *run);

/* Ends the run for this cause: `sig` to every process, and SIGKILL after a while. SIGKILL: at once. */
void end_run(struct ration_run *run, enum run_cause cause, int sig, uint64_t observed);

/* The same, and SIGKILL at a time of its own; LOOP_NEVER: never. */
void end_run_by(struct ration_run *run, enum run_cause cause, int sig, uint64_t observed, uint64_t kill_at_usec);

/* Sends the run's first signal to every process as a warning, and no more; if it has none, notes that. */
void end_warn(struct ration_run *run, enum run_cause cause, uint64_t observed);

/* Kills everything now. */
void end_kill(struct ration_run *run);

/* Whether the run is over: 1 or 0. After the command's end it kills what is left. */
int end_settle(struct ration_run *run);

/*
 * Something couldn't be done: tries again soon. Returns 0; or `code`, if that has been
 * for a second, and then the caller says what it was.
 */
int end_retry(struct ration_run *run, int code);

#endif
