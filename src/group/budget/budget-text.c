/* SPDX-License-Identifier: MIT */
/*
 * budget-text.c - a budget as text, and as numbers
 */
#include "group/budget/budget-text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/overflow.h"
#include "util/parse.h"
#include "util/text.h"

/* Hundredths of a percent in all of it. */
#define WHOLE_PCT100 10000

#define OVERCOMMIT_PCT_MAX 100000

static const char *const names[BUDGET_RESOURCES] = {
	[RATION_RESOURCE_RUNS] = "runs",
	[RATION_RESOURCE_MEMORY] = "memory",
	[RATION_RESOURCE_CPUS] = "cpus",
};

const char *ration_resource_name(enum ration_resource resource)
{
	return (size_t)resource < ARRAY_SIZE(names) ? names[resource] : "unknown";
}

bool budget_is_set(const struct budget *budget)
{
	for (size_t i = 0; i < BUDGET_RESOURCES; i++) {
		if (budget->part[i].set)
			return true;
	}
	return budget->has_pressure || budget->available_bytes > 0;
}

uint64_t budget_with_overcommit(uint64_t amount, uint32_t overcommit_pct)
{
	uint64_t product;

	if (multiply_u64(amount / 100, overcommit_pct, &product) < 0 ||
			add_u64(product, amount % 100 * overcommit_pct / 100, &product) < 0 || product > UINT64_MAX - 2)
		return UINT64_MAX - 2;
	return product;
}

const char *budget_amount(char buf[RATION_TEXT_MAX], enum ration_resource resource, uint64_t amount)
{
	switch (resource) {
	case RATION_RESOURCE_MEMORY:
		return ration_format_size(buf, amount);
	case RATION_RESOURCE_CPUS:
		(void)snprintf(buf, RATION_TEXT_MAX, "%" PRIu64 ".%02" PRIu64, amount / 100000, amount % 100000 / 1000);
		return buf;
	case RATION_RESOURCE_RUNS:
		break;
	}
	(void)snprintf(buf, RATION_TEXT_MAX, "%" PRIu64, amount);
	return buf;
}

/* ------------------------------------------------------------------ reading */

/* One "KEY=VALUE" of a budget. */
struct word {
	const char *flag;
	char key[TEXT_SHOWN_MAX], value[TEXT_SHOWN_MAX];
};

static int refuse(const struct word *word, int code, const char *why, const char *example, struct ration_error *reterr)
{
	char key[TEXT_SHOWN_MAX], value[TEXT_SHOWN_MAX];

	(void)error_set(reterr, code, RATION_CAUSE_INVALID, "%s %s=%s: %s", word->flag, text_show(key, sizeof(key), word->key),
			text_show(value, sizeof(value), word->value), why);
	return error_hint(reterr, code, "e.g. %s %s", word->flag, example);
}

/* Takes "x1.5" off the end of a value. */
static int take_overcommit(struct word *word, uint32_t *ret_pct, struct ration_error *reterr)
{
	char factor[TEXT_SHOWN_MAX + 1], *x = strchr(word->value, 'x');
	uint64_t cpus;

	*ret_pct = 100;
	if (!x)
		return 0;
	(void)snprintf(factor, sizeof(factor), "%s", x + 1);
	/* The same plain decimal numbers as of CPUs, in hundred-thousandths. */
	if (strchr(factor, '%') || parse_cpus(factor, &cpus) < 0 || cpus < 1000 || cpus / 1000 > OVERCOMMIT_PCT_MAX)
		return refuse(word, -EINVAL, "the overcommit factor behind x must be 0.01 to 1000", "memory=8Gx1.5", reterr);
	*ret_pct = (uint32_t)(cpus / 1000);
	*x = '\0';
	return 0;
}

static int take_memory(struct word *word, struct budget_part *part, struct ration_error *reterr)
{
	int r;

	part->share = strchr(word->value, '%') != NULL;
	r = part->share ? parse_percent(word->value, &part->amount) : parse_size(word->value, &part->amount);
	if (r == -ENOTUNIQ)
		return refuse(word, -EINVAL, "KB, MB and GB are ambiguous", "memory=8G", reterr);
	if (r < 0)
		return refuse(word, r, "not a size", "memory=8G or memory=90%", reterr);
	if (part->amount == 0 || (part->share && part->amount > WHOLE_PCT100))
		return refuse(word, -ERANGE, part->share ? "must be above 0 and at most 100%" : "must be above 0",
				"memory=8G or memory=90%", reterr);
	return 0;
}

