/* SPDX-License-Identifier: MIT */
/*
 * watch.h - samples of the processes of a run, on Linux
 *
 *     watch_new(...)
 *     do {
 *             watch_sample(watch, &sample);
 *             ... sample.over tells whether to act ...
 *             ... sleep sample.next_usec, or until something else happens ...
 *     } while (running);
 *
 * What it can't see is said in watch.c.
 */
#ifndef RATION_RUN_CONTAIN_WATCH_H
#define RATION_RUN_CONTAIN_WATCH_H

#include <sys/types.h>

#include "run/sample.h"

struct watch;

/*
 * Starts watching.
 * proc_fd:   from proc_open(); borrowed.
 * cgroup_fd: a cgroup2 directory: its processes and those of the groups below
 *            are watched; borrowed. Or -EBADF.
 * root:      without a cgroup: all descendants of this process are, ourselves or
 *            another. It should be a child subreaper.
 * Errors: -ENOMEM; -ENOENT, -EACCES, -EMFILE, … (files of that cgroup).
 */
int watch_new(int proc_fd, int cgroup_fd, pid_t root, const struct sample_limits *limits,
		struct watch **ret_watch);
struct watch *watch_free(struct watch *watch);

/* Changes the limits (a soft one was reached, the hard one is next). Peaks stay. */
void watch_set_limits(struct watch *watch, const struct sample_limits *limits);

/*
 * Takes a sample. Processes that go meanwhile are no error.
 * Errors: -ENOMEM, -EMFILE; -ENODEV (the cgroup was removed); -ESRCH (`root` is
 * gone).
 */
int watch_sample(struct watch *watch, struct sample *ret_sample);

#endif
