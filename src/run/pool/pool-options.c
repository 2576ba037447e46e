/* SPDX-License-Identifier: MIT */
/*
 * pool-options.c - what a pool is asked for, on every system
 */
#include "run/pool/pool-options.h"

#include <errno.h>

#include "host/names.h"
#include "plan/plan.h"
#include "util/error.h"
#include "util/size.h"

int pool_take_options(const struct ration_host *host, const struct ration_plan *plan,
		const struct ration_pool_options *given, struct ration_pool_options *options, struct ration_error *reterr)
{
	int r = error_check_null("host", host, reterr);

	if (r == 0)
		r = error_check_null("plan", plan, reterr);
	if (r == 0)
		r = TAKE_OPTIONS(struct ration_pool_options, options, given, reterr);
	if (r < 0)
		return r;
	if (options->groups < 1 || options->groups > RATION_POOL_MAX)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "a pool of %zu groups: it can have 1 to %d",
				options->groups, RATION_POOL_MAX);
	if (!options->tenant)
		options->tenant = NAMES_DEFAULT_TENANT;
	r = names_check("tenant", options->tenant, reterr);
	return r < 0 ? r : plan_check_purpose(plan, RATION_PURPOSE_RUN, reterr);
}
