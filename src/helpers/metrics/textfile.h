/* SPDX-License-Identifier: MIT */
/*
 * textfile.h - metrics in a file of a directory that node_exporter's textfile collector reads
 */
#ifndef RATION_HELPERS_METRICS_TEXTFILE_H
#define RATION_HELPERS_METRICS_TEXTFILE_H

#include "helpers/metrics/scrape.h"

#define TEXTFILE_NAME "ration.prom"

/*
 * Writes the metrics to TEXTFILE_NAME in `directory`; with an interval, which isn't 0, again and again until
 * SIGTERM or SIGINT, which are blocked then. Readers see the file whole, or the one before. What fails later
 * than the first time is said on stderr.
 * Errors: those of scrape(), openat(2), write(2) and renameat(2).
 */
int textfile_keep(struct scraper *scraper, const char *directory, uint64_t interval_usec, struct ration_error *reterr);

#endif
