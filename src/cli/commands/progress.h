/* SPDX-License-Identifier: MIT */
/*
 * progress.h - one line at the bottom of a terminal that says how far a run is
 */
#ifndef RATION_CLI_COMMANDS_PROGRESS_H
#define RATION_CLI_COMMANDS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "ration.h"

struct progress {
	bool wanted;                    /* and standard error is a terminal */
	bool foreground;                /* the command has the terminal for itself */
	unsigned rows, columns;         /* of the terminal, for which there is a line; 0: there is none */
	uint64_t begun_usec, due_usec;
	uint64_t cpu_usec, cpu_at_usec; /* of the last sample */
	uint64_t timeout_usec, cpu_time_usec, memory_bytes; /* limits; RATION_UNLIMITED: none */
	struct ration_sampler *sampler; /* NULL: only the time is known */
};

#define PROGRESS_NONE { .wanted = false }

/* Begins, if standard error is a terminal that can do it. `host` and `plan` must outlive it. */
void progress_begin(struct progress *progress, const struct ration_host *host, const struct ration_plan *plan,
		const char *address, bool foreground);

/* When to look next, on CLOCK_MONOTONIC; UINT64_MAX: never. */
uint64_t progress_due_usec(const struct progress *progress);

/* Draws the line, if it is time. Never waits for the terminal. */
void progress_look(struct progress *progress, uint64_t now_usec);

/* Takes the line away until the next look: whoever has the terminal meanwhile is to have all of it. */
void progress_pause(struct progress *progress);

/* Takes the line away, and gives the terminal back as it was. May be called again. */
void progress_end(struct progress *progress);

#endif
