/* SPDX-License-Identifier: MIT */
/*
 * nearest.c - "did you mean …?"
 *
 * Near is a name that the word begins ("--mem"), or one that a slip of the
 * fingers away: as many insertions, deletions, changes and swaps of neighbours
 * as a third of the word, three at most.
 */
#include "cli/options/nearest.h"

#include <string.h>

#include "util/cleanup.h"

/* Longer words aren't compared: no name is as long. */
#define LONGEST 32

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edit distance; `before` and `last` are the two rows above the one being filled in. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1];
	size_t n = strlen(a), m = strlen(b);
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= m; j++)
		last[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *spare = before;

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[m];
}

void nearest_try(struct nearest *nearest, const char *name)
{
	size_t length = strlen(nearest->word), d;

	if (length < 2 || length > LONGEST || strlen(name) > LONGEST)
		return;
	/* Two dashes alone begin every flag. */
	if (length > 3 && strncmp(name, nearest->word, length) == 0)
		d = 1;
	else
		d = distance(nearest->word, name);
	if (d > least(3, (length + 1) / 3) || (nearest->best && d >= nearest->distance))
		return;
	nearest->best = name;
	nearest->distance = d;
}
