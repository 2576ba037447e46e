/* SPDX-License-Identifier: MIT */
/*
 * follow.h - the lines of a file to which others add, whatever is done to it
 */
#ifndef RATION_HELPERS_METRICS_FOLLOW_H
#define RATION_HELPERS_METRICS_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ration.h"
#include "util/buffer.h"

/*
 * How many bytes before the place up to which a file was read identify the text: lines have similar ends, but
 * begin with an id.
 */
#define FOLLOW_MARK_MAX 4096

/* How many files that had the name before are still read: more than a rotation between two looks leaves. */
#define FOLLOW_BEFORE_MAX 4

/* How many files are remembered as having been followed. */
#define FOLLOW_KNOWN_MAX 16

/* Which file it is: a number of a removed file can be another one's later. */
struct followed_id {
	dev_t dev;
	ino_t ino;
	uint64_t born_usec; /* CLOCK_REALTIME; 0: the file system doesn't keep it */
};

/* One file, as far as it was read. */
struct followed {
	int fd;
	uint64_t until_usec; /* when it lost the name: a process that had opened it may add to it for a moment */
	off_t offset;
	struct buffer line; /* what has no end yet */
	bool too_long;      /* it goes on, and is no line */
	size_t n_mark;
	char mark[FOLLOW_MARK_MAX]; /* what stands right before `offset` */
};

struct follow {
	const char *path;
	int dir_fd;
	char *name;
	struct followed now;
	struct followed before[FOLLOW_BEFORE_MAX]; /* those that had the name before, the oldest first */
	size_t n_before;
	struct followed_id known[FOLLOW_KNOWN_MAX]; /* those that were followed, in a ring */
	size_t n_known;
	uint64_t had_name_usec; /* CLOCK_REALTIME: when `now` was last seen to have the name, or a moment before */
	bool seen;              /* there was one once */
	/* Is called for each line, without its end; NULL: one that can't be one. */
	void (*line)(void *data, const char *text, size_t length);
	/* Lines may have been lost. */
	void (*lost)(void *data);
	void *data;
};

/*
 * Nothing is opened before the first look. `path` is borrowed. Errors: -EISDIR, -ENOENT, -ENOMEM, those of
 * open(2) for its directory.
 */
int follow_begin(struct follow *follow, const char *path, struct ration_error *reterr);

/*
 * Reads what has been added since the last look. Returns 1 at `until_usec` (CLOCK_MONOTONIC), where there is
 * more; 0: that is all. A file that isn't there isn't an error: `seen`.
 * Errors: -EINVAL (no regular file), -EPERM (another user's), those of open(2) and read(2).
 */
int follow_look(struct follow *follow, uint64_t until_usec, struct ration_error *reterr);

void follow_done(struct follow *follow);

#endif
