/* SPDX-License-Identifier: MIT */
/*
 * keys.c - what the keys of the live view do
 */
#include <stdio.h>
#include <string.h>

/* Its own names for keys only; what it would do with our words isn't wanted. */
#define NCURSES_NOMACROS
#include <curses.h>

#include "helpers/top/view.h"
#include "sys/syscalls.h"

#define KEY_ESCAPE 27
#define CTRL(letter) ((letter) & 0x1f)

static void step(struct screen *screen, long by)
{
	long at = (long)screen->cursor + by, last = (long)screen->rows.n - 1;

	screen->cursor = (size_t)(at < 0 ? 0 : at > last ? (last < 0 ? 0 : last) : at);
	(void)snprintf(screen->chosen, sizeof(screen->chosen), "%s", screen_chosen(screen) ? screen_chosen(screen)->address : "");
}

static void sort_by(struct screen *screen, enum rows_order order)
{
	screen->view.order = order;
	screen->view.reversed = false;
}

static void change_interval(struct screen *screen, bool sooner)
{
	uint64_t usec = sooner ? screen->interval_usec / 2 : screen->interval_usec * 2;

	if (usec < SCREEN_INTERVAL_LEAST_USEC)
		usec = SCREEN_INTERVAL_LEAST_USEC;
	screen->interval_usec = usec > SCREEN_INTERVAL_MOST_USEC ? SCREEN_INTERVAL_MOST_USEC : usec;
	screen->next_usec = sys_now_usec() + screen->interval_usec;
}

static void ask(struct screen *screen, enum act act)
{
	if (!screen_chosen(screen))
		return;
	screen->back = screen->mode;
	screen->act = act;
	(void)snprintf(screen->asked, sizeof(screen->asked), "%s", screen->chosen);
	screen->mode = SCREEN_ASK;
}

static void fold(struct screen *screen, bool folded)
{
	struct model_group *group = screen_chosen(screen);

	/* A group's key is its tenant's. */
	for (size_t i = 0; group && i < screen->model->n && !group->is_tenant; i++) {
		struct model_group *tenant = &screen->model->groups[i];

		if (tenant->is_tenant && strncmp(tenant->address, group->address, strlen(tenant->address)) == 0 &&
				group->address[strlen(tenant->address)] == '/')
			group = tenant;
	}
	if (!group || !group->is_tenant)
		return;
	group->folded = folded;
	(void)snprintf(screen->chosen, sizeof(screen->chosen), "%s", group->address);
}

static void zoom(struct screen *screen)
{
	(void)snprintf(screen->view.zoom, sizeof(screen->view.zoom), "%.*s", (int)strcspn(screen->chosen, "/"),
			screen->view.zoom[0] ? "" : screen->chosen);
}

/* Out of what was chosen last; then out of the program, by `q` alone. */
static void go_back(struct screen *screen, bool quits)
{
	if (screen->mode != SCREEN_TABLE)
		screen->mode = SCREEN_TABLE;
	else if (quits)
		screen->quit = true;
	else
		screen->view.filter[0] = screen->view.zoom[0] = '\0';
}

static void on_answer(struct screen *screen, int key)
{
	screen->mode = screen->back;
	if (key != 'y' && key != 'Y')
		return;
	act_do(screen->model->host, screen->act, screen->asked, screen->said, sizeof(screen->said));
	screen->next_usec = 0;
}

static void on_word(struct screen *screen, int key)
{
	size_t length = strlen(screen->view.filter);

	if (key == '\n' || key == '\r' || key == KEY_ENTER) {
		screen->mode = SCREEN_TABLE;
	} else if (key == KEY_ESCAPE) {
		screen->view.filter[0] = '\0';
		screen->mode = SCREEN_TABLE;
	} else if ((key == KEY_BACKSPACE || key == 127 || key == CTRL('h')) && length > 0) {
		screen->view.filter[length - 1] = '\0';
	} else if (key > ' ' && key <= '~' && length + 1 < sizeof(screen->view.filter)) {
		screen->view.filter[length] = (char)key;
		screen->view.filter[length + 1] = '\0';
	}
}

/* What moves. False: it is another key. */
static bool on_movement(struct screen *screen, int key)
{
	long page = screen_body_lines() > 1 ? screen_body_lines() - 1 : 1;

	switch (key) {
	case KEY_UP:
		step(screen, -1);
		return true;
	case KEY_DOWN:
		step(screen, 1);
		return true;
	case KEY_PPAGE:
		step(screen, -page);
		return true;
	case KEY_NPAGE:
		step(screen, page);
		return true;
	case KEY_HOME:
		step(screen, -(long)screen->rows.n);
		return true;
	case KEY_END:
		step(screen, (long)screen->rows.n);
		return true;
	default:
		return false;
	}
}

/* What changes the order, or what is shown. False: it is another key. */
static bool on_view(struct screen *screen, int key)
{
	switch (key) {
	case 'c':
		sort_by(screen, ROWS_BY_CPU);
		return true;
	case 'm':
		sort_by(screen, ROWS_BY_MEMORY);
		return true;
	case 't':
		sort_by(screen, ROWS_BY_TASKS);
		return true;
	case 'n':
		sort_by(screen, ROWS_BY_NAME);
		return true;
	case 'r':
		screen->view.reversed = !screen->view.reversed;
		return true;
	case 'l':
		screen->view.flat = !screen->view.flat;
		return true;
	case 'z':
		zoom(screen);
		return true;
	case KEY_LEFT:
	case KEY_RIGHT:
		fold(screen, key == KEY_LEFT);
		return true;
	case '/':
		screen->mode = SCREEN_FILTER;
		return true;
	default:
		return false;
	}
}

static void on_other(struct screen *screen, int key)
{
	switch (key) {
	case 'q':
	case KEY_ESCAPE:
		go_back(screen, key == 'q');
		break;
	case '?':
	case 'h':
		screen->mode = SCREEN_HELP;
		break;
	case '\n':
	case '\r':
	case KEY_ENTER:
		screen->mode = screen_chosen(screen) ? SCREEN_PAGE : screen->mode;
		break;
	case ' ':
		screen->paused = !screen->paused;
		break;
	case '+':
	case '-':
		change_interval(screen, key == '+');
		break;
	case 'f':
		ask(screen, ACT_FREEZE);
		break;
	case 'u':
		ask(screen, ACT_THAW);
		break;
	case 'k':
		ask(screen, ACT_KILL);
		break;
	default:
		break;
	}
}

void screen_on_key(struct screen *screen, int key)
{
	/* Nobody knows what a terminal does with its lines when it is resized: draw everything again. */
	if (key == KEY_RESIZE) {
		(void)clearok(stdscr, true);
		return;
	}
	screen->said[0] = '\0';
	if (screen->mode == SCREEN_ASK)
		on_answer(screen, key);
	else if (screen->mode == SCREEN_FILTER)
		on_word(screen, key);
	else if (!on_movement(screen, key) && !(screen->mode == SCREEN_TABLE && on_view(screen, key)))
		on_other(screen, key);
}
