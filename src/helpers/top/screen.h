/* SPDX-License-Identifier: MIT */
/*
 * screen.h - the live view on a terminal
 */
#ifndef RATION_HELPERS_TOP_SCREEN_H
#define RATION_HELPERS_TOP_SCREEN_H

#include <stdbool.h>

#include "helpers/top/table.h"

struct screen_options {
	struct rows_view view;
	uint64_t interval_usec;
	bool ascii, no_color;
	const char *nspace;
	struct verdicts *verdicts;
};

/*
 * Shows the groups until somebody says to quit. Errors: -ENOTTY (no terminal, or one that isn't known), those of
 * model_read().
 */
int screen_run(struct model *model, const struct screen_options *options, struct ration_error *reterr);

#endif
