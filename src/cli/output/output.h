/* SPDX-License-Identifier: MIT */
/*
 * output.h - text for people
 *
 * Results go to standard output, everything about a run to standard error:
 * standard output belongs to the command.
 */
#ifndef RATION_CLI_OUTPUT_OUTPUT_H
#define RATION_CLI_OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/output/metrics.h"
#include "ration.h"

/* Room for a value of a limit or a metric as people read it. */
#define OUTPUT_VALUE_MAX 64

/* Width of a text: where nothing tells a terminal's, and the least and the most that is believed. */
#define OUTPUT_WIDTH 80
#define OUTPUT_WIDTH_MIN 60
#define OUTPUT_WIDTH_MAX 1000

/* Prints an error and its hint on standard error: "ration run: …". `command` may be NULL. */
void output_error(const char *command, const struct ration_error *error);

/*
 * Sees to it that what was printed on standard output has arrived there.
 * Returns `status`, or EXIT_RATION after a message.
 */
int output_finish(const char *command, int status);

/* Prints a JSON text and frees it; NULL: memory ran out. Errors: -ENOMEM. */
int output_json(char *text, struct ration_error *reterr);

/* Prints `text` from `column` on, wrapped at blanks, later lines indented by `indent`; ends the line. */
void output_wrapped(FILE *file, size_t column, size_t indent, const char *text);

/* Writes a value in the unit of a limit: "64 MiB", "1.5", "no limit". Returns buf. */
const char *output_limit_value(char buf[OUTPUT_VALUE_MAX], const struct ration_limit_info *info,
		uint64_t value);

/* Writes what was asked for: "10 s:12 s" with a soft value, a list as it is. Returns buf. */
const char *output_asked(char buf[OUTPUT_VALUE_MAX], const struct ration_plan_item *item);

/* Writes a metric of a receipt by the unit in its name: "1.5 s", "64 MiB", "3". Returns buf. */
const char *output_metric(char buf[OUTPUT_VALUE_MAX], enum ration_metric metric, uint64_t value);

/* Writes what a metric is called: "memory peak" of memory_peak_bytes. Returns buf. */
const char *output_metric_label(char buf[OUTPUT_VALUE_MAX], enum ration_metric metric);

/* Room for what output_time() writes. */
#define OUTPUT_TIME_MAX 32

/* Writes a time since the epoch in UTC, as ISO 8601 has it: "2026-11-26T17:30:00.000001Z". Returns buf. */
const char *output_time(char buf[OUTPUT_TIME_MAX], uint64_t usec);

/* Writes what enforces a limit, and for whom: "rlimit, each process". Returns buf. */
const char *output_enforced_by(char *buf, size_t size, const struct ration_plan_item *item);

/*
 * Prints the limits of a plan as a table; `receipt`, which can be NULL, marks what ended
 * the run. `reasons`: say why a limit has a weaker mechanism.
 */
void output_limits(FILE *file, const struct ration_plan *plan, const struct ration_receipt *receipt,
		bool reasons);

/* Prints one warning for each limit that `strict` would refuse. */
void output_warnings(const struct ration_plan *plan);

/* Prints figures as a table, each with its source; what isn't known is left out. */
void output_usage(FILE *file, struct metrics metrics);

/* Returns the item of a limit in a plan, or NULL. */
const struct ration_plan_item *plan_item(const struct ration_plan *plan, enum ration_limit limit);

/* Tells whether item `i` is the first of its limit: one with a key has an item for each. */
bool plan_limit_is_new(const struct ration_plan *plan, size_t i);

/* Tells whether two limits have the same mechanism, or none for the same reason. */
bool plan_same_answer(const struct ration_plan_item *a, const struct ration_plan_item *b);

/* Tells whether no item before item `i` has the same answer. */
bool plan_answer_is_new(const struct ration_plan *plan, size_t i);

#endif