static int take_cpus(struct word *word, struct budget_part *part, struct ration_error *reterr)
{
	int r = parse_cpus(word->value, &part->amount);

	if (r < 0)
		return refuse(word, r, "not a number of CPUs", "cpus=4", reterr);
	return part->amount > 0 ? 0 : refuse(word, -ERANGE, "must be above 0", "cpus=4", reterr);
}

static int take_runs(struct word *word, struct budget_part *part, struct ration_error *reterr)
{
	int r = parse_count(word->value, &part->amount);

	if (r < 0 || part->amount == 0)
		return refuse(word, r < 0 ? r : -ERANGE, "must be a number from 1 to 18446744073709551614", "runs=100", reterr);
	return 0;
}

static int take_resource(struct word *word, enum ration_resource resource, struct budget *budget,
		struct ration_error *reterr)
{
	struct budget_part part = { .set = true, .overcommit_pct = 100 };
	int r = resource == RATION_RESOURCE_RUNS ? 0 : take_overcommit(word, &part.overcommit_pct, reterr);

	if (r < 0)
		return r;
	switch (resource) {
	case RATION_RESOURCE_RUNS:
		r = take_runs(word, &part, reterr);
		break;
	case RATION_RESOURCE_MEMORY:
		r = take_memory(word, &part, reterr);
		break;
	case RATION_RESOURCE_CPUS:
		r = take_cpus(word, &part, reterr);
		break;
	}
	if (r == 0)
		budget->part[resource] = part;
	return r;
}

static int take_pressure(struct word *word, struct budget *budget, struct ration_error *reterr)
{
	uint64_t pct100;

	if (!strchr(word->value, '%') || parse_percent(word->value, &pct100) < 0 || pct100 > WHOLE_PCT100)
		return refuse(word, -EINVAL, "must be 0% to 100%", "pressure=10%", reterr);
	budget->has_pressure = true;
	budget->pressure_pct100 = pct100;
	return 0;
}

static int take_available(struct word *word, struct budget *budget, struct ration_error *reterr)
{
	int r = parse_size(word->value, &budget->available_bytes);

	return r < 0 ? refuse(word, r == -ENOTUNIQ ? -EINVAL : r, "not a size", "available=1G", reterr) : 0;
}

static int take_none(const struct word *word, struct budget *budget, struct ration_error *reterr)
{
	for (size_t i = 0; i < BUDGET_RESOURCES; i++) {
		if (strcmp(word->key, names[i]) == 0) {
			budget->part[i] = (struct budget_part) { .set = false };
			return 0;
		}
	}
	if (strcmp(word->key, "pressure") == 0) {
		budget->has_pressure = true;
		budget->pressure_pct100 = RATION_UNLIMITED;
	} else if (strcmp(word->key, "available") == 0) {
		budget->available_bytes = 0;
	} else {
		return refuse(word, -EINVAL, "no such resource", "memory=8G,cpus=4,runs=100", reterr);
	}
	return 0;
}

static int take_word(struct word *word, struct budget *budget, struct ration_error *reterr)
{
	if (strcmp(word->value, "none") == 0)
		return take_none(word, budget, reterr);
	for (size_t i = 0; i < BUDGET_RESOURCES; i++) {
		if (strcmp(word->key, names[i]) == 0)
			return take_resource(word, (enum ration_resource)i, budget, reterr);
	}
	if (strcmp(word->key, "pressure") == 0)
		return take_pressure(word, budget, reterr);
	if (strcmp(word->key, "available") == 0)
		return take_available(word, budget, reterr);
	return refuse(word, -EINVAL, "no such resource", "memory=8G,cpus=4,runs=100", reterr);
}

static int refuse_text(const char *flag, const char *text, const char *why, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];

	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %s: %s", flag, text_show(shown, sizeof(shown), text), why);
	return error_hint(reterr, -EINVAL, "e.g. %s memory=8G,cpus=4,runs=100, or %s none", flag, flag);
}

