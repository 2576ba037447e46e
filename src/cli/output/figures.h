/* SPDX-License-Identifier: MIT */
/*
 * figures.h - statistics of many values of one kind
 */
#ifndef RATION_CLI_OUTPUT_FIGURES_H
#define RATION_CLI_OUTPUT_FIGURES_H

#include <stddef.h>

struct figures {
	double *values; /* of this module; NULL: there are none */
	size_t n, size;
};

/* Adds a value. Errors: -ENOMEM. */
int figures_add(struct figures *figures, double value);

struct figures_summary {
	double mean, deviation; /* deviation: of a sample; 0 of one value */
	double median, least, most;
	size_t outliers;        /* more than 1.5 interquartile ranges below the first or above the third quartile */
};

/* Sums up; there is a value at least. Sorts them. */
struct figures_summary figures_sum_up(struct figures *figures);

/* For CLEANUP(). */
void figures_done(struct figures *figures);

#endif
