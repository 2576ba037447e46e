/* SPDX-License-Identifier: MIT */
/*
 * nearest.h - "did you mean …?"
 *
 *     struct nearest nearest = { .word = "--memroy" };
 *
 *     for each name: nearest_try(&nearest, name);
 *     if (nearest.best) …
 */
#ifndef RATION_CLI_OPTIONS_NEAREST_H
#define RATION_CLI_OPTIONS_NEAREST_H

#include <stddef.h>

struct nearest {
	const char *word;  /* what was written */
	const char *best;  /* what was probably meant, or NULL */
	size_t distance;   /* of `best` */
};

/* Keeps `name` as the best if it is near, and nearer than the one before. */
void nearest_try(struct nearest *nearest, const char *name);

#endif
