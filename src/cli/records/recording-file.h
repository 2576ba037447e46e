/* SPDX-License-Identifier: MIT */
/*
 * recording-file.h - where the lines of a recording are written to, as they come
 *
 * Nothing waits for a slow reader or a full disk: a line that can't be written now is dropped and counted.
 * The lines in the file are complete.
 */
#ifndef RATION_CLI_RECORDS_RECORDING_FILE_H
#define RATION_CLI_RECORDS_RECORDING_FILE_H

#include <stdint.h>

#include "cli/records/receipt-file.h"
#include "ration.h"

struct recording_file {
	struct receipt_file file;
	char *head;       /* its first line, until that is written: before it there is none; or NULL */
	bool ours;        /* a regular file that nobody else writes to: what there is of a line is cut off again */
	bool pipe;        /* it takes a short line whole, or not at all */
	int64_t length;   /* of that one, in whole lines */
	bool torn;        /* elsewhere: part of a line was written, and its end is missing */
	uint64_t dropped; /* lines */
	int error;        /* why, for the last of them: a negative errno, or 0 */
};

#define RECORDING_FILE_NONE { .file = RECEIPT_FILE_NONE }

/* Opens what `flag` names, as receipt_file_open() does. */
int recording_file_open(struct recording_file *recording, const char *flag, const char *target,
		struct ration_error *reterr);

/* Gives it its name, in place of what was there, so that it can be read while it grows. */
int recording_file_begin(struct recording_file *recording, struct ration_error *reterr);

/* Takes its first line, and frees it later. It is tried again before each other one. */
void recording_file_head(struct recording_file *recording, char *line);

/* Writes a line, or drops it. */
void recording_file_put(struct recording_file *recording, const char *line);

/* Writes the last line, and waits some seconds for its reader. Errors: those of write(2). */
int recording_file_last(struct recording_file *recording, const char *line, struct ration_error *reterr);

void recording_file_done(struct recording_file *recording);

#endif
