/* SPDX-License-Identifier: MIT */
/*
 * screen.c - the live view on a terminal
 */
#include "helpers/top/screen.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Its own names for keys only; what it would do with our words isn't wanted. */
#define NCURSES_NOMACROS
#include <curses.h>

#include "helpers/top/view.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

/* ------------------------------------------------------------------ cursor */

int screen_body_lines(void)
{
	int lines = LINES - TABLE_HEAD_LINES - 2;

	return lines > 0 ? lines : 0;
}

struct model_group *screen_chosen(struct screen *screen)
{
	return screen->cursor < screen->rows.n ? &screen->model->groups[screen->rows.at[screen->cursor]] : NULL;
}

/* The cursor stays on its group; if that is gone, where it was. */
static void place_cursor(struct screen *screen)
{
	size_t lines = (size_t)screen_body_lines();

	for (size_t i = 0; i < screen->rows.n; i++) {
		if (strcmp(screen->model->groups[screen->rows.at[i]].address, screen->chosen) == 0)
			screen->cursor = i;
	}
	if (screen->cursor >= screen->rows.n)
		screen->cursor = screen->rows.n ? screen->rows.n - 1 : 0;
	if (screen->cursor < screen->top)
		screen->top = screen->cursor;
	if (lines && screen->cursor >= screen->top + lines)
		screen->top = screen->cursor - lines + 1;
	if (screen->top + lines > screen->rows.n)
		screen->top = screen->rows.n > lines ? screen->rows.n - lines : 0;
	(void)snprintf(screen->chosen, sizeof(screen->chosen), "%s", screen_chosen(screen) ? screen_chosen(screen)->address : "");
}

/* ----------------------------------------------------------------- reading */

/* Those that are on the screen, and the one whose page is shown. */
static void look(struct screen *screen)
{
	if (screen->mode == SCREEN_PAGE && screen_chosen(screen)) {
		model_look(screen->model, screen_chosen(screen));
		model_look_at_budget(screen->model, screen_chosen(screen));
		model_look_at_vm(screen->model, screen_chosen(screen));
	}
	for (size_t i = 0; screen->mode != SCREEN_PAGE && i < (size_t)screen_body_lines() && screen->top + i < screen->rows.n; i++)
		model_look(screen->model, &screen->model->groups[screen->rows.at[screen->top + i]]);
}

static int arrange(struct screen *screen)
{
	int r = rows_fill(&screen->rows, screen->model, &screen->view);

	place_cursor(screen);
	return r;
}

static int read_all(struct screen *screen, struct ration_error *reterr)
{
	int r = model_read(screen->model, reterr);

	/* If something can't be read just now, the screen says so and stays; the next reading tries again. */
	if (r < 0 && r != -ENOMEM)
		(void)snprintf(screen->said, sizeof(screen->said), "%.250s", reterr->message);
	else if (r < 0)
		return r;
	machine_read(&screen->machine);
	verdicts_look(screen->verdicts);
	if (arrange(screen) < 0)
		return error_oom(reterr);
	look(screen);
	return 0;
}

/* --------------------------------------------------------------------- run */

static void set_up(const struct screen_options *options)
{
	(void)cbreak();
	(void)noecho();
	(void)nonl();
	(void)keypad(stdscr, true);
	(void)curs_set(0);
	/* Esc alone is a key, and not the start of another one for a second. */
	(void)set_escdelay(50);
	if (options->no_color || !has_colors() || start_color() == ERR)
		return;
	(void)use_default_colors();
	(void)init_pair(SCREEN_GREEN, COLOR_GREEN, -1);
	(void)init_pair(SCREEN_YELLOW, COLOR_YELLOW, -1);
	(void)init_pair(SCREEN_RED, COLOR_RED, -1);
}

static int wait_msec(const struct screen *screen)
{
	uint64_t now = sys_now_usec();

	if (screen->paused)
		return -1;
	return now >= screen->next_usec ? 0 : (int)((screen->next_usec - now) / 1000 + 1);
}

/* A terminal that was hung up has no more keys, and says so at once, again and again. */
static bool is_gone(void)
{
	struct pollfd terminal = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&terminal, 1, 0) > 0 && (terminal.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static int loop(struct screen *screen, struct ration_error *reterr)
{
	while (!screen->quit) {
		int key;

		if (!screen->paused && sys_now_usec() >= screen->next_usec) {
			int r = read_all(screen, reterr);

			if (r < 0)
				return r;
			screen->next_usec = sys_now_usec() + screen->interval_usec;
		}
		screen_draw(screen);
		timeout(wait_msec(screen));
		key = getch();
		if (key == ERR && is_gone())
			return 0;
		if (key == ERR)
			continue;
		screen_on_key(screen, key);
		if (arrange(screen) < 0)
			return error_oom(reterr);
		look(screen);
	}
	return 0;
}

int screen_run(struct model *model, const struct screen_options *options, struct ration_error *reterr)
{
	struct screen screen = {
		.model = model,
		.verdicts = options->verdicts,
		.view = options->view,
		.interval_usec = options->interval_usec,
		.utf8 = !options->ascii && strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
	SCREEN *terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? newterm(NULL, stdout, stdin) : NULL;
	const char *name = getenv("TERM");
	int r;

	if (!terminal) {
		(void)error_set(reterr, -ENOTTY, RATION_CAUSE_INVALID, isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ?
				"the terminal \"%.60s\" isn't known (TERM)" : "not on a terminal", name ? name : "");
		return error_hint(reterr, -ENOTTY, "ration top --once prints one table, --json one document");
	}
	screen.table = (struct table){ .model = model, .machine = &screen.machine, .view = &screen.view, .nspace = options->nspace,
		.verdicts = options->verdicts };
	set_up(options);
	r = loop(&screen, reterr);
	(void)endwin();
	delscreen(terminal);
	rows_done(&screen.rows);
	return r;
}
