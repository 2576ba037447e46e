/* SPDX-License-Identifier: MIT */
/*
 * merged.h - receipts of several journals: each run once, in the order in which they started
 */
#ifndef RATION_CLI_RECORDS_MERGED_H
#define RATION_CLI_RECORDS_MERGED_H

#include <jansson.h>
#include <stddef.h>

#include "ration.h"

struct merged_one;

/* All zero: nothing is in it. */
struct merged {
	struct merged_one *ones;
	size_t n, size;
	size_t again;   /* left out, since the same was there before */
	size_t differ;  /* left out, though what was there before says something else */
};

/* Keeps a copy. Returns 0 or -ENOMEM. */
int merged_add(struct merged *merged, const json_t *receipt);

/*
 * Calls `visit` for each run, by the time of its start, until one returns other than 0. A receipt is of the same run if it
 * has the same id and the same start: an id is its machine's own. Those that have no start are the last, as they came.
 * A receipt that differs from the first of its run is told on standard error.
 * Errors: -ENOMEM, and what `visit` returned.
 */
int merged_each(struct merged *merged, int (*visit)(void *data, const json_t *receipt, struct ration_error *reterr),
		void *data, struct ration_error *reterr);

/* For CLEANUP(). */
void merged_done(struct merged *merged);

#endif
