/* SPDX-License-Identifier: MIT */
/*
 * receipt-print.c - a receipt that was read, for people and for programs
 *
 * The writer of a receipt has chosen its texts, so they are escaped on a terminal.
 */
#include "cli/output/receipt-print.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/output/output.h"
#include "util/buffer.h"
#include "util/cleanup.h"
#include "util/text.h"

/* Of a command, in a table. */
#define COMMAND_SHOWN 40

bool receipt_metric(const json_t *receipt, enum ration_metric metric, double *ret)
{
	const json_t *value = json_object_get(json_object_get(receipt, "usage"), ration_metric_name(metric));

	if (!json_is_number(value))
		return false;
	*ret = json_number_value(value);
	return true;
}

static json_int_t exit_code(const json_t *receipt)
{
	return json_integer_value(json_object_get(json_object_get(receipt, "exit"), "code"));
}

static const char *text(const json_t *receipt, const char *key)
{
	return json_string_value(json_object_get(receipt, key));
}

/* The words of the command, with a blank between. */
static void add_command(struct buffer *buffer, const json_t *receipt)
{
	const json_t *word;
	size_t i;

	json_array_foreach(json_object_get(receipt, "command"), i, word) {
		buffer_put(buffer, i > 0 ? " " : "");
		buffer_put(buffer, json_string_value(word));
	}
}

/* -------------------------------------------------------------------- table */

static const enum ration_metric columns[] = {
	RATION_METRIC_WALL_USEC, RATION_METRIC_CPU_USEC, RATION_METRIC_MEMORY_PEAK_BYTES, RATION_METRIC_PIDS_PEAK,
};

void receipt_print_head(void)
{
	(void)printf("%-15s %4s %10s %10s %10s %6s  %s\n", "verdict", "exit", "wall", "cpu", "memory", "tasks", "command");
}

void receipt_print_row(const json_t *receipt)
{
	CLEANUP(buffer_done) struct buffer command = { .text = NULL };
	char shown[COMMAND_SHOWN + 1], value[OUTPUT_VALUE_MAX];

	(void)printf("%-15s %4" JSON_INTEGER_FORMAT, text(receipt, "verdict"), exit_code(receipt));
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		double number;
		bool known = receipt_metric(receipt, columns[i], &number);

		(void)printf(" %*s", columns[i] == RATION_METRIC_PIDS_PEAK ? 6 : 10,
				known ? output_metric(value, columns[i], (uint64_t)number) : "-");
	}
	add_command(&command, receipt);
	(void)printf("  %s\n", text_escape(shown, sizeof(shown), command.text));
}

/* ------------------------------------------------------------------------ kv */

/* Where standard output leads doesn't change: it is asked once, not for each field. */
static bool on_terminal(void)
{
	static int known = -1;

	if (known < 0)
		known = isatty(STDOUT_FILENO);
	return known > 0;
}

/* A line end in a value would begin another pair, and what isn't printed would be a terminal's to obey. */
static void print_escaped(const char *value)
{
	for (const char *at = value; *at;) {
		size_t n = *at >= ' ' && *at <= '~' ? 1 : text_printable(at);

		if (*at == '\\')
			(void)fputs("\\\\", stdout);
		else if (n == 0)
			(void)printf("\\x%02x", (unsigned char)*at);
		else
			(void)fwrite(at, 1, n, stdout);
		at += n > 0 ? n : 1;
	}
}

static void print_pair(const char *prefix, const char *key, const json_t *value)
{
	if (!json_is_string(value) && !json_is_number(value) && !json_is_boolean(value))
		return;
	(void)printf("%s%s=", prefix, key);
	if (json_is_string(value))
		print_escaped(json_string_value(value));
	else if (json_is_integer(value))
		(void)printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		(void)printf("%.10g", json_real_value(value));
	else
		(void)fputs(json_is_true(value) ? "true" : "false", stdout);
	(void)putchar('\n');
}

static void print_pairs(const char *prefix, const json_t *object)
{
	const json_t *value;
	const char *key;

	/* Keys may be added, and are words. One with a line end would begin another pair. */
	json_object_foreach((json_t *)object, key, value) {
		if (key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0')
			print_pair(prefix, key, value);
	}
}

static void print_limits(const json_t *receipt)
{
	const json_t *limit;
	size_t i;

	json_array_foreach(json_object_get(receipt, "limits"), i, limit) {
		const char *name = text(limit, "limit");

		print_pair("limit_", name, json_object_get(limit, "asked"));
		print_pair("in_force_", name, json_object_get(limit, "in_force"));
		print_pair("mechanism_", name, json_object_get(limit, "mechanism"));
	}
}

void receipt_print_kv(const json_t *receipt, bool first)
{
	CLEANUP(buffer_done) struct buffer command = { .text = NULL };

	if (!first)
		(void)putchar('\n');
	print_pairs("", receipt);
	add_command(&command, receipt);
	(void)fputs("command=", stdout);
	print_escaped(command.text ? command.text : "");
	(void)putchar('\n');
	print_pairs("exit_", json_object_get(receipt, "exit"));
	print_pairs("user_", json_object_get(receipt, "user"));
	print_pairs("", json_object_get(receipt, "usage"));
	print_limits(receipt);
}

/* ----------------------------------------------------------------------- csv */

void receipt_print_quoted(const char *value)
{
	/* Bytes for programs; a person's terminal would obey some of them. */
	if (on_terminal()) {
		print_escaped(value);
		return;
	}
	if (!value[strcspn(value, ",\"\r\n")]) {
		(void)fputs(value, stdout);
		return;
	}
	(void)putchar('"');
	for (const char *at = value; *at; at++)
		(void)printf(*at == '"' ? "\"\"" : "%c", *at);
	(void)putchar('"');
}

static void print_field(const json_t *value)
{
	if (json_is_string(value))
		receipt_print_quoted(json_string_value(value));
	else if (json_is_integer(value))
		(void)printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	(void)putchar(',');
}

void receipt_print_csv_head(void)
{
	enum ration_metric metric;

	(void)fputs("id,verdict,exit_code,exit_status,exit_signal,group,", stdout);
	for (size_t i = 0; (metric = ration_metric_at(i)) != RATION_METRIC_NONE; i++)
		(void)printf("%s,", ration_metric_name(metric));
	(void)fputs("command\r\n", stdout);
}

void receipt_print_csv(const json_t *receipt)
{
	CLEANUP(buffer_done) struct buffer command = { .text = NULL };
	const json_t *end = json_object_get(receipt, "exit"), *usage = json_object_get(receipt, "usage");
	enum ration_metric metric;

	print_field(json_object_get(receipt, "id"));
	print_field(json_object_get(receipt, "verdict"));
	print_field(json_object_get(end, "code"));
	print_field(json_object_get(end, "status"));
	print_field(json_object_get(end, "signal"));
	print_field(json_object_get(receipt, "group"));
	for (size_t i = 0; (metric = ration_metric_at(i)) != RATION_METRIC_NONE; i++)
		print_field(json_object_get(usage, ration_metric_name(metric)));
	add_command(&command, receipt);
	receipt_print_quoted(command.text ? command.text : "");
	(void)fputs("\r\n", stdout);
}

/* ---------------------------------------------------------------------- json */

int receipt_print_json(const json_t *receipt)
{
	CLEANUP(freep) char *text = json_dumps(receipt, JSON_COMPACT | (on_terminal() ? JSON_ENSURE_ASCII : 0));
	CLEANUP(freep) char *line = text ? text_json(text) : NULL;

	if (!line)
		return -ENOMEM;
	(void)puts(line);
	return 0;
}
