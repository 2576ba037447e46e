/* SPDX-License-Identifier: MIT */
/*
 * record.h - notes of when a group was made, of its command, and of what was asked for
 *
 * Limits have a line each: "memory 67108864"; one that has a key, for each key:
 * "io_read_bps /data:1048576".
 */
#ifndef RATION_GROUP_RECORD_H
#define RATION_GROUP_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/notes.h"
#include "plan/plan.h"

/* Writes down the time. Where nothing can be remembered (before 5.7), that is no error. */
int record_created(int group_fd);

/* Tells when the group was made, in microseconds since the epoch; 0: not known. Fails if its note can't be read. */
int record_created_usec(struct notes_reader *reader, int group_fd, const struct stat *st, uint64_t *ret_usec);

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
 * Errors: of notes_write().
 */
int record_limits(int group_fd, const struct ration_plan *plan);

/* The same of a group that is new: nothing is remembered of it yet. */
int record_first_limits(int group_fd, const struct ration_plan *plan);

/* Tells whether exactly the limits of `plan`, may be NULL, have been asked for. */
bool record_limits_match(int group_fd, const struct ration_plan *plan);

/* Tells whether a limit has been asked for. */
bool record_has_limit(int group_fd, enum ration_limit limit);

/* Finds one limit in the text of NOTE_LIMITS. -ENODATA. */
int record_find_limit(const char *limits, enum ration_limit limit, struct record_limit *ret);

#endif
