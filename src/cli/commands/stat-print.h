/* SPDX-License-Identifier: MIT */
/*
 * stat-print.h - what a group uses, for people
 */
#ifndef RATION_CLI_COMMANDS_STAT_PRINT_H
#define RATION_CLI_COMMANDS_STAT_PRINT_H

#include <stdbool.h>

#include "ration.h"

/*
 * Prints what matters first, a line for each subject, beside the limits that bind; what isn't counted
 * is left out. `all`: and then each figure with its source.
 */
void stat_print(const struct ration_group *group, const char *address, const struct ration_stats *stats, bool all);

#endif
