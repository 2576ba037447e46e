/* SPDX-License-Identifier: MIT */
/*
 * totals.c - totals over the runs of a journal
 *
 * Label values are only words of the library's tables and valid names of tenants, because a line can contain
 * anything.
 */
#include "helpers/metrics/totals.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/names.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/clock.h"

static const enum ration_verdict verdicts[] = {
	RATION_VERDICT_OK,
	RATION_VERDICT_EXIT,
	RATION_VERDICT_SIGNAL,
	RATION_VERDICT_MEMORY,
	RATION_VERDICT_MEMORY_EXTERNAL,
	RATION_VERDICT_MEMORY_STALL,
	RATION_VERDICT_CPU_TIME,
	RATION_VERDICT_CPU_TIME_SOFT,
	RATION_VERDICT_PIDS,
	RATION_VERDICT_WALL_TIME,
	RATION_VERDICT_OUTPUT,
	RATION_VERDICT_INTERRUPTED,
	RATION_VERDICT_NOT_STARTED,
	RATION_VERDICT_INTERNAL,
};
#define N_VERDICTS ARRAY_SIZE(verdicts)

static const enum ration_mechanism mechanisms[] = {
	RATION_MECHANISM_NONE,
	RATION_MECHANISM_CGROUP2,
	RATION_MECHANISM_CGROUP1,
	RATION_MECHANISM_RLIMIT,
	RATION_MECHANISM_AFFINITY,
	RATION_MECHANISM_NICE,
	RATION_MECHANISM_WATCH,
};
#define N_MECHANISMS ARRAY_SIZE(mechanisms)

/* The upper ends of the buckets, and how they are written. */
static const struct bucket {
	uint64_t usec;
	const char *text;
} buckets[] = {
	{ 1000, "0.001" }, { 2500, "0.0025" }, { 5000, "0.005" },
	{ 10000, "0.01" }, { 25000, "0.025" }, { 50000, "0.05" },
	{ 100000, "0.1" }, { 250000, "0.25" }, { 500000, "0.5" },
	{ 1000000, "1.0" }, { 2500000, "2.5" }, { 5000000, "5.0" },
	{ 10000000, "10.0" }, { 30000000, "30.0" }, { 60000000, "60.0" },
	{ 300000000, "300.0" }, { 1800000000, "1800.0" }, { UINT64_C(3600000000), "3600.0" },
	{ UINT64_MAX, "+Inf" },
};
#define N_BUCKETS ARRAY_SIZE(buckets)

struct tenant {
	char name[RATION_NAME_MAX + 1]; /* "": of those that have none, or are too many */
	uint64_t runs[N_VERDICTS];
	uint64_t bucket[N_BUCKETS];     /* each without those below it */
	uint64_t n_durations, usec;
};

/* Limits that have been enforced by something weaker, or not at all. */
struct fallback {
	const struct ration_limit_info *info;
	uint64_t n[N_MECHANISMS];
};

struct totals {
	uint64_t began_usec; /* since the epoch; 0: nothing has been counted */
	struct tenant **tenant; /* sorted */
	size_t n_tenants, room;
	struct fallback *fallback;
	size_t n_fallbacks;
};

struct totals *totals_new(void)
{
	struct totals *totals = calloc(1, sizeof(*totals));

	while (totals && ration_limit_at(totals->n_fallbacks))
		totals->n_fallbacks++;
	if (totals)
		totals->fallback = calloc(totals->n_fallbacks, sizeof(*totals->fallback));
	if (!totals || !totals->fallback)
		return totals_free(totals);
	for (size_t i = 0; i < totals->n_fallbacks; i++)
		totals->fallback[i].info = ration_limit_at(i);
	return totals;
}

struct totals *totals_free(struct totals *totals)
{
	if (totals) {
		for (size_t i = 0; i < totals->n_tenants; i++)
			free(totals->tenant[i]);
		free(totals->tenant);
		free(totals->fallback);
		free(totals);
	}
	return NULL;
}

/* ----------------------------------------------------------------- tenants */

