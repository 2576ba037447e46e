/* SPDX-License-Identifier: MIT */
/*
 * takeover.h - whoever stays above the supervisor takes over when that dies
 *
 * A process that has left its group, or never had one, is the run's by descent alone. Its
 * supervisor is a child subreaper, and so the parent of whoever has lost his own. If somebody
 * kills the supervisor, all of them go to the next child subreaper above. That is the
 * process that asked for the run, if it has no other children; else one of our own
 * between the two.
 */
#ifndef RATION_RUN_TAKEOVER_H
#define RATION_RUN_TAKEOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ration_run;

/*
 * Makes this process a child subreaper. False: it has children, whose own it would get as
 * well; or the kernel doesn't let it. `ret_before`: it has been one before.
 */
bool takeover_adopt(bool *ret_before);

/* It isn't one any more. */
void takeover_disown(void);

/*
 * Ends all children of this process, theirs, and so on, and reaps them. -EPERM: those that are
 * left may not be signalled. -ETIMEDOUT: they don't die. Other errors: of reading /proc.
 */
int takeover_end(int proc_fd, uint64_t deadline_usec);

/*
 * Forks: the child goes on, and this process stays above it as its child subreaper, and
 * never returns; it exits as the supervisor does, or with 1 if that was killed: then it ends the
 * run's group, and whoever is below. A supervisor that somebody has stopped it wakes.
 * Returns its pid, that of the parent, in the child. -errno.
 */
pid_t takeover_stay(const struct ration_run *run, pid_t caller);

#endif
