/* SPDX-License-Identifier: MIT */
/*
 * scrape.c - one scrape: all metrics at one time
 */
#include "helpers/metrics/scrape.h"

#include <errno.h>

#include "helpers/metrics/exposition.h"
#include "helpers/metrics/groups.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

static const char *const reasons[METRICS_ERROR_COUNT] = {
	[METRICS_ERROR_GROUPS] = "groups",
	[METRICS_ERROR_GROUP] = "group",
	[METRICS_ERROR_JOURNAL] = "journal",
	[METRICS_ERROR_LINE] = "line",
	[METRICS_ERROR_TENANTS] = "tenants",
	[METRICS_ERROR_TIMEOUT] = "timeout",
};

static void tell_errors(const struct scraper *scraper, struct exposition *exposition)
{
	for (size_t i = 0; i < METRICS_ERROR_COUNT; i++) {
		const struct label labels[] = { { "reason", reasons[i] }, { NULL, NULL } };

		exposition_add(exposition, FAMILY_SCRAPE_ERRORS, labels, scraper->errors.n[i], DECIMALS_NONE);
		exposition_created(exposition, FAMILY_SCRAPE_ERRORS, labels, scraper->began_usec);
	}
}

static void add_line(void *data, const char *text, size_t length)
{
	struct scraper *scraper = data;

	totals_add(scraper->totals, text, length, &scraper->errors);
}

static void note_loss(void *data)
{
	struct scraper *scraper = data;

	scraper->errors.n[METRICS_ERROR_JOURNAL]++;
}

int scrape_follow(struct scraper *scraper, const char *path, struct ration_error *reterr)
{
	int r;

	scraper->follow.line = add_line;
	scraper->follow.lost = note_loss;
	scraper->follow.data = scraper;
	scraper->totals = totals_new();
	if (!scraper->totals)
		return error_oom(reterr);
	r = follow_begin(&scraper->follow, path, reterr);
	/* Only whether it can be read. */
	return r < 0 ? r : follow_look(&scraper->follow, 0, reterr);
}

int scrape_look(struct scraper *scraper, uint64_t until_usec)
{
	int r = scraper->totals ? follow_look(&scraper->follow, until_usec, NULL) : 0;

	if (r < 0)
		note_loss(scraper);
	return r;
}

void scrape_done(struct scraper *scraper)
{
	if (scraper->totals)
		follow_done(&scraper->follow);
	scraper->totals = totals_free(scraper->totals);
}

/* What can't be read any more has been counted, and what was read stays. */
static int tell_totals(struct scraper *scraper, uint64_t until_usec, struct exposition *exposition, struct ration_error *reterr)
{
	if (scrape_look(scraper, until_usec) > 0)
		return error_set(reterr, -ETIMEDOUT, RATION_CAUSE_UNKNOWN, "to read the journal took too long");
	if (scraper->totals)
		totals_tell(scraper->totals, exposition);
	return 0;
}

static int tell(struct scraper *scraper, struct exposition *exposition, struct ration_error *reterr)
{
	uint64_t until_usec = sys_now_usec() + scraper->timeout_usec;
	struct ration_host *host = NULL;
	int r = tell_totals(scraper, until_usec, exposition, reterr);

	if (r >= 0)
		r = ration_host_open(&scraper->host, &host, reterr);
	if (r >= 0)
		r = groups_tell(host, until_usec, exposition, &scraper->errors, reterr);
	host = ration_host_free(host);
	if (r == -ETIMEDOUT)
		scraper->errors.n[METRICS_ERROR_TIMEOUT]++;
	if (r >= 0)
		tell_errors(scraper, exposition);
	return r;
}

int scrape(struct scraper *scraper, bool openmetrics, char **ret_text, size_t *ret_length, struct ration_error *reterr)
{
	CLEANUP(exposition_done) struct exposition exposition = { .openmetrics = openmetrics };
	int r = tell(scraper, &exposition, reterr);

	if (r < 0)
		return r;
	*ret_text = exposition_take(&exposition, ret_length);
	return *ret_text ? 0 : error_oom(reterr);
}
