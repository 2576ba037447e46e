/* SPDX-License-Identifier: MIT */
/*
 * recording-dump.c - reads recordings again
 */
#include "cli/records/recording-dump.h"

#include <stdio.h>
#include <string.h>

#include "cli/output/json-build.h"
#include "cli/output/output.h"
#include "cli/output/receipt-print.h"
#include "cli/say.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* Columns of their own; other limits of a later version are in the lines alone. */
static const char *const limit_columns[] = { "memory", "memory_high", "swap", "cpus", "pids" };

struct dump {
	const char *path;
	enum recording_dump form;
	struct receipts_report *report;
	json_t *columns; /* of the line that began, or NULL: none has */
	json_t *limits;  /* that apply, or NULL */
};

static void dump_done(struct dump *dump)
{
	json_decref(dump->columns);
	json_decref(dump->limits);
}

/* It is as the schema says, and fits nowhere all the same. */
static int refuse(struct dump *dump, const char *why)
{
	char shown[TEXT_SHOWN_MAX];

	dump->report->valid--;
	if (dump->report->invalid++ == 0)
		say("ration record: %s: %s\n", text_show(shown, sizeof(shown), dump->path), why);
	return 0;
}

/* ----------------------------------------------------------------------- csv */

static void print_value(const json_t *value)
{
	if (json_is_string(value))
		receipt_print_quoted(json_string_value(value));
	else if (json_is_integer(value))
		(void)printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		(void)printf("%.12g", json_real_value(value));
}

static void print_head(const json_t *columns)
{
	const json_t *name;
	size_t i;

	(void)fputs("time_usec,line,event,count", stdout);
	for (i = 0; i < ARRAY_SIZE(limit_columns); i++)
		(void)printf(",limit_%s", limit_columns[i]);
	json_array_foreach(columns, i, name) {
		(void)putchar(',');
		print_value(name);
	}
	(void)fputs("\r\n", stdout);
}

static void print_row(const struct dump *dump, const json_t *line)
{
	static const char *const keys[] = { "time_usec", "line", "event", "count" };
	const json_t *values = json_object_get(line, "values");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		(void)fputs(i ? "," : "", stdout);
		print_value(json_object_get(line, keys[i]));
	}
	for (i = 0; i < ARRAY_SIZE(limit_columns); i++) {
		(void)putchar(',');
		print_value(json_object_get(dump->limits, limit_columns[i]));
	}
	for (i = 0; i < json_array_size(dump->columns); i++) {
		(void)putchar(',');
		print_value(json_array_get(values, i));
	}
	(void)fputs("\r\n", stdout);
}

/* ---------------------------------------------------------------------- json */

/* The figures under their names; what isn't known is left out. */
static json_t *figures(struct builder *builder, const struct dump *dump, const json_t *values)
{
	json_t *object = json_object(), *value;
	size_t i;

	json_array_foreach(values, i, value) {
		if (!json_is_null(value))
			build_put(builder, object, json_string_value(json_array_get(dump->columns, i)), json_incref(value));
	}
	return object;
}

static int print_json(const struct dump *dump, const json_t *line, struct ration_error *reterr)
{
	const json_t *values = json_object_get(line, "values");
	struct builder builder = { .line = true };
	json_t *object = json_copy((json_t *)line);

	if (values) {
		(void)json_object_del(object, "values");
		build_put(&builder, object, "figures", figures(&builder, dump, values));
	}
	return output_json(build_finish(&builder, object), reterr);
}

/* --------------------------------------------------------------------- lines */

static int begin(struct dump *dump, const json_t *line)
{
	json_t *columns = json_object_get(line, "columns");

	if (dump->columns && dump->form == RECORDING_DUMP_CSV && !json_equal(dump->columns, columns))
		return refuse(dump, "a second recording with other columns");
	if (!dump->columns && dump->form == RECORDING_DUMP_CSV)
		print_head(columns);
	json_decref(dump->columns);
	json_decref(dump->limits);
	dump->columns = json_incref(columns);
	dump->limits = NULL;
	return 1;
}

static int visit(void *data, const json_t *line, struct ration_error *reterr)
{
	struct dump *dump = data;
	const char *kind = json_string_value(json_object_get(line, "line"));
	const json_t *values = json_object_get(line, "values");
	int r = 1;

	if (strcmp(kind, "begin") == 0)
		r = begin(dump, line);
	else if (!dump->columns)
		r = refuse(dump, "doesn't begin with the first line of a recording");
	else if (values && json_array_size(values) != json_array_size(dump->columns))
		r = refuse(dump, "a sample has another number of values than there are columns");
	if (r == 0)
		return 0;
	if (strcmp(kind, "limits") == 0) {
		json_decref(dump->limits);
		dump->limits = json_incref(json_object_get(line, "limits"));
	}
	if (dump->form == RECORDING_DUMP_JSON)
		return print_json(dump, line, reterr);
	if (strcmp(kind, "begin") != 0)
		print_row(dump, line);
	return 0;
}

int recording_dump(const char *path, enum recording_dump form, struct receipts_report *report,
		struct ration_error *reterr)
{
	CLEANUP(dump_done) struct dump dump = { .path = path, .form = form, .report = report };

	return receipts_read(&receipts_recording, path, visit, &dump, report, reterr);
}
