/* SPDX-License-Identifier: MIT */
/*
 * accept.c - which of the two formats a scraper prefers
 *
 * OpenMetrics only for a scraper that names it and prefers it to text at least as much. A range with a
 * version that we don't have is ignored.
 */
#include "helpers/metrics/accept.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* In thousandths: "q=0.5" is 500. An invalid value is 0. */
static unsigned quality_of(const char *text)
{
	unsigned quality = 0;

	if (*text == '1')
		return 1000;
	if (*text++ != '0' || *text++ != '.')
		return 0;
	for (unsigned digit = 100; digit > 0 && *text >= '0' && *text <= '9'; digit /= 10)
		quality += digit * (unsigned)(*text++ - '0');
	return quality;
}

static const char *skip_spaces(const char *text)
{
	return text + strspn(text, " \t");
}

struct range {
	const char *type;
	size_t length;
	unsigned quality;
	bool known_version;
};

/* Reads "type/sub;version=1.0.0;q=0.5" up to the next comma. Returns what is behind it. */
static const char *read_range(const char *text, struct range *ret)
{
	const char *at = skip_spaces(text);

	*ret = (struct range) { .type = at, .length = strcspn(at, ";, \t"), .quality = 1000, .known_version = true };
	at = skip_spaces(at + ret->length);
	while (*at == ';') {
		at = skip_spaces(at + 1);
		if (strncasecmp(at, "q=", 2) == 0)
			ret->quality = quality_of(at + 2);
		else if (strncasecmp(at, "version=", 8) == 0)
			ret->known_version = strncmp(at + 8, "1.0.0", 5) == 0 || strncmp(at + 8, "0.0.1", 5) == 0;
		at += strcspn(at, ";,");
	}
	at += strcspn(at, ",");
	return *at ? at + 1 : at;
}

static bool is_type(const struct range *range, const char *type)
{
	return strlen(type) == range->length && strncasecmp(type, range->type, range->length) == 0;
}

bool accept_openmetrics(const char *accept)
{
	unsigned openmetrics = 0, text = 0;

	while (accept && *accept) {
		struct range range;

		accept = read_range(accept, &range);
		if (is_type(&range, "application/openmetrics-text") && range.known_version && range.quality > openmetrics)
			openmetrics = range.quality;
		if (is_type(&range, "text/plain") && range.quality > text)
			text = range.quality;
	}
	return openmetrics > 0 && openmetrics >= text;
}
