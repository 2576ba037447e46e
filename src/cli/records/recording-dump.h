/* SPDX-License-Identifier: MIT */
/*
 * recording-dump.h - reads recordings again
 */
#ifndef RATION_CLI_RECORDS_RECORDING_DUMP_H
#define RATION_CLI_RECORDS_RECORDING_DUMP_H

#include "cli/records/receipts.h"
#include "ration.h"

/* As what. */
enum recording_dump {
	RECORDING_DUMP_NONE = 0,
	RECORDING_DUMP_CSV = 1,  /* a row for each sample and event, with the limits that apply */
	RECORDING_DUMP_JSON = 2, /* the lines, with each figure under its name */
};

/*
 * Prints a recording; "-" is standard input. Each line is checked by the schema; what is none is told on standard error,
 * counted and left out. Errors: as receipts_read().
 */
int recording_dump(const char *path, enum recording_dump form, struct receipts_report *report,
		struct ration_error *reterr);

#endif
