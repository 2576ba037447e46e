/* SPDX-License-Identifier: MIT */
/*
 * groups.h - what tenants and kept groups use, and their limits
 */
#ifndef RATION_HELPERS_METRICS_GROUPS_H
#define RATION_HELPERS_METRICS_GROUPS_H

#include <stdint.h>

#include "helpers/metrics/errors.h"
#include "helpers/metrics/exposition.h"
#include "ration.h"

/*
 * Tells of all tenants, and of the groups that are kept; others are in the figures of their tenants. What
 * can't be read is counted in `errors` and left out; what has gone meanwhile is only left out.
 * Errors: -ETIMEDOUT (it isn't done at `until_usec`, CLOCK_MONOTONIC), -ENOMEM.
 */
int groups_tell(const struct ration_host *host, uint64_t until_usec, struct exposition *exposition,
		struct metrics_errors *errors, struct ration_error *reterr);

#endif
