/* SPDX-License-Identifier: MIT */
/*
 * parse.c - numbers with units, read exactly and without a locale
 *
 * strtod() takes the decimal point from the locale, accepts blanks, signs, hex,
 * "inf" and "nan", and rounds 1e-10000 to a zero that would switch a timeout
 * off. So this is school arithmetic on the decimal digits instead, exact for
 * any number of them:
 *
 *   - what is before the point is collected from the left, times the unit;
 *   - what is behind the point comes from the right, digit × unit + carry,
 *     divided by 10, remembering whether anything was ever left over.
 *
 * The largest unit is a week, 6.05e11, or 2^40: one digit times it always fits.
 * A result that doesn't fit stays at UINT64_MAX, and callers decide.
 */
#include "util/parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/compat.h"
#include "util/overflow.h"

/* In microseconds. */
#define SECOND UINT64_C(1000000)
#define DAY (86400 * SECOND)

/* Far more than matters, far less than int64_t: no sum below overflows. */
#define EXPONENT_MAX 1000000000

struct decimal {
	const char *text;
	size_t n_whole;    /* digits before the point */
	size_t n_fraction; /* and behind it */
	bool pointed;      /* there is a point */
	int64_t exponent;
};

struct unit {
	const char *name; /* in lower case */
	uint64_t factor;
};

static size_t count_digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* Reads "e-9" at `text` if it is there. Returns what is behind it. */
static const char *read_exponent(const char *text, int64_t *ret_exponent)
{
	const char *p = text + 1;
	bool negative = *text && *p == '-';
	int64_t exponent = 0;
	size_t n;

	if (*text != 'e' && *text != 'E')
		return text;
	if (*p == '+' || *p == '-')
		p++;
	n = count_digits(p);
	if (n == 0)
		return text;
	for (; n > 0; n--, p++) {
		if (exponent < EXPONENT_MAX)
			exponent = exponent * 10 + (*p - '0');
	}
	*ret_exponent = negative ? -exponent : exponent;
	return p;
}

/* Reads digits with at most one point among them. Returns what is behind them, NULL if there are none. */
static const char *read_decimal(const char *text, struct decimal *ret_decimal)
{
	struct decimal d = { .text = text, .n_whole = count_digits(text) };
	const char *end = text + d.n_whole;

	if (*end == '.') {
		d.pointed = true;
		d.n_fraction = count_digits(end + 1);
		end += 1 + d.n_fraction;
	}
	if (d.n_whole + d.n_fraction == 0)
		return NULL;
	*ret_decimal = d;
	return end;
}

static unsigned digit_at(const struct decimal *d, size_t i)
{
	return (unsigned)(d->text[i < d->n_whole ? i : i + 1] - '0');
}

/* value × 10 + addend, or UINT64_MAX. */
static uint64_t shift_in(uint64_t value, uint64_t addend)
{
	if (multiply_u64(value, 10, &value) < 0 || add_u64(value, addend, &value) < 0)
		return UINT64_MAX;
	return value;
}

/* Returns the decimal times `factor`, cut to a whole number; `ret_cut` says whether anything fell off. */
static uint64_t scale_decimal(const struct decimal *d, uint64_t factor, bool *ret_cut)
{
	int64_t n = (int64_t)(d->n_whole + d->n_fraction);
	int64_t point = (int64_t)d->n_whole + d->exponent;
	uint64_t whole = 0, carry = 0;
	bool cut = false;

	for (int64_t i = 0; i < n && i < point; i++)
		whole = shift_in(whole, digit_at(d, (size_t)i) * factor);
	for (int64_t i = n; i < point && whole != 0 && whole != UINT64_MAX; i++)
		whole = shift_in(whole, 0);

	for (int64_t i = n; i > 0 && i > point; i--) {
		carry += digit_at(d, (size_t)i - 1) * factor;
		cut |= carry % 10 != 0;
		carry /= 10;
	}
	for (int64_t i = point; i < 0 && carry != 0; i++) {
		cut |= carry % 10 != 0;
		carry /= 10;
	}

	if (add_u64(whole, carry, &whole) < 0)
		whole = UINT64_MAX;
	*ret_cut = cut;
	return whole;
}

/* Compares as ASCII: strcasecmp() would ask the locale. `lower` is in lower case. */
static bool equal_ignoring_case(const char *text, const char *lower)
{
	for (; *text && *lower; text++, lower++) {
		char c = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;

		if (c != *lower)
			return false;
	}
	return *text == *lower;
}

int parse_size(const char *text, uint64_t *ret_bytes)
{
	static const struct unit units[] = {
		{ "k", UINT64_C(1) << 10 }, { "kib", UINT64_C(1) << 10 }, { "kb", 0 },
		{ "m", UINT64_C(1) << 20 }, { "mib", UINT64_C(1) << 20 }, { "mb", 0 },
		{ "g", UINT64_C(1) << 30 }, { "gib", UINT64_C(1) << 30 }, { "gb", 0 },
		{ "t", UINT64_C(1) << 40 }, { "tib", UINT64_C(1) << 40 }, { "tb", 0 },
	};
	struct decimal d;
	const char *suffix = read_decimal(text, &d);
	uint64_t factor = 1, bytes;
	bool cut;

	if (!suffix || (!*suffix && d.pointed))
		return -EINVAL;
	if (*suffix) {
		size_t i = 0;

		while (i < ARRAY_SIZE(units) && !equal_ignoring_case(suffix, units[i].name))
			i++;
		if (i == ARRAY_SIZE(units))
			return -EINVAL;
		factor = units[i].factor;
	}
	if (factor == 0)
		return -ENOTUNIQ;
	bytes = scale_decimal(&d, factor, &cut);
	if (bytes == UINT64_MAX)
		return -ERANGE;
	*ret_bytes = bytes;
	return 0;
}

