/* SPDX-License-Identifier: MIT */
/*
 * verdict.h - how a run ended, in one line
 */
#ifndef RATION_CLI_OUTPUT_VERDICT_H
#define RATION_CLI_OUTPUT_VERDICT_H

#include "ration.h"

/* Nested slices have names of hundreds of bytes, and the end of a path is what tells it from others. */
#define VERDICT_PATH_MAX 1024
#define VERDICT_SENTENCE_MAX (600 + 2 * VERDICT_PATH_MAX)

/*
 * Writes which limits were reached and what that did: "memory limit 64 MiB
 * reached: oom-killed 3 processes (peak 64 MiB)"; "" where none was. Returns buf.
 */
const char *verdict_sentence(char buf[VERDICT_SENTENCE_MAX], const struct ration_receipt *receipt,
		const struct ration_plan *plan);

#endif
