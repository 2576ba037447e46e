/* SPDX-License-Identifier: MIT */
/*
 * output.h - the command's stdout or stderr, passed on up to a limit
 *
 * With a limit on output, the command writes into a pipe of ours, and exactly the first bytes are
 * passed on to its original target. The target may be slow: nothing here waits for it, so that
 * clocks and limits go on.
 */
#ifndef RATION_RUN_LIMITS_OUTPUT_H
#define RATION_RUN_LIMITS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTPUT_BUFFER 16384

struct output {
	int source_fd;     /* our side of the pipe, or -EBADF */
	int child_fd;      /* the command's side, until it has started */
	int target_fd;     /* a copy of the original target */
	bool target_polls; /* false for a regular file, which is always ready */
	bool target_socket;
	uint64_t limit, passed;
	bool over;         /* there was more */
	bool drained;      /* when it was read last, the pipe was empty */
	unsigned failures; /* of reads, in a row */
	size_t pending;    /* bytes in `buffer` that the target hasn't taken */
	char *buffer;
};

#define OUTPUT_NONE \
	((struct output) { .source_fd = -EBADF, .child_fd = -EBADF, .target_fd = -EBADF })

/* Makes the pipe in front of `target_fd`, which stays the caller's. */
int output_open(struct output *output, int target_fd, uint64_t limit);
void output_close(struct output *output);

/*
 * Moves what can be moved now. Returns 1 when the pipe has ended and everything has been passed on, else 0.
 * -EIO, -ENOMEM: the pipe can't be read, and is closed.
 */
int output_move(struct output *output);

/* True: it waits for room in the target. False: for the command's output. */
bool output_waits_for_target(const struct output *output);

/* Whether all has been passed on that was in the pipe at the last move, or all that may be. */
bool output_is_drained(const struct output *output);

#endif
