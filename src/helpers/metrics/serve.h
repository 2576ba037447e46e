/* SPDX-License-Identifier: MIT */
/*
 * serve.h - metrics for scrapers, by HTTP
 */
#ifndef RATION_HELPERS_METRICS_SERVE_H
#define RATION_HELPERS_METRICS_SERVE_H

#include <stdbool.h>

#include "helpers/metrics/scrape.h"

/*
 * Serves /metrics on a listening socket, which is taken over, until SIGTERM or SIGINT; both are blocked
 * already. `openmetrics`: in that format, whatever is asked for.
 * Errors: -ENOMEM, and what keeps a thread or the server from being started.
 */
int serve(struct scraper *scraper, int listen_fd, bool openmetrics, struct ration_error *reterr);

#endif
