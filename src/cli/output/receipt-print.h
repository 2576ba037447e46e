/* SPDX-License-Identifier: MIT */
/*
 * receipt-print.h - a receipt that was read, for people and for programs
 */
#ifndef RATION_CLI_OUTPUT_RECEIPT_PRINT_H
#define RATION_CLI_OUTPUT_RECEIPT_PRINT_H

#include <jansson.h>
#include <stdbool.h>

#include "ration.h"

/* Reads a figure of `usage`, in its unit. False: it isn't known. */
bool receipt_metric(const json_t *receipt, enum ration_metric metric, double *ret);

void receipt_print_head(void);
void receipt_print_row(const json_t *receipt);

/* key=value, a line each, with an empty line before all but the first. */
void receipt_print_kv(const json_t *receipt, bool first);

/* As RFC 4180 has it; what isn't known is empty. */
void receipt_print_csv_head(void);
void receipt_print_csv(const json_t *receipt);

/* One line. -ENOMEM: nothing is printed. */
int receipt_print_json(const json_t *receipt);

/* Prints a text as a field of comma-separated values. */
void receipt_print_quoted(const char *value);

#endif
