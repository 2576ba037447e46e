/* SPDX-License-Identifier: MIT */
/*
 * line.h - a line of text for a terminal, with what its parts mean
 */
#ifndef RATION_HELPERS_TOP_LINE_H
#define RATION_HELPERS_TOP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest line, in columns and in bytes: a character has three bytes at most. */
#define LINE_COLUMNS 400

enum line_style {
	LINE_PLAIN,
	LINE_DIM,
	LINE_STRONG,
	LINE_GOOD,
	LINE_NEAR,  /* near a limit */
	LINE_BAD,   /* at a limit, or something was killed */
	LINE_TITLE,
};

struct line {
	bool utf8;
	size_t columns, bytes;
	char text[3 * LINE_COLUMNS + 1];
	unsigned char style[LINE_COLUMNS]; /* of each column */
};

/* Starts anew. */
void line_begin(struct line *line, bool utf8);

/* Adds ASCII; what there is no room for isn't. */
__attribute__((format(printf, 3, 4)))
void line_add(struct line *line, enum line_style style, const char *format, ...);

/* Adds text in exactly `width` columns: at the right end, or at the left one if `width` is negative. What is too long is cut. */
void line_cell(struct line *line, enum line_style style, int width, const char *text);

/* What a bar shows. Each from 0 to 1; < 0: it isn't shown. */
struct line_bar {
	double used;
	double mark; /* |: the most that there was */
	double high; /* ^: where it is slowed down */
};

/* Adds a bar of `width` columns, with its brackets. Its style is what `used` comes to. */
void line_bar(struct line *line, int width, struct line_bar bar);

/* Adds a curve: each value from 0 to 1 as the height of a column; < 0: none. */
void line_curve(struct line *line, enum line_style style, const double *values, size_t n);

/* What a share of a limit means. */
enum line_style line_share_style(double share);

/* Numbers in few columns: "1.5G", "37", "3d", "12.5%"; "-" for what isn't known. */
#define LINE_NUMBER_MAX 24
const char *line_bytes(char buf[LINE_NUMBER_MAX], double bytes);
const char *line_count(char buf[LINE_NUMBER_MAX], uint64_t count);
const char *line_percent(char buf[LINE_NUMBER_MAX], double percent);
const char *line_age(char buf[LINE_NUMBER_MAX], double seconds);

#endif
