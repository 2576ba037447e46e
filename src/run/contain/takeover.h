/* SPDX-License-Identifier: MIT */
/*
 * takeover.h - the process above the supervisor takes over if that dies
 *
 * A process that has left its group, or never had one, belongs to the run by descent alone. Its
 * supervisor is a child subreaper, and so becomes the parent of each orphan. If somebody kills the
 * supervisor, all of them go to the next child subreaper above. That is the process that asked for
 * the run, if it has no other children; else one of our own between the two.
 */
#ifndef RATION_RUN_CONTAIN_TAKEOVER_H
#define RATION_RUN_CONTAIN_TAKEOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ration_run;

/*
 * Makes this process a child subreaper. False: it has children, and would get their orphans as well; or the
 * kernel refuses it. `ret_before`: it was one before.
 */
bool takeover_adopt(bool *ret_before);

/* Ends that. */
void takeover_disown(void);

/*
 * Ends all children of this process and their descendants, and reaps them. -EPERM: we may not signal those
 * that are left. -ETIMEDOUT: they don't die. Other errors: of reading /proc.
 */
int takeover_end(int proc_fd, uint64_t deadline_usec);

/*
 * Forks: the child goes on. This process stays above it as its child subreaper, and never returns. It
 * continues a supervisor that somebody has stopped, and exits when the supervisor does. If the supervisor was
 * killed, it ends the run's group and everybody below, and exits with 1. In the child, returns the pid of the
 * parent. -errno.
 */
pid_t takeover_stay(const struct ration_run *run, pid_t caller);

#endif
