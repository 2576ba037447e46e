/* SPDX-License-Identifier: MIT */
/*
 * view.h - the live view between its keys and its lines
 */
#ifndef RATION_HELPERS_TOP_VIEW_H
#define RATION_HELPERS_TOP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helpers/top/act.h"
#include "helpers/top/table.h"

/* How fast, and how slow, `+` and `-` make it. */
#define SCREEN_INTERVAL_LEAST_USEC 100000
#define SCREEN_INTERVAL_MOST_USEC 60000000

/* Pairs of colours; 0 is the terminal's own. */
enum {
	SCREEN_GREEN = 1,
	SCREEN_YELLOW,
	SCREEN_RED,
};

enum screen_mode {
	SCREEN_TABLE,
	SCREEN_PAGE,
	SCREEN_HELP,
	SCREEN_FILTER, /* words are typed */
	SCREEN_ASK,    /* an answer is waited for */
};

struct screen {
	struct model *model;
	struct machine machine;
	struct verdicts *verdicts;
	struct rows rows;
	struct rows_view view;
	struct table table;
	enum screen_mode mode, back;   /* `back` is what a question was asked in */
	enum act act;
	char asked[512];               /* the address that the question is about: that under the cursor can change meanwhile */
	uint64_t interval_usec, next_usec;
	char chosen[512];       /* the address under the cursor: it stays there when rows move */
	size_t cursor, top;
	char said[256];         /* what an action did */
	bool utf8, paused, quit;
};

/* Lines that there are for groups. */
int screen_body_lines(void);

/* The group under the cursor, or NULL. */
struct model_group *screen_chosen(struct screen *screen);

/* Draws all of it anew (draw.c). */
void screen_draw(struct screen *screen);

/* Does what a key says (keys.c). */
void screen_on_key(struct screen *screen, int key);

#endif
