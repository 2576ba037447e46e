/* SPDX-License-Identifier: MIT */
/*
 * summary.h - a receipt as a table for people
 */
#ifndef RATION_CLI_OUTPUT_SUMMARY_H
#define RATION_CLI_OUTPUT_SUMMARY_H

#include <stdbool.h>
#include <stdio.h>

#include "ration.h"

/*
 * Prints a receipt as a table; `reasons`: say why a limit has a weaker mechanism, unless
 * output_warnings() has told them. `profile`: the file of one, or NULL.
 */
void summary_print(FILE *file, const struct ration_receipt *receipt, const struct ration_plan *plan,
		const char *profile, bool reasons);

#endif
