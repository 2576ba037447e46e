/* SPDX-License-Identifier: MIT */
/*
 * setters.c - take the value of an option
 */
#include "cli/options/setters.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/options/nearest.h"
#include "cli/signals.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/text.h"

bool limit_is_rlimit(const struct ration_limit_info *info)
{
	return strncmp(info->name, "rlimit_", strlen("rlimit_")) == 0;
}

const char *limit_rlimit_name(const struct ration_limit_info *info)
{
	return info->name + strlen("rlimit_");
}

static void *field(struct options *options, const struct option *row)
{
	return (char *)options + row->offset;
}

int option_set_true(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	(void)value;
	(void)reterr;
	*(bool *)field(options, row) = true;
	return 0;
}

int option_set_text(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	(void)reterr;
	*(const char **)field(options, row) = value;
	return 0;
}

int option_set_word(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX], words[64];

	for (const struct option_word *at = row->words; at->word; at++) {
		if (strcmp(at->word, value) == 0) {
			*(int *)field(options, row) = at->value;
			return 0;
		}
	}
	return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %s: not one of %s", row->flag,
			text_show(shown, sizeof(shown), value), option_argument(words, sizeof(words), row));
}

int option_set_count(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];
	uint64_t count;

	if (parse_count(value, &count) < 0 || count == 0)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, 
				"%s %s: must be 1 or more, e.g. 2", row->flag,
				text_show(shown, sizeof(shown), value));
	*(uint64_t *)field(options, row) = count;
	return 0;
}

int option_set_size(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	uint64_t bytes;
	int r = ration_parse_size(row->flag, value, &bytes, reterr);

	if (r < 0)
		return r;
	/* To the library, 0 is the default. */
	if (bytes == 0)
		return error_set(reterr, -ERANGE, RATION_CAUSE_INVALID, 
				"%s 0: must be above 0, e.g. 256M", row->flag);
	*(uint64_t *)field(options, row) = bytes;
	return 0;
}

int option_set_duration(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	uint64_t usec;
	int r = ration_parse_duration(row->flag, value, &usec, reterr);

	if (r < 0)
		return r;
	/* Written, 0 is for ever; to the library it is the default. */
	*(uint64_t *)field(options, row) = usec > 0 ? usec : RATION_UNLIMITED;
	return 0;
}

int option_set_signal(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];
	int sig = signal_number(value);

	if (sig < 0) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %s: no such signal", row->flag,
				text_show(shown, sizeof(shown), value));
		return error_hint(reterr, -EINVAL, "a name or a number, e.g. %s INT, %s RTMIN+3", row->flag, row->flag);
	}
	*(int *)field(options, row) = sig;
	return 0;
}

int option_set_limit(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	const struct ration_limit_info *info;

	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		if (strcmp(info->flag, row->flag) == 0)
			return ration_limits_parse(options->limits, info->limit, value, reterr);
	}
	return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s is not a limit", row->flag);
}

/* Says why `value` isn't a resource with its limit. */
static int refuse_rlimit(const char *value, size_t length, const char *nearest, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];
	bool whole = value[length] == '=';

	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "--rlimit %s: %s",
			text_show(shown, sizeof(shown), value),
			whole ? "unknown resource" : "expected NAME=SOFT[:HARD]");
	if (nearest)
		return error_hint(reterr, -EINVAL, "did you mean --rlimit %s=%s?", nearest,
				whole ? text_show(shown, sizeof(shown), value + length + 1) : "…");
	return error_hint(reterr, -EINVAL, "e.g. --rlimit nofile=1024 or --rlimit core=0:max");
}

/* Words of their own, for the two that judges set. */
static const struct {
	const char *flag;
	enum ration_limit limit;
} plain[] = {
	{ "--files", RATION_LIMIT_RLIMIT_NOFILE },
	{ "--file-size", RATION_LIMIT_RLIMIT_FSIZE },
};

const char *limit_plain_flag(const struct ration_limit_info *info)
{
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		if (plain[i].limit == info->limit)
			return plain[i].flag;
	}
	return NULL;
}

static int refuse_both(const struct options *options, const char *flag, const char *other, struct ration_error *reterr)
{
	if (!options_given(options, other))
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "%s and %s are the same limit", other, flag);
	return error_hint(reterr, -EINVAL, "leave one of them out");
}

/* A resource that --rlimit sets: notes that for the other word. */
static int take_resource(struct options *options, const struct ration_limit_info *info, const char *value,
		struct ration_error *reterr)
{
	const char *flag = limit_plain_flag(info);

	if (flag && refuse_both(options, info->flag, flag, reterr) < 0)
		return -EINVAL;
	if (flag)
		options->given[options->n_given++] = (struct option_given) { .flag = info->flag, .value = value };
	return ration_limits_parse(options->limits, info->limit, value, reterr);
}

/* Puts the flag that was given in the place of `--rlimit NAME=`. */
static void reword(char *text, size_t size, const char *old, const char *flag)
{
	char *at = strstr(text, old);
	CLEANUP(freep) char *rest = at ? strdup(at + strlen(old) + 1) : NULL;

	if (rest)
		(void)snprintf(at, size - (size_t)(at - text), "%s %s", flag, rest);
}

static int set_plain(struct options *options, const struct option *row, const char *value, enum ration_limit limit,
		struct ration_error *reterr)
{
	const struct ration_limit_info *info = ration_limit_info(limit);
	int r = refuse_both(options, row->flag, info->flag, reterr);

	if (r < 0)
		return r;
	r = ration_limits_parse(options->limits, limit, value, reterr);
	if (r < 0 && reterr) {
		reword(reterr->message, sizeof(reterr->message), info->flag, row->flag);
		reword(reterr->hint, sizeof(reterr->hint), info->flag, row->flag);
	}
	return r;
}

int option_set_files(struct options *options, const struct option *row, const char *value, struct ration_error *reterr)
{
	return set_plain(options, row, value, RATION_LIMIT_RLIMIT_NOFILE, reterr);
}

int option_set_file_size(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	return set_plain(options, row, value, RATION_LIMIT_RLIMIT_FSIZE, reterr);
}

bool option_sets_resource(const struct option *row)
{
	return row->set == option_set_rlimit || row->set == option_set_files || row->set == option_set_file_size;
}

/* nofile=1024:4096: the name chooses the row of the table, the rest is its value. */
int option_set_rlimit(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	size_t length = strcspn(value, "=");
	char name[TEXT_SHOWN_MAX];
	struct nearest nearest = { .word = name };
	const struct ration_limit_info *info;

	(void)row;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(length < sizeof(name) ? length : 0), value);
	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		if (!limit_is_rlimit(info))
			continue;
		if (value[length] == '=' && strcmp(limit_rlimit_name(info), name) == 0)
			return take_resource(options, info, value + length + 1, reterr);
		nearest_try(&nearest, limit_rlimit_name(info));
	}
	return refuse_rlimit(value, length, nearest.best, reterr);
}
