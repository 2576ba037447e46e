/* SPDX-License-Identifier: MIT */
/*
 * admit.h - who waits for room in a budget, for the rest of the library
 */
#ifndef RATION_RUN_START_ADMIT_H
#define RATION_RUN_START_ADMIT_H

#include "group/budget/budget.h"
#include "ration.h"

/* What it waited for was made: the next in the queues may. It can't be used again. `admission` may be NULL. */
void admit_done(struct ration_admission *admission);

/* Checks that it was made for that host and tenant. `admission` may be NULL. Errors: -EINVAL. */
int admit_check(const struct ration_admission *admission, const struct host_snapshot *host, const char *tenant,
		struct ration_error *reterr);

#endif
