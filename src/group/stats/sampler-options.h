/* SPDX-License-Identifier: MIT */
/*
 * sampler-options.h - what a sampler or a list is asked for, on every system
 */
#ifndef RATION_GROUP_STATS_SAMPLER_OPTIONS_H
#define RATION_GROUP_STATS_SAMPLER_OPTIONS_H

#include "ration.h"

/* Takes and checks them. Errors: those of ration_sampler_new(). */
int sampler_take_options(const struct ration_host *host, const struct ration_sampler_options *given,
		struct ration_sampler_options *options, struct ration_error *reterr);

/* The same of a list. Errors: those of ration_list_new_with(). */
int list_take_options(const struct ration_list_options *given, struct ration_list_options *options, struct ration_error *reterr);

#endif
