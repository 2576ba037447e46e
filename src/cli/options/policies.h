/* SPDX-License-Identifier: MIT */
/*
 * policies.h - --enforce: one policy for all limits, and others for some of them
 */
#ifndef RATION_CLI_OPTIONS_POLICIES_H
#define RATION_CLI_OPTIONS_POLICIES_H

#include "cli/options/options.h"

/*
 * Takes "POLICY", "LIMIT=POLICY" or several of these, separated by commas. A limit is called as
 * everywhere, with - or _ between its words. Stores the policy of all in options->policy, sets
 * the others on options->limits, and keeps the text in options->enforce.
 */
option_setter option_set_policies;

/* Sets the policies of the text that was given, if any, on other limits. `row` is that of --enforce, for errors. */
int policies_apply(const struct options *options, const struct option *row, struct ration_limits *limits,
		struct ration_error *reterr);

#endif
