/* SPDX-License-Identifier: MIT */
/*
 * record.h - what is remembered of a group, on the group itself
 *
 * There are no state files. Extended attributes of the group's own directory
 * (user.* on cgroup2 since 5.7) hold what a later command must know, and go with
 * the group, so they can't go stale. Where the kernel has none, nothing is
 * remembered: the group works, and less can be told of it.
 *
 *     user.ration.owner     whose it is: see owner.h
 *     user.ration.keep      it stays without an owner
 *     user.ration.created   when, in microseconds since the epoch; written last by a maker
 *     user.ration.command   what runs in it
 *     user.ration.limits    what was asked for, a line each: "memory 67108864";
 *                           for each key: "io_read_bps /data:1048576"
 *     user.ration.from      where processes came from, a line each: "PID START PATH"; on a directory of
 *                           cgroup v1 the path is one of the file system
 *     user.ration.v1        its directories in cgroup v1, a line each: "memory /sys/fs/cgroup/memory", below
 *                           which place
 */
#ifndef RATION_GROUP_RECORD_H
#define RATION_GROUP_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"

#define RECORD_CREATED "user.ration.created"
#define RECORD_COMMAND "user.ration.command"
#define RECORD_LIMITS "user.ration.limits"
#define RECORD_FROM "user.ration.from"
#define RECORD_V1 "user.ration.v1"

/* Longest record that is written, with the final NUL that isn't. */
#define RECORD_MAX 8192

/* Writes one; the empty text removes it. Errors: of fsetxattr(2). */
int record_set(int group_fd, const char *name, const char *text);

/* Reads one as text. Returns its length, -ENODATA where there is none. */
int record_get(int group_fd, const char *name, char *buffer, size_t size);

/* Writes down the time. */
void record_created(int group_fd);

/* Returns when the group was made, in microseconds since the epoch, or 0. */
uint64_t record_created_usec(int group_fd);

/* Writes down a command line: its words, cut where it gets long. */
void record_argv(int group_fd, char *const *argv);

/* What was asked for of one limit. */
struct record_limit {
	uint64_t value;
	char text[256];    /* of lists, and KEY:VALUE of each key, blanks between; "" for a number */
};

/*
 * Writes down what a plan asks for, in addition to and instead of what is there
 * already; a limit that is lifted is forgotten. Implied limits aren't asked for.
 * Errors: of fsetxattr(2).
 */
int record_limits(int group_fd, const struct ration_plan *plan);

/* Tells whether exactly the limits of `plan`, may be NULL, have been asked for. */
bool record_limits_match(int group_fd, const struct ration_plan *plan);

/* Tells whether a limit has been asked for. */
bool record_has_limit(int group_fd, enum ration_limit limit);

/* Finds one limit in the text of RECORD_LIMITS. -ENODATA. */
int record_find_limit(const char *limits, enum ration_limit limit, struct record_limit *ret);

#endif