/* Whether `key` is among those of the words up to `end`. */
static bool given_before(const char *text, const char *end, const char *key)
{
	size_t length = strlen(key);

	while (text < end) {
		if (strncmp(text, key, length) == 0 && text[length] == '=')
			return true;
		text += strcspn(text, ",") + 1;
	}
	return false;
}

int budget_parse(const char *flag, const char *text, struct budget *budget, struct ration_error *reterr)
{
	struct budget changed = *budget;

	if (strcmp(text, "none") == 0) {
		*budget = BUDGET_NONE;
		return 0;
	}
	for (const char *at = text;; at++) {
		size_t length = strcspn(at, ","), key = strcspn(at, "=,");
		struct word word = { .flag = flag };
		int r;

		if (key == 0 || at[key] != '=' || key >= sizeof(word.key) || length - key > sizeof(word.value))
			return refuse_text(flag, text, "not a list of KEY=VALUE", reterr);
		(void)snprintf(word.key, sizeof(word.key), "%.*s", (int)key, at);
		(void)snprintf(word.value, sizeof(word.value), "%.*s", (int)(length - key - 1), at + key + 1);
		if (given_before(text, at, word.key))
			return refuse_text(flag, text, "a key is given twice", reterr);
		r = take_word(&word, &changed, reterr);
		if (r < 0)
			return r;
		at += length;
		if (!*at)
			break;
	}
	*budget = changed;
	return 0;
}

/* ------------------------------------------------------------------ writing */

/* Adds to the text; the longest number has 20 digits, so that all keys fit. */
static __attribute__((format(printf, 2, 3))) void add(char buf[BUDGET_TEXT_MAX], const char *format, ...)
{
	size_t used = strlen(buf);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(buf + used, BUDGET_TEXT_MAX - used, format, arguments);
	va_end(arguments);
}

static void add_key(char *buf, const char *key)
{
	add(buf, "%s%s=", buf[0] ? "," : "", key);
}

/* A decimal number with as many places behind the point as it takes. */
static void add_decimal(char *buf, uint64_t value, uint64_t unit)
{
	uint64_t rest = value % unit;

	add(buf, "%" PRIu64, value / unit);
	if (rest > 0)
		add(buf, ".");
	for (; rest > 0; rest = rest * 10 % unit)
		add(buf, "%" PRIu64, rest * 10 / unit);
}

/* By the largest unit that leaves nothing. */
static void add_size(char *buf, uint64_t bytes)
{
	static const char units[] = "KMGT";
	size_t i = 0;

	while (i < strlen(units) && bytes > 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		i++;
	}
	add(buf, "%" PRIu64 "%.*s", bytes, i > 0, &units[i > 0 ? i - 1 : 0]);
}

static void add_part(char *buf, enum ration_resource resource, const struct budget_part *part)
{
	add_key(buf, names[resource]);
	if (part->share) {
		add_decimal(buf, part->amount, 100);
		add(buf, "%%");
	} else if (resource == RATION_RESOURCE_CPUS) {
		add_decimal(buf, part->amount, 100000);
	} else if (resource == RATION_RESOURCE_MEMORY) {
		add_size(buf, part->amount);
	} else {
		add(buf, "%" PRIu64, part->amount);
	}
	if (part->overcommit_pct != 100) {
		add(buf, "x");
		add_decimal(buf, part->overcommit_pct, 100);
	}
}

const char *budget_format(char buf[BUDGET_TEXT_MAX], const struct budget *budget)
{
	buf[0] = '\0';
	for (size_t i = 0; i < BUDGET_RESOURCES; i++) {
		if (budget->part[i].set)
			add_part(buf, (enum ration_resource)i, &budget->part[i]);
	}
	if (budget->has_pressure)
		add_key(buf, "pressure");
	if (budget->has_pressure && budget->pressure_pct100 == RATION_UNLIMITED) {
		add(buf, "none");
	} else if (budget->has_pressure) {
		add_decimal(buf, budget->pressure_pct100, 100);
		add(buf, "%%");
	}
	if (budget->available_bytes > 0) {
		add_key(buf, "available");
		add_size(buf, budget->available_bytes);
	}
	return buf;
}

int ration_budget_check(const char *text, struct ration_error *reterr)
{
	struct budget budget = BUDGET_NONE;
	int r = error_check_null("text", text, reterr);

	return r < 0 ? r : budget_parse("--budget", text, &budget, reterr);
}
