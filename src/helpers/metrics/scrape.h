/* SPDX-License-Identifier: MIT */
/*
 * scrape.h - one scrape: all metrics at one time
 */
#ifndef RATION_HELPERS_METRICS_SCRAPE_H
#define RATION_HELPERS_METRICS_SCRAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helpers/metrics/errors.h"
#include "helpers/metrics/follow.h"
#include "helpers/metrics/totals.h"
#include "ration.h"

struct scraper {
	struct ration_host_options host; /* where the groups are */
	uint64_t timeout_usec;           /* how long a scrape may take */
	uint64_t began_usec;             /* since the epoch: when `errors` began to be counted */
	struct metrics_errors errors;
	struct totals *totals;           /* NULL: there is no journal to follow */
	struct follow follow;
};

/*
 * Follows a journal, from the beginning of what is there; it needn't be there yet. `path` is borrowed.
 * Errors: of follow_begin(), and of follow_look().
 */
int scrape_follow(struct scraper *scraper, const char *path, struct ration_error *reterr);

/*
 * Reads what has been added to the journal, until `until_usec`; to be called again if it returns 1. An error
 * is counted.
 */
int scrape_look(struct scraper *scraper, uint64_t until_usec);

void scrape_done(struct scraper *scraper);

/*
 * Returns the text of all metrics, which the caller frees. The machine is looked at anew each time: the first
 * run may have started the unit below which groups are.
 * Errors: -ETIMEDOUT, -ENOMEM, those of ration_host_open().
 */
int scrape(struct scraper *scraper, bool openmetrics, char **ret_text, size_t *ret_length, struct ration_error *reterr);

#endif
