/* SPDX-License-Identifier: MIT */
/*
 * main.c - ration-metrics, the metrics of groups and runs for Prometheus
 *
 * Usage: ration-metrics [OPTION=VALUE...]    by `ration metrics` alone
 *
 * The command has read its options and executes this program with them. It is one of its own, for it takes
 * libraries that a static command is better without.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "helpers/metrics/common.h"
#include "helpers/metrics/listen.h"
#include "helpers/metrics/scrape.h"
#include "helpers/metrics/serve.h"
#include "helpers/metrics/textfile.h"
#include "helpers/words.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/text.h"

#define TIMEOUT_USEC 10000000

struct settings {
	const char *base, *nspace, *parent;
	const char *no_create;
	const char *once;        /* NULL: it isn't wanted; so are all of these */
	const char *textfile, *listen;
	const char *openmetrics;
	const char *journal;
	const char *timeout, *interval; /* in microseconds */
};

static const struct word words[] = {
	{ "--base", offsetof(struct settings, base) },
	{ "--namespace", offsetof(struct settings, nspace) },
	{ "--parent", offsetof(struct settings, parent) },
	{ "--no-create", offsetof(struct settings, no_create) },
	{ "--once", offsetof(struct settings, once) },
	{ "--textfile", offsetof(struct settings, textfile) },
	{ "--interval", offsetof(struct settings, interval) },
	{ "--listen", offsetof(struct settings, listen) },
	{ "--openmetrics", offsetof(struct settings, openmetrics) },
	{ "--journal", offsetof(struct settings, journal) },
	{ "--timeout", offsetof(struct settings, timeout) },
};

static uint64_t number_or(const char *text, uint64_t otherwise)
{
	uint64_t number;

	return text && parse_count(text, &number) == 0 ? number : otherwise;
}

static int tell_once(struct scraper *scraper, const struct settings *settings, struct ration_error *reterr)
{
	CLEANUP(freep) char *text = NULL;
	size_t length;
	int r = scrape(scraper, settings->openmetrics != NULL, &text, &length, reterr);

	if (r < 0)
		return r;
	if (fwrite(text, 1, length, stdout) != length || fflush(stdout) != 0)
		return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't write to standard output: %s", error_text(-errno));
	return 0;
}

/* On the socket of systemd, or on one of ours. */
static int listen_and_serve(struct scraper *scraper, const struct settings *settings, struct ration_error *reterr)
{
	int fd = settings->listen ? listen_open(settings->listen, reterr) : listen_passed(reterr);
	char shown[LISTEN_SHOWN_MAX];

	if (fd < 0)
		return fd;
	(void)fprintf(stderr, "ration metrics: listening on %s\n", listen_show(fd, shown));
	return serve(scraper, fd, settings->openmetrics != NULL, reterr);
}

static int tell(struct scraper *scraper, const struct settings *settings, struct ration_error *reterr)
{
	if (settings->once)
		return tell_once(scraper, settings, reterr);
	common_block_signals();
	if (settings->textfile)
		return textfile_keep(scraper, settings->textfile, number_or(settings->interval, 0), reterr);
	if (settings->listen || listen_is_passed())
		return listen_and_serve(scraper, settings, reterr);
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "missing --once, --textfile or --listen");
	return error_hint(reterr, -EINVAL, "ration metrics --once prints the metrics");
}

int main(int argc, char **argv)
{
	struct settings settings = { .base = NULL };
	struct scraper scraper = { .began_usec = clock_usec(CLOCK_REALTIME) };
	struct ration_error error;
	int r = 0;

	(void)argc;
	if (words_take(&settings, words, ARRAY_SIZE(words), argv) < 0) {
		(void)fprintf(stderr, "ration-metrics: internal program of ration, see ration-metrics(1)\n");
		return 2;
	}
	scraper.timeout_usec = number_or(settings.timeout, TIMEOUT_USEC);
	scraper.host = (struct ration_host_options){
		.size = sizeof(scraper.host),
		.base = settings.base,
		.nspace = settings.nspace,
		.parent = settings.parent,
		.no_create = settings.no_create != NULL,
		.helpers = "",
	};
	if (settings.journal)
		r = scrape_follow(&scraper, settings.journal, &error);
	if (r >= 0)
		r = tell(&scraper, &settings, &error);
	scrape_done(&scraper);
	if (r < 0)
		common_complain(&error);
	return r < 0 ? COMMON_EXIT_FAILED : 0;
}
