/* SPDX-License-Identifier: MIT */
/*
 * end.h - decides when a run is over
 *
 * Every end takes the same steps: the first cause is noted; all processes get a signal or are killed; no
 * process is left; all concerns agree that they are done.
 */
#ifndef RATION_RUN_END_H
#define RATION_RUN_END_H

#include "run/run.h"

void end_init(struct ration_run *run);

/*
 * Ends the run for this cause: sends `sig` to every process, and SIGKILL after `kill_after`. `sig` is
 * SIGKILL: at once.
 */
void end_run(struct ration_run *run, enum run_cause cause, int sig, uint64_t observed);

/* The same, and SIGKILL at a time of its own; LOOP_NEVER: never. */
void end_run_by(struct ration_run *run, enum run_cause cause, int sig, uint64_t observed, uint64_t kill_at_usec);

/*
 * Sends the run's first signal to every process as a warning, and nothing more. Without such a signal, only
 * notes the event.
 */
void end_warn(struct ration_run *run, enum run_cause cause, uint64_t observed);

/* Kills everything now. */
void end_kill(struct ration_run *run);

/* Whether the run is over: 1 or 0. Once the command has ended, kills what is left. */
int end_settle(struct ration_run *run);

/*
 * A step has failed: schedules another attempt soon. Returns 0; or `code`, if it has failed for a second.
 * Then the caller reports it.
 */
int end_retry(struct ration_run *run, int code);

/*
 * What a limit is measured by couldn't be read: sets `deadline` for another attempt soon. If all have failed for a
 * second, `failures` of them, the limit isn't enforced any more: the run ends, and its failure is `failure`.
 */
void end_unread(struct ration_run *run, struct loop_deadline *deadline, unsigned *failures, const char *failure);

#endif
