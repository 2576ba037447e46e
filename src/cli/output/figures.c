/* SPDX-License-Identifier: MIT */
/*
 * figures.c - statistics of many values of one kind
 */
#include "cli/output/figures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "util/array.h"

int figures_add(struct figures *figures, double value)
{
	double *values = array_grow(figures->values, figures->n, &figures->size, sizeof(*values));

	if (!values)
		return -ENOMEM;
	figures->values = values;
	figures->values[figures->n++] = value;
	return 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Between the two values that are next to it, where it is none. */
static double quantile(const struct figures *figures, double share)
{
	double at = share * (double)(figures->n - 1);
	size_t below = (size_t)at, above = below + 1 < figures->n ? below + 1 : below;

	return figures->values[below] + (at - (double)below) * (figures->values[above] - figures->values[below]);
}

struct figures_summary figures_sum_up(struct figures *figures)
{
	struct figures_summary it = { .outliers = 0 };
	double sum = 0, squares = 0, first, third, reach;

	qsort(figures->values, figures->n, sizeof(*figures->values), compare);
	for (size_t i = 0; i < figures->n; i++)
		sum += figures->values[i];
	it.mean = sum / (double)figures->n;
	/* From the mean, not by the sum of squares: that loses digits. */
	for (size_t i = 0; i < figures->n; i++)
		squares += (figures->values[i] - it.mean) * (figures->values[i] - it.mean);
	if (figures->n > 1)
		it.deviation = sqrt(squares / (double)(figures->n - 1));
	it.least = figures->values[0];
	it.most = figures->values[figures->n - 1];
	it.median = quantile(figures, .5);
	first = quantile(figures, .25);
	third = quantile(figures, .75);
	reach = 1.5 * (third - first);
	for (size_t i = 0; i < figures->n; i++)
		it.outliers += figures->values[i] < first - reach || figures->values[i] > third + reach;
	return it;
}

void figures_done(struct figures *figures)
{
	free(figures->values);
	figures->values = NULL;
}
