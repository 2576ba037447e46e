/* SPDX-License-Identifier: MIT */
/*
 * line.c - a line of text for a terminal, with what its parts mean
 */
#include "helpers/top/line.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ration.h"

/* From here on a limit is near, and reached. */
#define NEAR .75
#define FULL .95

void line_begin(struct line *line, bool utf8)
{
	line->utf8 = utf8;
	line->columns = line->bytes = 0;
	line->text[0] = '\0';
}

/* One column: a character of up to three bytes. */
static void put(struct line *line, enum line_style style, const char *character, size_t length)
{
	if (line->columns == LINE_COLUMNS)
		return;
	memcpy(line->text + line->bytes, character, length);
	line->bytes += length;
	line->text[line->bytes] = '\0';
	line->style[line->columns++] = (unsigned char)style;
}

static void put_text(struct line *line, enum line_style style, const char *text, size_t length)
{
	/* Nothing that a terminal could take for an order, whoever wrote it. */
	for (size_t i = 0; i < length; i++)
		put(line, style, text[i] >= ' ' && text[i] <= '~' ? &text[i] : "?", 1);
}

void line_add(struct line *line, enum line_style style, const char *format, ...)
{
	char text[LINE_COLUMNS + 1];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	put_text(line, style, text, strlen(text));
}

void line_cell(struct line *line, enum line_style style, int width, const char *text)
{
	size_t room = (size_t)(width < 0 ? -width : width), length = strlen(text), used = length < room ? length : room;

	for (size_t i = used; width > 0 && i < room; i++)
		put(line, style, " ", 1);
	put_text(line, style, text, used);
	for (size_t i = used; width < 0 && i < room; i++)
		put(line, style, " ", 1);
}

enum line_style line_share_style(double share)
{
	return share >= FULL ? LINE_BAD : share >= NEAR ? LINE_NEAR : LINE_GOOD;
}

/* The column of `inner` that a share is in; -1: it isn't shown. */
static int column_of(double share, int inner)
{
	int at = (int)(share * inner);

	if (share < 0)
		return -1;
	return at < inner ? at : inner - 1;
}

void line_bar(struct line *line, int width, struct line_bar bar)
{
	static const char *const eighths[] = { " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };
	int inner = width - 2, mark = column_of(bar.mark, inner), high = column_of(bar.high, inner);
	enum line_style style = line_share_style(bar.used);

	put(line, LINE_DIM, "[", 1);
	for (int i = 0; i < inner; i++) {
		double part = bar.used * inner - i;
		int eighth = part <= 0 ? 0 : part >= 1 ? 8 : (int)(part * 8);

		if (i == mark && eighth < 8)
			put(line, LINE_STRONG, "|", 1);
		else if (i == high && eighth < 8)
			put(line, LINE_NEAR, "^", 1);
		else if (eighth == 0)
			/* In the row that is selected a colour would fill it. */
			put(line, LINE_PLAIN, " ", 1);
		else if (line->utf8)
			put(line, style, eighths[eighth], strlen(eighths[eighth]));
		else
			put(line, style, eighth >= 4 ? "#" : " ", 1);
	}
	put(line, LINE_DIM, "]", 1);
}

void line_curve(struct line *line, enum line_style style, const double *values, size_t n)
{
	static const char *const heights[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char plain[] = "_.-:=+*#";

	for (size_t i = 0; i < n; i++) {
		int height = (int)(values[i] * 8);

		height = height > 7 ? 7 : height;
		if (values[i] < 0)
			put(line, style, " ", 1);
		else if (line->utf8)
			put(line, style, heights[height], strlen(heights[height]));
		else
			put(line, style, &plain[height], 1);
	}
}

/* ----------------------------------------------------------------- numbers */

const char *line_bytes(char buf[LINE_NUMBER_MAX], double bytes)
{
	static const char units[] = "BKMGTPE";
	size_t unit = 0;

	if (bytes < 0)
		return strcpy(buf, "-");
	while (bytes >= 999.5 && unit < sizeof(units) - 2) {
		bytes /= 1024;
		unit++;
	}
	(void)snprintf(buf, LINE_NUMBER_MAX, bytes < 9.95 && unit > 0 ? "%.1f%c" : "%.0f%c", bytes, units[unit]);
	return buf;
}

const char *line_count(char buf[LINE_NUMBER_MAX], uint64_t count)
{
	if (count == RATION_UNKNOWN)
		(void)strcpy(buf, "-");
	else if (count == RATION_UNLIMITED)
		(void)strcpy(buf, "max");
	else if (count > 99999)
		(void)snprintf(buf, LINE_NUMBER_MAX, "%" PRIu64 "k", count / 1000);
	else
		(void)snprintf(buf, LINE_NUMBER_MAX, "%" PRIu64, count);
	return buf;
}

const char *line_percent(char buf[LINE_NUMBER_MAX], double percent)
{
	if (percent < 0)
		(void)strcpy(buf, "-");
	else
		(void)snprintf(buf, LINE_NUMBER_MAX, percent < 99.95 ? "%.1f" : "%.0f", percent);
	return buf;
}

const char *line_age(char buf[LINE_NUMBER_MAX], double seconds)
{
	if (seconds < 0)
		(void)strcpy(buf, "-");
	else if (seconds < 100)
		(void)snprintf(buf, LINE_NUMBER_MAX, "%.0fs", seconds);
	else if (seconds < 6000)
		(void)snprintf(buf, LINE_NUMBER_MAX, "%.0fm", seconds / 60);
	else if (seconds < 172800)
		(void)snprintf(buf, LINE_NUMBER_MAX, "%.0fh", seconds / 3600);
	else
		(void)snprintf(buf, LINE_NUMBER_MAX, "%.0fd", seconds / 86400);
	return buf;
}
