/* SPDX-License-Identifier: MIT */
/*
 * group-words.h - tenants and groups in words
 */
#ifndef RATION_CLI_OUTPUT_GROUP_WORDS_H
#define RATION_CLI_OUTPUT_GROUP_WORDS_H

#include <stdbool.h>

#include "cli/output/output.h"
#include "ration.h"

/* Tells whether a limit's value is text, not a number. */
bool limit_is_text(const struct ration_limit_info *info);

/* Each writes one side of a limit, "-" where it isn't known. Returns buf. */
const char *group_limit_asked(char buf[OUTPUT_VALUE_MAX], const struct ration_group_limit *limit);
const char *group_limit_here(char buf[OUTPUT_VALUE_MAX], const struct ration_group_limit *limit);
const char *group_limit_effective(char buf[OUTPUT_VALUE_MAX], const struct ration_group_limit *limit);

/* Writes the effective value for programs: bytes, microseconds, CPUs, or "max"; "" where it isn't known. */
const char *group_limit_raw(char buf[OUTPUT_VALUE_MAX], const struct ration_group_limit *limit);

/* Tells whether the group's own value differs from that of a group that nobody gave limits. */
bool group_limit_is_set(const struct ration_group_limit *limit);

/* Writes how long ago that was, in its largest unit: "5 min". "-": not known. Returns buf. */
const char *group_age(char buf[OUTPUT_VALUE_MAX], uint64_t created_usec);

#endif
