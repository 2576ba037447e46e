/* SPDX-License-Identifier: MIT */
/*
 * draw.c - the lines of the live view
 */
#include <stdio.h>
#include <string.h>

/* Its own names for keys only; what it would do with our words isn't wanted. */
#define NCURSES_NOMACROS
#include <curses.h>

#include "helpers/top/view.h"
#include "util/cleanup.h"

/* The pair of colours 0 is the terminal's own. */
static attr_t attribute(enum line_style style)
{
	static const struct {
		attr_t attribute;
		short pair;
	} looks[] = {
		[LINE_PLAIN] = { A_NORMAL, 0 },
		[LINE_DIM] = { A_DIM, 0 },
		[LINE_STRONG] = { A_BOLD, 0 },
		[LINE_GOOD] = { A_NORMAL, SCREEN_GREEN },
		[LINE_NEAR] = { A_BOLD, SCREEN_YELLOW },
		[LINE_BAD] = { A_BOLD, SCREEN_RED },
		[LINE_TITLE] = { A_REVERSE, 0 },
	};

	return looks[style].attribute | (attr_t)COLOR_PAIR(looks[style].pair);
}

/* A line that is too long for the terminal is cut: what wraps would push others out. */
static void draw(int y, const struct line *line, attr_t more)
{
	size_t at = 0, columns = line->columns < (size_t)COLS ? line->columns : (size_t)COLS;

	if (move(y, 0) == ERR)
		return;
	for (size_t i = 0; i < columns; i++) {
		unsigned char first = (unsigned char)line->text[at];
		int length = first < 0x80 ? 1 : first < 0xe0 ? 2 : 3;

		(void)attrset((int)(attribute((enum line_style)line->style[i]) | more));
		(void)addnstr(line->text + at, length);
		at += (size_t)length;
	}
	(void)attrset((int)more);
	if (more && (int)columns < COLS)
		(void)hline(' ', COLS - (int)columns);
	(void)attrset(A_NORMAL);
}

static void draw_words(int y, enum line_style style, const char *words)
{
	struct line line;

	line_begin(&line, false);
	line_add(&line, style, "%s", words);
	draw(y, &line, 0);
}

static void draw_table(struct screen *screen)
{
	struct line line;

	line_begin(&line, screen->utf8);
	table_titles(&screen->table, &line);
	draw(TABLE_HEAD_LINES, &line, A_REVERSE);
	for (size_t i = 0; i < (size_t)screen_body_lines() && screen->top + i < screen->rows.n; i++) {
		struct model_group *group = &screen->model->groups[screen->rows.at[screen->top + i]];

		line_begin(&line, screen->utf8);
		table_row(&screen->table, group, &line);
		draw(TABLE_HEAD_LINES + 1 + (int)i, &line, screen->top + i == screen->cursor ? A_REVERSE : 0);
	}
	if (screen->rows.n == 0)
		draw_words(TABLE_HEAD_LINES + 2, LINE_DIM, screen->model->n ? "  no group fits: Esc shows all" : "  no tenants and no groups");
}

static void draw_page(struct screen *screen)
{
	struct model_group *group = screen_chosen(screen);
	struct line line;

	for (int i = 0; group && i < TABLE_PAGE_LINES && i < LINES - 1; i++) {
		line_begin(&line, screen->utf8);
		if (!table_page(&screen->table, group, i, &line))
			break;
		draw(i, &line, 0);
	}
	if (!group)
		draw_words(0, LINE_DIM, "the group has gone");
}

static const char *const help[] = {
	"ration top: tenants and groups, what they use and what they may",
	"",
	"  up down home end     choose a group       Enter   all of one group",
	"  page up, page down                        Esc q   back; q ends",
	"  c m t n              sort by CPU, memory, tasks, name",
	"  r                    the other way round",
	"  left right           fold, unfold a tenant",
	"  l                    groups without their tenants",
	"  z                    this tenant alone",
	"  /                    groups with a word in their address",
	"  Space                pause                + -     sooner, later",
	"  f u k                freeze, thaw, kill: asks first",
	"",
	"  S         R runs, F frozen, - nobody is in it",
	"  CPU%      100 is one CPU",
	"  of limit  used of the own limit; | the most there was, ^ memory-high",
	"  thr%      share of the time the CPU limit held it back, over all CPUs",
	"  cpu* mem* io*   share of the time in which a task (io: each) waited",
	"  by        what enforces its limits",
	"  -         not available",
};

static void draw_help(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(help) && (int)i < LINES - 1; i++)
		draw_words((int)i, i == 0 ? LINE_STRONG : LINE_PLAIN, help[i]);
}

static void draw_foot(const struct screen *screen)
{
	char text[sizeof(screen->asked) + 64];

	if (screen->mode == SCREEN_ASK) {
		(void)snprintf(text, sizeof(text), "%s %s? [y/N]", act_name(screen->act), screen->asked);
		draw_words(LINES - 1, LINE_BAD, text);
	} else if (screen->mode == SCREEN_FILTER) {
		(void)snprintf(text, sizeof(text), "/%s_", screen->view.filter);
		draw_words(LINES - 1, LINE_STRONG, text);
	} else {
		draw_words(LINES - 1, screen->said[0] ? LINE_NEAR : LINE_DIM, screen->said[0] ? screen->said :
				"? help  Enter one group  c m t n sort  / find  z zoom  Space pause  q quit");
	}
}

void screen_draw(struct screen *screen)
{
	enum screen_mode mode = screen->mode == SCREEN_ASK ? screen->back : screen->mode;
	struct line line;

	screen->table.width = COLS < LINE_COLUMNS ? COLS : LINE_COLUMNS;
	screen->table.paused = screen->paused;
	screen->table.interval_usec = screen->interval_usec;
	(void)erase();
	if (mode == SCREEN_HELP) {
		draw_help();
	} else if (mode == SCREEN_PAGE) {
		draw_page(screen);
	} else {
		for (int i = 0; i < TABLE_HEAD_LINES; i++) {
			line_begin(&line, screen->utf8);
			table_head(&screen->table, i, &line);
			draw(i, &line, 0);
		}
		draw_table(screen);
	}
	draw_foot(screen);
	(void)refresh();
}
