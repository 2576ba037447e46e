/* SPDX-License-Identifier: MIT */
/*
 * pool-options.h - what a pool is asked for, on every system
 */
#ifndef RATION_RUN_POOL_POOL_OPTIONS_H
#define RATION_RUN_POOL_POOL_OPTIONS_H

#include "ration.h"

/* Takes and checks them; the tenant is set. Errors: those of ration_pool_new(). */
int pool_take_options(const struct ration_host *host, const struct ration_plan *plan,
		const struct ration_pool_options *given, struct ration_pool_options *options, struct ration_error *reterr);

#endif