/* Where a tenant stands, or would. */
static size_t place_of(const struct totals *totals, const char *name)
{
	size_t low = 0, high = totals->n_tenants;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(totals->tenant[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct totals *totals, size_t i, const char *name)
{
	return i < totals->n_tenants && strcmp(totals->tenant[i]->name, name) == 0;
}

static struct tenant *insert(struct totals *totals, size_t at, const char *name)
{
	struct tenant **list = array_grow(totals->tenant, totals->n_tenants, &totals->room, sizeof(*list));
	struct tenant *tenant = calloc(1, sizeof(*tenant));

	if (list)
		totals->tenant = list;
	if (!tenant || !list) {
		free(tenant);
		return NULL;
	}
	(void)snprintf(tenant->name, sizeof(tenant->name), "%s", name);
	memmove(totals->tenant + at + 1, totals->tenant + at, (totals->n_tenants - at) * sizeof(*totals->tenant));
	totals->tenant[at] = tenant;
	totals->n_tenants++;
	return tenant;
}

/* NULL: no memory. */
static struct tenant *find_tenant(struct totals *totals, const char *name, struct metrics_errors *errors)
{
	size_t at = place_of(totals, name);

	if (!is_at(totals, at, name) && totals->n_tenants >= TOTALS_TENANTS_MAX) {
		/* Those that there is no room for are one, without a name. */
		errors->n[METRICS_ERROR_TENANTS] += *name != '\0';
		name = "";
		at = place_of(totals, name);
	}
	return is_at(totals, at, name) ? totals->tenant[at] : insert(totals, at, name);
}

/* ------------------------------------------------------------------- lines */

/* What a line says. */
struct line {
	char tenant[RATION_NAME_MAX + 1];
	size_t verdict;
	bool has_wall;
	uint64_t wall_usec, began_usec;
	json_t *limits; /* borrowed */
};

static int take_verdict(const char *word, size_t *ret_verdict)
{
	for (size_t i = 0; word && i < N_VERDICTS; i++) {
		if (strcmp(ration_verdict_name(verdicts[i]), word) == 0) {
			*ret_verdict = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* A run that has no group belongs to nobody. */
static int take_tenant(const json_t *group, char tenant[RATION_NAME_MAX + 1])
{
	char name[RATION_NAME_MAX + 1];

	tenant[0] = '\0';
	if (!group)
		return 0;
	return json_is_string(group) ? names_parse(json_string_value(group), tenant, name, NULL) : -EINVAL;
}

/* "2026-11-26T20:03:25.786545Z". 0: it isn't known. */
static uint64_t time_usec(const char *text)
{
	struct tm at = { .tm_sec = 0 };
	unsigned usec = 0;
	time_t seconds;

	if (!text || sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%6uZ", &at.tm_year, &at.tm_mon, &at.tm_mday, &at.tm_hour, &at.tm_min,
			&at.tm_sec, &usec) != 7)
		return 0;
	at.tm_year -= 1900;
	at.tm_mon--;
	seconds = timegm(&at);
	return seconds > 0 ? (uint64_t)seconds * 1000000 + usec : 0;
}

static int take_line(const json_t *receipt, struct line *line)
{
	const json_t *wall = json_object_get(json_object_get(receipt, "usage"), "wall_usec");

	*line = (struct line) { .limits = json_object_get(receipt, "limits") };
	if (json_integer_value(json_object_get(receipt, "schema")) != 1 ||
			take_verdict(json_string_value(json_object_get(receipt, "verdict")), &line->verdict) < 0 ||
			take_tenant(json_object_get(receipt, "group"), line->tenant) < 0)
		return -EINVAL;
	if (wall && (!json_is_integer(wall) || json_integer_value(wall) < 0))
		return -EINVAL;
	line->has_wall = wall != NULL;
	line->wall_usec = (uint64_t)json_integer_value(wall);
	line->began_usec = time_usec(json_string_value(json_object_get(json_object_get(receipt, "started"), "time")));
	return 0;
}

/* ---------------------------------------------------------------- counting */

static struct fallback *find_limit(struct totals *totals, const char *name)
{
	for (size_t i = 0; name && i < totals->n_fallbacks; i++) {
		if (strcmp(totals->fallback[i].info->name, name) == 0)
			return &totals->fallback[i];
	}
	return NULL;
}

/* cgroup v1 holds a whole group as well. */
static bool is_weaker(const struct ration_limit_info *info, enum ration_mechanism mechanism)
{
	return mechanism != info->mechanisms[0] && mechanism != RATION_MECHANISM_CGROUP1;
}

/* Those that were asked for: what follows from them isn't counted. */
static void count_fallbacks(struct totals *totals, const json_t *limits)
{
	size_t i;
	json_t *limit;

	json_array_foreach(limits, i, limit) {
		struct fallback *at = find_limit(totals, json_string_value(json_object_get(limit, "limit")));
		const char *word = json_string_value(json_object_get(limit, "mechanism"));

		for (size_t m = 0; at && word && m < N_MECHANISMS; m++) {
			if (strcmp(ration_mechanism_name(mechanisms[m]), word) == 0 && is_weaker(at->info, mechanisms[m]) &&
					!json_is_true(json_object_get(limit, "implied")))
				at->n[m]++;
		}
	}
}

static int count(struct totals *totals, const struct line *line, struct metrics_errors *errors)
{
	struct tenant *tenant = find_tenant(totals, line->tenant, errors);
	uint64_t now_usec = clock_usec(CLOCK_REALTIME);
	size_t i = 0;

	if (!tenant)
		return -ENOMEM;
	if (totals->began_usec == 0)
		totals->began_usec = line->began_usec > 0 && line->began_usec < now_usec ? line->began_usec : now_usec;
	tenant->runs[line->verdict]++;
	count_fallbacks(totals, line->limits);
	if (!line->has_wall)
		return 0;
	while (line->wall_usec > buckets[i].usec)
		i++;
	tenant->bucket[i]++;
	tenant->n_durations++;
	/* A line can say what it likes, but a counter doesn't go back. */
	tenant->usec = line->wall_usec < UINT64_MAX - tenant->usec ? tenant->usec + line->wall_usec : UINT64_MAX;
	return 0;
}

void totals_add(struct totals *totals, const char *text, size_t length, struct metrics_errors *errors)
{
	json_t *receipt = text ? json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL) : NULL;
	struct line line;

	if (!receipt || take_line(receipt, &line) < 0 || count(totals, &line, errors) < 0)
		errors->n[METRICS_ERROR_LINE]++;
	json_decref(receipt);
}

/* ----------------------------------------------------------------- telling */

static void tell_runs(const struct totals *totals, const struct tenant *tenant, struct exposition *exposition)
{
	for (size_t i = 0; i < N_VERDICTS; i++) {
		const struct label labels[] = {
			{ "tenant", tenant->name },
			{ "verdict", ration_verdict_name(verdicts[i]) },
			{ NULL, NULL },
		};

		if (tenant->runs[i] == 0)
			continue;
		exposition_add(exposition, FAMILY_RUNS, labels, tenant->runs[i], DECIMALS_NONE);
		exposition_created(exposition, FAMILY_RUNS, labels, totals->began_usec);
	}
}

static void tell_durations(const struct totals *totals, const struct tenant *tenant, struct exposition *exposition)
{
	const struct label labels[] = { { "tenant", tenant->name }, { NULL, NULL } };
	uint64_t n = 0;

	if (tenant->n_durations == 0)
		return;
	for (size_t i = 0; i < N_BUCKETS; i++) {
		const struct label with_end[] = { { "tenant", tenant->name }, { "le", buckets[i].text }, { NULL, NULL } };

		n += tenant->bucket[i];
		exposition_part(exposition, FAMILY_RUN_DURATION, "_bucket", with_end, n, DECIMALS_NONE);
	}
	exposition_part(exposition, FAMILY_RUN_DURATION, "_sum", labels, tenant->usec, DECIMALS_USEC);
	exposition_part(exposition, FAMILY_RUN_DURATION, "_count", labels, tenant->n_durations, DECIMALS_NONE);
	exposition_created(exposition, FAMILY_RUN_DURATION, labels, totals->began_usec);
}

static void tell_fallbacks(const struct totals *totals, const struct fallback *at, struct exposition *exposition)
{
	for (size_t i = 0; i < N_MECHANISMS; i++) {
		const struct label labels[] = {
			{ "limit", at->info->name },
			{ "mechanism", ration_mechanism_name(mechanisms[i]) },
			{ NULL, NULL },
		};

		if (at->n[i] == 0)
			continue;
		exposition_add(exposition, FAMILY_FALLBACK, labels, at->n[i], DECIMALS_NONE);
		exposition_created(exposition, FAMILY_FALLBACK, labels, totals->began_usec);
	}
}

void totals_tell(const struct totals *totals, struct exposition *exposition)
{
	for (size_t i = 0; i < totals->n_tenants; i++) {
		tell_runs(totals, totals->tenant[i], exposition);
		tell_durations(totals, totals->tenant[i], exposition);
	}
	for (size_t i = 0; i < totals->n_fallbacks; i++)
		tell_fallbacks(totals, &totals->fallback[i], exposition);
}
