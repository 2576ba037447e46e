/* SPDX-License-Identifier: MIT */
/*
 * main.c - ration-top, the live view of tenants and groups
 *
 * Usage: ration-top [OPTION=VALUE...]    by `ration top` alone
 *
 * The command has read its options and executes this program with them. It is one of its own, for it takes
 * libraries that a static command is better without.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "helpers/top/once.h"
#include "helpers/top/screen.h"
#include "helpers/words.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/parse.h"

/* As `ration` itself. */
#define EXIT_RATION 125

#define INTERVAL_USEC 1000000
/* Of a table that goes to no terminal. */
#define WIDTH 160

struct settings {
	const char *base, *nspace, *parent, *no_create;
	const char *once, *json, *ascii; /* NULL: it isn't wanted */
	const char *interval;            /* in microseconds */
	const char *sort, *filter, *tenant, *journal;
	const char *width;
};

static const struct word words[] = {
	{ "--base", offsetof(struct settings, base) },
	{ "--namespace", offsetof(struct settings, nspace) },
	{ "--parent", offsetof(struct settings, parent) },
	{ "--no-create", offsetof(struct settings, no_create) },
	{ "--once", offsetof(struct settings, once) },
	{ "--json", offsetof(struct settings, json) },
	{ "--ascii", offsetof(struct settings, ascii) },
	{ "--interval", offsetof(struct settings, interval) },
	{ "--sort", offsetof(struct settings, sort) },
	{ "--filter", offsetof(struct settings, filter) },
	{ "--tenant", offsetof(struct settings, tenant) },
	{ "--journal", offsetof(struct settings, journal) },
	{ "--width", offsetof(struct settings, width) },
};

static uint64_t number_or(const char *text, uint64_t otherwise)
{
	uint64_t number;

	return text && parse_count(text, &number) == 0 && number > 0 ? number : otherwise;
}

static int width_of(const struct settings *settings)
{
	struct winsize size;

	if (settings->width)
		return (int)number_or(settings->width, WIDTH);
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : WIDTH;
}

/* Three files of each group are kept open. */
static void allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int show(const struct settings *settings, struct model *model, struct verdicts *verdicts,
		struct ration_error *reterr)
{
	const char *no_color = getenv("NO_COLOR");
	struct screen_options options = {
		.interval_usec = number_or(settings->interval, INTERVAL_USEC),
		.ascii = settings->ascii != NULL,
		.no_color = no_color && no_color[0],
		.nspace = settings->nspace ? settings->nspace : "ration",
	};

	options.view.order = settings->once || settings->json ? ROWS_BY_NAME : ROWS_BY_CPU;
	if (settings->sort && !rows_find_order(settings->sort, &options.view.order))
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "--sort %.20s: expected name, cpu, memory or tasks", settings->sort);
	(void)snprintf(options.view.filter, sizeof(options.view.filter), "%s", settings->filter ? settings->filter : "");
	options.verdicts = verdicts;
	if (settings->json)
		return once_print_json(model, &options, settings->once == NULL, reterr);
	if (settings->once)
		return once_print(model, &options, width_of(settings), reterr);
	return screen_run(model, &options, reterr);
}

static int run(const struct settings *settings, struct ration_error *reterr)
{
	const struct ration_host_options where = {
		.size = sizeof(where),
		.base = settings->base,
		.nspace = settings->nspace,
		.parent = settings->parent,
		.no_create = settings->no_create != NULL,
		.helpers = "",
	};
	struct ration_host *host = NULL;
	struct verdicts verdicts = { .on = false };
	struct model model;
	int r = ration_host_open(&where, &host, reterr);

	if (r < 0)
		return r;
	r = model_open(&model, host, settings->tenant, reterr);
	if (r >= 0)
		r = verdicts_begin(&verdicts, settings->journal, reterr);
	if (r >= 0)
		r = show(settings, &model, &verdicts, reterr);
	verdicts_done(&verdicts);
	model_close(&model);
	return r;
}

int main(int argc, char **argv)
{
	struct settings settings = { .base = NULL };
	struct ration_error error;

	(void)argc;
	if (words_take(&settings, words, ARRAY_SIZE(words), argv) < 0) {
		(void)fprintf(stderr, "ration-top: internal program of ration, see ration-top(1)\n");
		return 2;
	}
	(void)setlocale(LC_CTYPE, "");
	allow_files();
	if (run(&settings, &error) >= 0)
		return 0;
	(void)fprintf(stderr, "ration top: %s\n%s%s%s", error.message, error.hint[0] ? "  hint: " : "", error.hint,
			error.hint[0] ? "\n" : "");
	return EXIT_RATION;
}
