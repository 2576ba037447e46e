/* SPDX-License-Identifier: MIT */
/*
 * output.h - the command's stdout or stderr, passed on up to a limit
 *
 * With a limit on output the command writes into a pipe of ours, and exactly
 * the first bytes of it go on to where its output was meant to go. The other
 * side may be slow: nothing here waits for it, so that clocks and limits go on.
 */
#ifndef RATION_RUN_OUTPUT_H
#define RATION_RUN_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTPUT_BUFFER 16384

struct output {
	int source_fd;     /* our side of the pipe, or -EBADF */
	int child_fd;      /* the command's side, until it has started */
	int target_fd;     /* a copy of where it was meant to go */
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
 * Moves what can be moved now. Returns 1 when the pipe has ended and all has been passed on,
 * 0 before that; -EIO, -ENOMEM: it can't be read, and is closed.
 */
int output_move(struct output *output);

/* Waits for a reader or for a writer? True: for the target to take more. */
bool output_waits_for_target(const struct output *output);

/* Whether all has been passed on that was in the pipe at the last move, or all that may be. */
bool output_is_drained(const struct output *output);

#endif
