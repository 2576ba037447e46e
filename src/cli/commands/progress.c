/* SPDX-License-Identifier: MIT */
/*
 * progress.c - one line at the bottom of a terminal that says how far a run is
 *
 * The command writes to the same terminal, whenever it likes, and we can't know where it is in a line. So the last row
 * is taken out of the region that scrolls, as apt(8) does: what the command writes moves above it, and nothing of it is
 * written over. A program that has the whole screen (an editor) sets the terminal to read each key: then nothing is
 * drawn, and the region is made anew afterwards.
 */
#include "cli/commands/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/output/output.h"
#include "cli/records/recording.h"
#include "cli/say.h"
#include "util/buffer.h"
#include "util/cleanup.h"
#include "util/clock.h"

/* At most four times a second. */
#define INTERVAL_USEC 250000

#define ROWS_MIN 4
#define COLUMNS_MIN 20
#define BAR_COLUMNS 10
/* At the end the terminal gets this long to take it. */
#define END_USEC 200000

enum { CPU, MEMORY, TASKS, METRICS };
static const enum ration_metric metrics[METRICS] = {
	RATION_METRIC_CPU_USEC, RATION_METRIC_MEMORY_CURRENT_BYTES, RATION_METRIC_PIDS_CURRENT,
};

static void write_terminal(struct buffer *text, uint64_t wait_usec)
{
	CLEANUP(freep) char *bytes = buffer_take(text);

	if (bytes)
		(void)say_to(STDERR_FILENO, bytes, strlen(bytes), &wait_usec);
}

static uint64_t limit_of(const struct ration_plan *plan, enum ration_limit limit)
{
	const struct ration_plan_item *item = plan_item(plan, limit);

	return item && item->mechanism != RATION_MECHANISM_NONE ? item->in_force : RATION_UNLIMITED;
}

void progress_begin(struct progress *progress, const struct ration_host *host, const struct ration_plan *plan,
		const char *address, bool foreground)
{
	const struct ration_sampler_options options = {
		.size = sizeof(options),
		.address = address,
		.metrics = metrics,
		.n_metrics = METRICS,
	};
	const char *terminal = getenv("TERM");
	struct ration_error ignored;

	if (!isatty(STDERR_FILENO) || !terminal || !*terminal || strcmp(terminal, "dumb") == 0)
		return;
	if (ration_sampler_new(host, &options, &progress->sampler, &ignored) < 0)
		progress->sampler = NULL;
	progress->wanted = true;
	progress->foreground = foreground;
	progress->begun_usec = clock_usec(CLOCK_MONOTONIC);
	/* A command that is over at once needs no line. */
	progress->due_usec = progress->begun_usec + INTERVAL_USEC;
	progress->timeout_usec = limit_of(plan, RATION_LIMIT_TIMEOUT);
	progress->cpu_time_usec = limit_of(plan, RATION_LIMIT_CPU_TIME);
	progress->memory_bytes = limit_of(plan, RATION_LIMIT_MEMORY);
}

uint64_t progress_due_usec(const struct progress *progress)
{
	return progress->wanted ? progress->due_usec : UINT64_MAX;
}

/* ------------------------------------------------------------------ terminal */

/* Whether it is ours to write to: nobody has the whole screen, and no other job is in the foreground. */
static bool may_draw(const struct progress *progress)
{
	struct termios mode;

	if (tcgetattr(STDERR_FILENO, &mode) < 0 || !(mode.c_lflag & ICANON))
		return false;
	return progress->foreground || tcgetpgrp(STDERR_FILENO) == getpgrp();
}

/* The cursor goes to the upper left when the region changes, and back then. */
static void put_region(struct buffer *text, unsigned rows)
{
	if (rows > 0)
		buffer_printf(text, "\n\0337\033[1;%ur\0338\033[1A", rows - 1);
	else
		buffer_put(text, "\0337\033[r\0338");
}

/* Takes the last row out of what scrolls, of a terminal that may have another size now. */
static bool take_row(struct progress *progress, struct buffer *text)
{
	struct winsize window;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) < 0)
		return false;
	if (progress->rows == window.ws_row && progress->columns == window.ws_col && progress->rows > 0)
		return true;
	if (progress->rows > 0)
		put_region(text, 0);
	/* The content of the last row has moved with the text. */
	if (progress->rows > 0 && progress->rows < window.ws_row)
		buffer_printf(text, "\0337\033[%u;1H\033[2K\0338", progress->rows);
	progress->rows = window.ws_row < ROWS_MIN || window.ws_col < COLUMNS_MIN ? 0 : window.ws_row;
	progress->columns = window.ws_col;
	if (progress->rows > 0)
		put_region(text, progress->rows);
	return progress->rows > 0;
}

/* ---------------------------------------------------------------------- line */

static bool has_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return strstr(value, "UTF-8") || strstr(value, "utf8") || strstr(value, "UTF8");
	}
	return false;
}

/* Adds a part, if there is room for it. */
static void put_part(struct buffer *line, unsigned *room, const char *part, unsigned columns)
{
	unsigned gap = line->length > 0 ? 2 : 0;

	if (columns + gap > *room) {
		*room = 0;
		return;
	}
	*room -= columns + gap;
	buffer_put(line, gap ? "  " : "");
	buffer_put(line, part);
}

