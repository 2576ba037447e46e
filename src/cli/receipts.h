/* SPDX-License-Identifier: MIT */
/*
 * receipts.h - reads receipts: files of one, journals, and any mixture
 */
#ifndef RATION_CLI_RECEIPTS_H
#define RATION_CLI_RECEIPTS_H

#include <jansson.h>

#include "ration.h"

/* A receipt that is longer is none. */
#define RECEIPTS_LENGTH_MAX (16u << 20)

struct receipts_report {
	size_t valid, invalid;
};

/*
 * Reads the receipts of a file, "-" being standard input, and calls `visit` for each that is as the schema says, until
 * one returns other than 0. One begins a line; it is all of it, or goes on up to a line "}". What is none is told on
 * standard error, with its line, and counted.
 * Errors: -ENOMEM, those of open(2) and read(2), and what `visit` returned.
 */
int receipts_read(const char *path, int (*visit)(void *data, const json_t *receipt, struct ration_error *reterr),
		void *data, struct receipts_report *report, struct ration_error *reterr);

#endif
