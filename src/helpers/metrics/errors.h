/* SPDX-License-Identifier: MIT */
/*
 * errors.h - what couldn't be exported, counted by reason
 */
#ifndef RATION_HELPERS_METRICS_ERRORS_H
#define RATION_HELPERS_METRICS_ERRORS_H

#include <stdint.h>

enum metrics_error {
	METRICS_ERROR_GROUPS,  /* the tenants and groups couldn't be listed */
	METRICS_ERROR_GROUP,   /* a figure or limit of one couldn't be read */
	METRICS_ERROR_JOURNAL, /* the journal couldn't be read, or lines may have been lost */
	METRICS_ERROR_LINE,    /* a line of the journal is no receipt */
	METRICS_ERROR_TENANTS, /* a run of one tenant more than are counted */
	METRICS_ERROR_TIMEOUT, /* a scrape took too long */
	METRICS_ERROR_COUNT,
};

struct metrics_errors {
	uint64_t n[METRICS_ERROR_COUNT];
};

#endif