/* "memory [####------] 34 MiB/64 MiB"; without a limit "memory 34 MiB". */
static void put_bar(struct buffer *line, unsigned *room, const char *label, const char *used, const char *limit, uint64_t value,
		uint64_t most)
{
	CLEANUP(buffer_done) struct buffer part = { .text = NULL };
	const char *no_color = getenv("NO_COLOR");
	bool utf8 = has_utf8(), plain = no_color && *no_color;
	double share = most > 0 ? (double)value / (double)most : 1;
	unsigned columns = (unsigned)(strlen(label) + 1 + strlen(used));

	buffer_printf(&part, "%s ", label);
	if (most != RATION_UNLIMITED) {
		buffer_put(&part, plain || share < .8 ? "[" : share < .95 ? "[\033[33m" : "[\033[31m");
		for (unsigned i = 0; i < BAR_COLUMNS; i++)
			buffer_put(&part, i < share * BAR_COLUMNS ? (utf8 ? "█" : "#") : (utf8 ? "░" : "-"));
		buffer_put(&part, plain || share < .8 ? "] " : "\033[0m] ");
		columns += BAR_COLUMNS + 3;
	}
	buffer_put(&part, used);
	if (most != RATION_UNLIMITED) {
		buffer_printf(&part, "/%s", limit);
		columns += (unsigned)strlen(limit) + 1;
	}
	if (!part.failed)
		put_part(line, room, part.text, columns);
}

static void put_time(struct buffer *line, unsigned *room, const char *label, uint64_t usec, uint64_t most)
{
	char used[RATION_TEXT_MAX], limit[RATION_TEXT_MAX];

	(void)snprintf(used, sizeof(used), "%" PRIu64 ".%" PRIu64 " s", usec / 1000000, usec / 100000 % 10);
	put_bar(line, room, label, used, ration_format_duration(limit, most), usec, most);
}

static void put_figures(struct progress *progress, struct buffer *line, unsigned *room, uint64_t now_usec)
{
	uint64_t value[METRICS] = { RATION_UNKNOWN, RATION_UNKNOWN, RATION_UNKNOWN };
	char text[64], used[RATION_TEXT_MAX], limit[RATION_TEXT_MAX];
	struct ration_error ignored;

	if (!progress->sampler || ration_sampler_read(progress->sampler, value, METRICS, NULL, &ignored) != 0 ||
			ration_sampler_count(progress->sampler) == 0)
		return;
	if (value[CPU] != RATION_UNKNOWN && progress->cpu_time_usec != RATION_UNLIMITED)
		put_time(line, room, "CPU time", value[CPU], progress->cpu_time_usec);
	if (value[CPU] != RATION_UNKNOWN && progress->cpu_at_usec > 0 && now_usec > progress->cpu_at_usec) {
		(void)snprintf(text, sizeof(text), "CPUs %.2f",
				(double)(value[CPU] - progress->cpu_usec) / (double)(now_usec - progress->cpu_at_usec));
		put_part(line, room, text, (unsigned)strlen(text));
	}
	progress->cpu_usec = value[CPU];
	progress->cpu_at_usec = value[CPU] != RATION_UNKNOWN ? now_usec : 0;
	if (value[MEMORY] != RATION_UNKNOWN)
		put_bar(line, room, "memory", ration_format_size(used, value[MEMORY]),
				ration_format_size(limit, progress->memory_bytes), value[MEMORY], progress->memory_bytes);
	if (value[TASKS] != RATION_UNKNOWN) {
		(void)snprintf(text, sizeof(text), "%" PRIu64 " task%s", value[TASKS], value[TASKS] == 1 ? "" : "s");
		put_part(line, room, text, (unsigned)strlen(text));
	}
}

void progress_look(struct progress *progress, uint64_t now_usec)
{
	CLEANUP(buffer_done) struct buffer text = { .text = NULL };
	CLEANUP(buffer_done) struct buffer line = { .text = NULL };
	unsigned room;

	if (!progress->wanted || now_usec < progress->due_usec)
		return;
	progress->due_usec = now_usec + INTERVAL_USEC;
	if (!may_draw(progress)) {
		/* A program that takes over the screen sets it up itself, and leaves it without a scroll region. */
		progress->rows = 0;
		return;
	}
	if (take_row(progress, &text)) {
		/* Nothing is written into the last column, from where some terminals go on to the next row. */
		room = progress->columns - 1;
		put_time(&line, &room, "time", now_usec - progress->begun_usec, progress->timeout_usec);
		put_figures(progress, &line, &room, now_usec);
		buffer_printf(&text, "\0337\033[%u;1H\033[2K%s\0338", progress->rows, line.failed || !line.text ? "" : line.text);
	}
	write_terminal(&text, 0);
}

void progress_pause(struct progress *progress)
{
	CLEANUP(buffer_done) struct buffer text = { .text = NULL };

	if (progress->rows > 0) {
		put_region(&text, 0);
		buffer_printf(&text, "\0337\033[%u;1H\033[2K\0338", progress->rows);
		write_terminal(&text, END_USEC);
	}
	progress->rows = 0;
}

void progress_end(struct progress *progress)
{
	progress_pause(progress);
	progress->wanted = false;
	progress->sampler = ration_sampler_free(progress->sampler);
}
