/* SPDX-License-Identifier: MIT */
/*
 * fuzz-parse.c - any text as the value of any limit
 *
 * The first byte picks the limit, the rest is the text. Beyond not crashing:
 *
 *   - what is refused leaves the set as it was, and says so in what can be printed;
 *   - what is accepted lies in the row's range, and setting the same numbers
 *     asks for the same again;
 *   - a duration is 0 only where every digit of its mantissa is.
 *
 * With libFuzzer:
 *     clang -g -fsanitize=fuzzer,address,undefined -Iinclude -Isrc -D_GNU_SOURCE \
 *         tests/fuzz/fuzz-parse.c src/plan/limits.c src/util/{error,parse,text}.c
 * Without, -DFUZZ_STANDALONE gives it a main() that runs the seeds below, each
 * whole and cut and damaged at every place, against every limit.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/cpu-list.h"
#include "plan/limits.h"
#include "util/cleanup.h"
#include "util/parse.h"
#include "util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(): it must hold in release builds, too. */
#define MUST(condition)                                                                  \
	do {                                                                             \
		if (!(condition)) {                                                      \
			fprintf(stderr, "fuzz-parse: line %d: %s\n", __LINE__, #condition); \
			abort();                                                         \
		}                                                                        \
	} while (0)

static void must_be_clean(const char *text)
{
	MUST(*text);
	while (*text) {
		size_t n = text_printable(text);

		MUST(n > 0 || (*text >= ' ' && *text <= '~'));
		text += n > 0 ? n : 1;
	}
}

static void must_be_in_range(const struct ration_limit_info *info, uint64_t value)
{
	MUST(value == RATION_UNLIMITED ? info->lifts : value >= info->min && value <= info->max);
}

static void check_pair(const struct ration_limit_info *info, const struct ration_limits *limits)
{
	const struct limit_pair *pair = &limits->pair[0];

	MUST(limits->n_pairs == 1 && pair->limit == info->limit);
	MUST(memchr(pair->text, '\0', sizeof(pair->text)));
	MUST(pair->key_length > 0 && pair->text[pair->key_length] == ':');
	MUST(!strchr(pair->text + pair->key_length + 1, ':'));
	MUST((pair->page_bytes != 0) == (info->key == RATION_KEY_PAGE_SIZE));
	must_be_in_range(info, pair->value);
}

static void check_accepted(enum ration_limit limit, const struct ration_limits *limits)
{
	const struct ration_limit_info *info = ration_limit_info(limit);
	const struct limit_value *value = limits_value(limits, limit);
	struct ration_limits again = { 0 };

	if (!value->set)
		return;
	if (limit_is_list(info)) {
		MUST(memchr(value->text, '\0', sizeof(value->text)) && parse_cpu_list(value->text) == 0);
		return;
	}
	if (info->key != RATION_KEY_NONE) {
		check_pair(info, limits);
		return;
	}
	if (value->percent) {
		MUST(value->hard >= 1 && value->hard <= 10000);
		return;
	}
	must_be_in_range(info, value->hard);
	if (value->soft != RATION_UNLIMITED) {
		MUST(info->has_soft && value->soft <= value->hard);
		must_be_in_range(info, value->soft);
	}
	MUST(ration_limits_set(&again, limit, value->soft, value->hard, NULL) == 0);
	MUST(memcmp(&again, limits, sizeof(again)) == 0);
}

static size_t count_limits(void)
{
	size_t n = 0;

	while (ration_limit_at(n))
		n++;
	return n;
}

static void check_limit(enum ration_limit limit, const char *text)
{
	static const struct ration_limits nothing;
	struct ration_limits limits = { 0 };
	struct ration_error error = { 0 };
	int r = ration_limits_parse(&limits, limit, text, &error);

	if (r == 0) {
		MUST(error.code == 0);
		check_accepted(limit, &limits);
		return;
	}
	MUST(r == -EINVAL || r == -ERANGE);
	MUST(error.code == r);
	MUST(memcmp(&limits, &nothing, sizeof(limits)) == 0);
	must_be_clean(error.message);
	must_be_clean(error.hint);
}

static void check_duration(const char *text)
{
	size_t mantissa = strspn(text, "0123456789.");
	uint64_t usec;

	if (parse_duration(text, &usec) < 0)
		return;
	MUST(usec <= PARSE_USEC_MAX);
	/* Of several, any can be what isn't zero. */
	MUST(usec != 0 || strcspn(text, "123456789") >= mantissa);
	MUST(usec == 0 || text[strcspn(text, "123456789")]);
}

/* All that can be shown can be shown in the room that there is. */
static void check_formats(const char *text)
{
	char buf[RATION_TEXT_MAX], shown[TEXT_SHOWN_MAX];
	uint64_t value = 0;

	for (size_t i = 0; text[i] && i < sizeof(value); i++)
		value = value << 8 | (unsigned char)text[i];
	must_be_clean(ration_format_size(buf, value));
	must_be_clean(ration_format_duration(buf, value));
	MUST(strlen(text_escape(shown, sizeof(shown), text)) < sizeof(shown));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	/* Exactly as long as the text, so that one byte too far is seen. */
	text = strndup((const char *)data + 1, size - 1);
	MUST(text);
	check_limit(ration_limit_at(data[0] % count_limits())->limit, text);
	check_duration(text);
	check_formats(text);
	free(text);
	return 0;
}

#ifdef FUZZ_STANDALONE
static const char *const seeds[] = {
	"", "0", "1", "-1", "64M", "64MiB", "64m", "67108864", "64MB", "1k", "5%", "max", "unlimited", "64X",
	"1e400", "1.5G", ".5", ".", "1.", "150%", "99.999%", "100.01%", "500ms", "1.5s", "2m", "1h", "2d", "10us",
	"1e-9", "2.34e+5d", "1e-10000", "9.999999999", "42D", "invalid", "1:9", "9:1", "0:0", "max:5", "5:max",
	"1:2:3", "/data:10M", "/da:ta:1K", "8:0:200", "2M:64M", "2MB:max", "1GiB:0", ":1M", "/x:", "0:4M", "1024:4096", "1G:2GB", "0-3,8", "3-1", "8191", "8192", "0,", "18446744073709551614",
	"18446744073709551615", "18446744073709551616", "9223372036854775807us", "9223372036854775808us",
	"16777215.9999999999999999999999T", "0x10", "inf", "nan", " 1", "1 ", "64\n", "\x1b[2J", "\xff\xfe",
	"\xef\xbc\x96\xef\xbc\x94M", "0000000000000000000000000000000000000000000000000000000000000000000000001",
};

static void run_one(unsigned limit, const char *text, size_t n)
{
	uint8_t data[256];

	MUST(n + 1 <= sizeof(data));
	data[0] = (uint8_t)limit;
	memcpy(data + 1, text, n);
	(void)LLVMFuzzerTestOneInput(data, n + 1);
}

/* The seed whole, cut after each byte, and with each byte replaced. */
static void run_seed(unsigned limit, const char *seed)
{
	static const char replacements[] = "09.:%-,eEmMKB \n\xff";
	char text[128];
	size_t n = strlen(seed);

	MUST(n < sizeof(text));
	for (size_t cut = 0; cut <= n; cut++)
		run_one(limit, seed, cut);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < sizeof(replacements); j++) {
			memcpy(text, seed, n);
			text[i] = replacements[j];
			run_one(limit, text, n);
		}
	}
}

int main(void)
{
	for (unsigned limit = 0; limit < count_limits(); limit++) {
		for (size_t i = 0; i < ARRAY_SIZE(seeds); i++)
			run_seed(limit, seeds[i]);
	}
	return 0;
}
#endif
