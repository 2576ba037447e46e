/* SPDX-License-Identifier: MIT */
/*
 * options-run.h - the options that ration run has for itself
 */
#ifndef RATION_CLI_COMMANDS_OPTIONS_RUN_H
#define RATION_CLI_COMMANDS_OPTIONS_RUN_H

#include "cli/options/options.h"

/* How it runs, how it ends, and what is told of it. */
extern const struct option_set options_run_set, options_run_end, options_run_report;

/* Takes those apart that are two in one. Errors: -EINVAL. */
int options_run_take(struct options *options, struct ration_error *reterr);

/* Checks those that the library refuses only when an earlier receipt is gone. Errors: -EINVAL. */
int options_run_check(const struct options *options, struct ration_error *reterr);

#endif
