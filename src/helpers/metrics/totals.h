/* SPDX-License-Identifier: MIT */
/*
 * totals.h - totals over the runs of a journal
 */
#ifndef RATION_HELPERS_METRICS_TOTALS_H
#define RATION_HELPERS_METRICS_TOTALS_H

#include <stddef.h>
#include <stdint.h>

#include "helpers/metrics/errors.h"
#include "helpers/metrics/exposition.h"

/*
 * Tenants beyond these are counted together, without a name: everybody who can add to a journal can invent
 * any number of names.
 */
#define TOTALS_TENANTS_MAX 4096

struct totals;

/* NULL: no memory. */
struct totals *totals_new(void);
struct totals *totals_free(struct totals *totals);

/* Counts a receipt, one line without its end. What isn't one (NULL: it is too long) is counted in `errors`. */
void totals_add(struct totals *totals, const char *text, size_t length, struct metrics_errors *errors);

/*
 * Writes them. Their beginning is that of the first run, so that a restart with the same journal doesn't look
 * like a reset.
 */
void totals_tell(const struct totals *totals, struct exposition *exposition);

#endif
