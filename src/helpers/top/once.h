/* SPDX-License-Identifier: MIT */
/*
 * once.h - what the live view shows, for those who have no terminal
 */
#ifndef RATION_HELPERS_TOP_ONCE_H
#define RATION_HELPERS_TOP_ONCE_H

#include <stdio.h>

#include "helpers/top/screen.h"

/* Prints the head and all rows, `width` columns wide, of what happened in one interval. */
int once_print(struct model *model, const struct screen_options *options, int width, struct ration_error *reterr);

/* Prints a JSON document in a line for each interval: one, or until nobody reads. */
int once_print_json(struct model *model, const struct screen_options *options, bool for_ever, struct ration_error *reterr);

#endif