/* Upper case isn't accepted: M is a month elsewhere. */
static uint64_t find_duration_unit(const char *name, size_t length)
{
	static const struct unit units[] = {
		{ "us", 1 }, { "usec", 1 },
		{ "ms", 1000 }, { "msec", 1000 },
		{ "s", SECOND }, { "sec", SECOND }, { "second", SECOND }, { "seconds", SECOND },
		{ "m", 60 * SECOND }, { "min", 60 * SECOND }, { "minute", 60 * SECOND }, { "minutes", 60 * SECOND },
		{ "h", 3600 * SECOND }, { "hr", 3600 * SECOND }, { "hour", 3600 * SECOND }, { "hours", 3600 * SECOND },
		{ "d", DAY }, { "day", DAY }, { "days", DAY },
		{ "w", 7 * DAY }, { "week", 7 * DAY }, { "weeks", 7 * DAY },
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].name) == length && strncmp(name, units[i].name, length) == 0)
			return units[i].factor;
	}
	return 0;
}

/* Reads one number with its unit; `alone`, it may have none. Returns what is behind it, or NULL. */
static const char *read_duration(const char *text, bool alone, uint64_t *ret_usec)
{
	struct decimal d;
	const char *unit = read_decimal(text, &d);
	uint64_t factor, usec;
	size_t length;
	bool cut;

	if (!unit)
		return NULL;
	unit = read_exponent(unit, &d.exponent);
	length = strspn(unit, "abcdefghijklmnopqrstuvwxyz");
	factor = *unit == '\0' && alone ? SECOND : find_duration_unit(unit, length);
	if (factor == 0)
		return NULL;
	usec = scale_decimal(&d, factor, &cut);
	if (usec < PARSE_USEC_MAX && cut)
		usec++;
	*ret_usec = usec < PARSE_USEC_MAX ? usec : PARSE_USEC_MAX;
	return unit + length;
}

int parse_duration(const char *text, uint64_t *ret_usec)
{
	uint64_t sum = 0;
	bool alone = true;

	do {
		uint64_t usec;

		text = read_duration(text, alone, &usec);
		if (!text)
			return -EINVAL;
		sum = usec < PARSE_USEC_MAX - sum ? sum + usec : PARSE_USEC_MAX;
		alone = false;
		if (text[0] == ' ' && text[1])
			text++;
	} while (*text);
	*ret_usec = sum;
	return 0;
}

int parse_count(const char *text, uint64_t *ret_count)
{
	uint64_t count = 0;

	if (count_digits(text) == 0 || text[count_digits(text)] != '\0')
		return -EINVAL;
	for (; *text && count != UINT64_MAX; text++)
		count = shift_in(count, (uint64_t)(*text - '0'));
	if (count == UINT64_MAX)
		return -ERANGE;
	*ret_count = count;
	return 0;
}

int parse_octal(const char *text, unsigned max, unsigned *ret_value)
{
	size_t n = strspn(text, "01234567");
	unsigned value = 0;

	if (n == 0 || text[n] != '\0')
		return -EINVAL;
	for (; *text && value <= max; text++)
		value = value * 8 + (unsigned)(*text - '0');
	if (value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

/* Reads a decimal that is followed by `suffix` and nothing else, times `factor`. */
static int parse_scaled(const char *text, const char *suffix, uint64_t factor, uint64_t *ret_value)
{
	struct decimal d;
	const char *end = read_decimal(text, &d);
	uint64_t value;
	bool cut;

	if (!end || strcmp(end, suffix) != 0)
		return -EINVAL;
	value = scale_decimal(&d, factor, &cut);
	if (value == UINT64_MAX)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int parse_cpus(const char *text, uint64_t *ret_cpus)
{
	return strchr(text, '%') ? parse_scaled(text, "%", 1000, ret_cpus)
				 : parse_scaled(text, "", 100000, ret_cpus);
}

int parse_percent(const char *text, uint64_t *ret_percent)
{
	return parse_scaled(text, "%", 100, ret_percent);
}

/* Reads the number of a CPU. Returns what is behind it, NULL if there is none; too high becomes the maximum + 1. */
static const char *read_cpu(const char *text, unsigned *ret_cpu)
{
	size_t n = count_digits(text);
	unsigned cpu = 0;

	if (n == 0)
		return NULL;
	for (; n > 0; n--, text++) {
		if (cpu <= PARSE_CPU_MAX)
			cpu = cpu * 10 + (unsigned)(*text - '0');
	}
	*ret_cpu = cpu <= PARSE_CPU_MAX ? cpu : PARSE_CPU_MAX + 1;
	return text;
}

int parse_cpu_range(const char **list, unsigned *ret_low, unsigned *ret_high)
{
	unsigned low, high;
	const char *end = read_cpu(*list, &low);

	if (!end)
		return -EINVAL;
	high = low;
	if (*end == '-') {
		end = read_cpu(end + 1, &high);
		if (!end || high < low)
			return -EINVAL;
	}
	if (*end != ',' && *end != '\0')
		return -EINVAL;
	if (high > PARSE_CPU_MAX)
		return -ERANGE;
	*list = *end ? end + 1 : end;
	*ret_low = low;
	*ret_high = high;
	return *end == ',';
}
