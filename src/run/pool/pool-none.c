/* SPDX-License-Identifier: MIT */
/*
 * pool-none.c - a pool where there are no groups: it is always empty
 */
#include <stdlib.h>

#include "run/pool/pool-options.h"
#include "util/error.h"

int ration_pool_new(const struct ration_host *host, const struct ration_plan *plan, const struct ration_pool_options *given,
		struct ration_pool **ret_pool, struct ration_error *reterr)
{
	struct ration_pool_options options;
	int r = pool_take_options(host, plan, given, &options, reterr);

	if (r < 0)
		return r;
	/* It has no content; it only can be freed. */
	*ret_pool = malloc(1);
	return *ret_pool ? 0 : error_oom(reterr);
}

struct ration_pool *ration_pool_free(struct ration_pool *pool)
{
	free(pool);
	return NULL;
}

int ration_pool_fill(struct ration_pool *pool, size_t most, struct ration_error *reterr)
{
	(void)most;
	(void)pool;
	(void)reterr;
	return 0;
}

size_t ration_pool_ready(const struct ration_pool *pool)
{
	(void)pool;
	return 0;
}
