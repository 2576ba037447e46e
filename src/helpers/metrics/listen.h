/* SPDX-License-Identifier: MIT */
/*
 * listen.h - the socket that scrapers connect to
 */
#ifndef RATION_HELPERS_METRICS_LISTEN_H
#define RATION_HELPERS_METRICS_LISTEN_H

#include <stdbool.h>

#include "ration.h"

/* Room for "[ADDRESS]:PORT". */
#define LISTEN_SHOWN_MAX 128

/* Whether systemd has passed sockets to this process. */
bool listen_is_passed(void);

/*
 * Takes the socket of systemd. Returns it.
 * Errors: -EINVAL (there are several, or it isn't a listening stream socket).
 */
int listen_passed(struct ration_error *reterr);

/*
 * Opens one for "ADDRESS:PORT", "[ADDRESS]:PORT", or ":PORT" and "PORT", which are those of the loopback.
 * Returns it.
 * Errors: -EINVAL; those of bind(2).
 */
int listen_open(const char *address, struct ration_error *reterr);

/* Where it listens, in words. Returns `shown`. */
const char *listen_show(int fd, char shown[LISTEN_SHOWN_MAX]);

#endif
