/* SPDX-License-Identifier: MIT */
/*
 * verdicts.h - verdicts in a journal since the live view began
 */
#ifndef RATION_HELPERS_TOP_VERDICTS_H
#define RATION_HELPERS_TOP_VERDICTS_H

#include <stdbool.h>
#include <stdint.h>

#include "helpers/metrics/follow.h"

/* As many as there are, and room for later ones. */
#define VERDICTS_MAX 24

struct verdicts {
	bool on;             /* there is a journal to follow */
	bool ready;          /* what was there before has been passed over */
	struct follow follow;
	uint64_t all;
	size_t n;
	struct {
		char name[24];
		uint64_t runs;
	} of[VERDICTS_MAX];  /* in the order in which they came */
};

/* Follows a journal; NULL: none. Errors: those of follow_begin(). */
int verdicts_begin(struct verdicts *verdicts, const char *journal, struct ration_error *reterr);

/* Reads what has come, for a moment at most. */
void verdicts_look(struct verdicts *verdicts);
void verdicts_done(struct verdicts *verdicts);

#endif
