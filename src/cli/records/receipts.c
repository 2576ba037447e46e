/* SPDX-License-Identifier: MIT */
/*
 * receipts.c - reads receipts: files of one, journals, and any mixture; and the lines of recordings
 */
#include "cli/records/receipts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/records/schema.h"
#include "cli/say.h"
#include "util/buffer.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

extern const char receipt_schema[], recording_schema[]; /* docs/NAME.schema.json */

const struct receipts_kind receipts_receipt = { .command = "receipt", .what = "a receipt", .schema = receipt_schema };
const struct receipts_kind receipts_recording = { .command = "record", .what = "a line of a recording",
	.schema = recording_schema, .grows = true };

/* More are counted, and not told one by one. */
#define TOLD_MAX 10

struct reader {
	const struct receipts_kind *kind;
	const char *name; /* for messages */
	FILE *file;
	json_t *schema;
	unsigned long line; /* the number of that which was read last */
	unsigned long first; /* … and of that with which the text begins */
	struct buffer text;
	bool too_long;
	int error; /* why no more could be read; 0: it ends there */
	struct receipts_report *report;
};

static void reader_done(struct reader *reader)
{
	buffer_done(&reader->text);
	json_decref(reader->schema);
	if (reader->file && reader->file != stdin)
		(void)fclose(reader->file);
}

/* Adds a line to the text. 1; 0: there is none; -ENOMEM. */
static int add_line(struct reader *reader, size_t *ret_length)
{
	char part[4096];
	size_t begin = reader->text.length;
	int byte = 0;

	while (byte != '\n' && byte != EOF) {
		size_t n = 0;

		while (n < sizeof(part) && byte != '\n' && (byte = getc(reader->file)) != EOF)
			part[n++] = (char)byte;
		if (reader->text.length + n > TEXT_RECEIPT_MAX)
			reader->too_long = true;
		else if (buffer_add(&reader->text, part, n) < 0)
			return -ENOMEM;
		if (n == 0)
			break;
	}
	if (ferror(reader->file))
		reader->error = -errno;
	*ret_length = reader->text.length - begin;
	reader->line++;
	return reader->too_long || *ret_length > 0;
}

static bool is_line(const struct reader *reader, size_t length, const char *line)
{
	const char *at = reader->text.text + reader->text.length - length;

	while (length > 0 && strchr("\r\n", at[length - 1]))
		length--;
	return length == strlen(line) && strncmp(at, line, length) == 0;
}

/* Within a receipt all lines but its last are indented: where another one begins, this one was cut off. */
static bool begins_another(struct reader *reader)
{
	int byte = getc(reader->file);

	if (byte != EOF)
		(void)ungetc(byte, reader->file);
	return byte == '{';
}

/* Reads the text of the next receipt. 1; 0: there is none; -ENOMEM. */
static int next(struct reader *reader)
{
	size_t length;
	int r;

	buffer_done(&reader->text);
	reader->text = (struct buffer) { .text = NULL };
	reader->too_long = false;
	r = add_line(reader, &length);
	reader->first = reader->line;
	if (r <= 0 || reader->too_long || reader->kind->grows || !is_line(reader, length, "{"))
		return r;
	while (r > 0 && !reader->too_long && !is_line(reader, length, "}") && !begins_another(reader))
		r = add_line(reader, &length);
	return r < 0 ? r : 1;
}

static void tell(struct reader *reader, const char *why)
{
	char shown[TEXT_SHOWN_MAX];

	if (reader->report->invalid++ < TOLD_MAX)
		say("ration %s: %s, line %lu: %s\n", reader->kind->command, text_show(shown, sizeof(shown), reader->name),
				reader->first, why);
}

/* The process that writes it was killed, or is just writing. */
static bool is_torn(const struct reader *reader)
{
	const struct buffer *text = &reader->text;

	return reader->kind->grows && text->length > 0 && text->text[text->length - 1] != '\n' && feof(reader->file);
}

/* Returns the receipt, if the text is one. */
static json_t *parse(struct reader *reader)
{
	char why[SCHEMA_WHY_MAX], shown[TEXT_SHOWN_MAX];
	json_error_t error;
	json_t *receipt;

	if (reader->too_long) {
		(void)snprintf(why, sizeof(why), "not %s: too long", reader->kind->what);
		tell(reader, why);
		return NULL;
	}
	receipt = json_loadb(reader->text.text, reader->text.length, 0, &error);
	if (!receipt && is_torn(reader)) {
		reader->report->torn = true;
		return NULL;
	}
	if (!receipt) {
		(void)snprintf(why, sizeof(why), "not %s: %s", reader->kind->what,
				text_escape(shown, sizeof(shown), error.text));
		tell(reader, why);
		return NULL;
	}
	if (schema_check(reader->schema, receipt, why) == 0)
		return receipt;
	tell(reader, why);
	json_decref(receipt);
	return NULL;
}

static int open_reader(struct reader *reader, const char *path, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];

	reader->name = strcmp(path, "-") == 0 ? "standard input" : path;
	reader->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (!reader->file)
		return error_set(reterr, -errno, RATION_CAUSE_INVALID, "can't read %s: %s",
				text_show(shown, sizeof(shown), path), error_text(-errno));
	reader->schema = json_loads(reader->kind->schema, 0, NULL);
	return reader->schema ? 0 : error_oom(reterr);
}

/* Visits the receipt that was read, if it is one. */
static int take(struct reader *reader, int (*visit)(void *data, const json_t *receipt, struct ration_error *reterr),
		void *data, struct ration_error *reterr)
{
	json_t *receipt;
	int r;

	if (!reader->too_long && strspn(reader->text.text, " \t\r\n") == reader->text.length)
		return 0;
	receipt = parse(reader);
	if (!receipt)
		return 0;
	reader->report->valid++;
	r = visit(data, receipt, reterr);
	json_decref(receipt);
	return r;
}

int receipts_read(const struct receipts_kind *kind, const char *path,
		int (*visit)(void *data, const json_t *receipt, struct ration_error *reterr), void *data,
		struct receipts_report *report, struct ration_error *reterr)
{
	CLEANUP(reader_done) struct reader reader = { .kind = kind, .report = report };
	char shown[TEXT_SHOWN_MAX];
	int r = open_reader(&reader, path, reterr);

	while (r == 0) {
		r = next(&reader);
		if (r == 0)
			break;
		r = r < 0 ? error_oom(reterr) : take(&reader, visit, data, reterr);
	}
	if (r == 0 && reader.error < 0)
		return error_set(reterr, reader.error, RATION_CAUSE_INVALID, "can't read %s: %s",
				text_show(shown, sizeof(shown), reader.name), error_text(reader.error));
	return r;
}
