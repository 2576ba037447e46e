/* SPDX-License-Identifier: MIT */
/*
 * patterns.h - operands that stand for many groups: acme/ and a star
 */
#ifndef RATION_CLI_OPTIONS_PATTERNS_H
#define RATION_CLI_OPTIONS_PATTERNS_H

#include <stdbool.h>

#include "cli/options/options.h"

/* --yes: for commands with a `verb`. */
extern const struct option_set options_patterns;

/*
 * Replaces those operands that are patterns by the addresses that match now, groups before tenants, and asks
 * whether that is meant: on a terminal the person there, elsewhere --yes. Other operands stay, first. The result
 * belongs to `options`.
 * Errors: -EINVAL (one matches nothing, or --yes is missing), -ECANCELED; those of ration_list_new().
 */
int patterns_expand(struct options *options, char ***words, struct ration_error *reterr);

/* Whether the operand `address` is there because of a pattern: that it goes meanwhile is no failure then. */
bool patterns_matched(const struct options *options, const char *address);

/* Frees what belongs to the options. */
void patterns_done(struct options *options);

#endif
