/* SPDX-License-Identifier: MIT */
/*
 * sampler-none.c - a sampler where there are no groups: it has none to read
 */
#include <stdlib.h>

#include "group/stats/sampler-options.h"
#include "util/error.h"

struct ration_sampler {
	char nothing;
};

int ration_sampler_new(const struct ration_host *host, const struct ration_sampler_options *given,
		struct ration_sampler **ret_sampler, struct ration_error *reterr)
{
	struct ration_sampler_options options;
	int r = sampler_take_options(host, given, &options, reterr);
	struct ration_sampler *sampler;

	if (r < 0)
		return r;
	sampler = calloc(1, sizeof(*sampler));
	if (!sampler)
		return error_oom(reterr);
	*ret_sampler = sampler;
	return 0;
}

struct ration_sampler *ration_sampler_free(struct ration_sampler *sampler)
{
	free(sampler);
	return NULL;
}

int ration_sampler_scan(struct ration_sampler *sampler, struct ration_error *reterr)
{
	(void)sampler;
	(void)reterr;
	return 0;
}

size_t ration_sampler_count(const struct ration_sampler *sampler)
{
	(void)sampler;
	return 0;
}

const struct ration_sampler_group *ration_sampler_group(const struct ration_sampler *sampler, size_t i)
{
	(void)sampler;
	(void)i;
	return NULL;
}

size_t ration_sampler_fds(const struct ration_sampler *sampler)
{
	(void)sampler;
	return 0;
}

int ration_sampler_read(struct ration_sampler *sampler, uint64_t *ret_values, size_t n, uint64_t *ret_usec,
		struct ration_error *reterr)
{
	(void)sampler;
	(void)ret_values;
	(void)n;
	(void)ret_usec;
	(void)reterr;
	return 0;
}
