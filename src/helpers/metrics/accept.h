/* SPDX-License-Identifier: MIT */
/*
 * accept.h - which of the two formats a scraper prefers
 */
#ifndef RATION_HELPERS_METRICS_ACCEPT_H
#define RATION_HELPERS_METRICS_ACCEPT_H

#include <stdbool.h>

/* Whether it is OpenMetrics, by the header Accept, which may be NULL. */
bool accept_openmetrics(const char *accept);

#endif
