/* SPDX-License-Identifier: MIT */
/*
 * receipts.h - reads receipts: files of one, journals, and any mixture; and the lines of recordings
 */
#ifndef RATION_CLI_RECORDS_RECEIPTS_H
#define RATION_CLI_RECORDS_RECEIPTS_H

#include <jansson.h>
#include <stdbool.h>

#include "ration.h"

/* What is read: of what `ration COMMAND` tells, and how it is called there. */
struct receipts_kind {
	const char *command, *what, *schema;
	bool grows; /* its last line may be cut off, which is no fault */
};

extern const struct receipts_kind receipts_receipt, receipts_recording;

struct receipts_report {
	size_t valid, invalid;
	bool torn; /* the last line was cut off, and is left out */
};

/*
 * Reads the receipts of a file, "-" being standard input, and calls `visit` for each that is as the schema says, until
 * one returns other than 0. One begins a line; it is all of it, or goes on up to a line "}". What is none is told on
 * standard error, with its line, and counted.
 * Errors: -ENOMEM, those of open(2) and read(2), and what `visit` returned.
 */
int receipts_read(const struct receipts_kind *kind, const char *path,
		int (*visit)(void *data, const json_t *receipt, struct ration_error *reterr), void *data,
		struct receipts_report *report, struct ration_error *reterr);

#endif
