/* SPDX-License-Identifier: MIT */
/*
 * sampler-options.c - what a sampler or a list is asked for, on every system
 */
#include "group/stats/sampler-options.h"

#include <errno.h>

#include "host/names.h"
#include "util/enum-index.h"
#include "util/error.h"
#include "util/size.h"

static int check_metrics(const enum ration_metric *metrics, size_t n, struct ration_error *reterr)
{
	if (n > METRIC_INDEX_COUNT)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%zu metrics are more than the %d that there are", n,
				METRIC_INDEX_COUNT);
	for (size_t i = 0; i < n; i++) {
		if (metric_index(metrics[i]) == METRIC_INDEX_COUNT)
			return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%d isn't a metric", (int)metrics[i]);
	}
	return 0;
}

static int check_address(const struct ration_sampler_options *options, struct ration_error *reterr)
{
	char tenant[RATION_NAME_MAX + 1], name[RATION_NAME_MAX + 1];

	if (options->tenant)
		return error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "tenant and address exclude each other");
	return names_parse(options->address, tenant, name, reterr);
}

int sampler_take_options(const struct ration_host *host, const struct ration_sampler_options *given,
		struct ration_sampler_options *options, struct ration_error *reterr)
{
	int r = error_check_null("host", host, reterr);

	if (r == 0)
		r = TAKE_OPTIONS(struct ration_sampler_options, options, given, reterr);
	if (r == 0 && options->tenant)
		r = names_check("tenant", options->tenant, reterr);
	if (r == 0 && options->address)
		r = check_address(options, reterr);
	if (r == 0 && (options->n_metrics == 0 || !options->metrics))
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "a sampler without metrics reads nothing");
	return r < 0 ? r : check_metrics(options->metrics, options->n_metrics, reterr);
}

int list_take_options(const struct ration_list_options *given, struct ration_list_options *options, struct ration_error *reterr)
{
	int r = TAKE_OPTIONS(struct ration_list_options, options, given, reterr);

	if (r == 0 && options->tenant)
		r = names_check("tenant", options->tenant, reterr);
	if (r == 0 && options->metrics)
		r = check_metrics(options->metrics, options->n_metrics, reterr);
	return r;
}
