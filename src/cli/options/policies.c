/* SPDX-License-Identifier: MIT */
/*
 * policies.c - --enforce: one policy for all limits, and others for some of them
 */
#include "cli/options/policies.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/options/nearest.h"
#include "cli/options/setters.h"
#include "util/error.h"
#include "util/text.h"

/* One of the parts: the limit is `name_length` bytes of it, or none, and the policy is behind that. */
struct part {
	const char *text;
	size_t length, name_length;
};

/* Where the parts go: each limit once, and the policy of all once. */
struct policies {
	struct ration_limits *limits;
	int all;
	bool has_all;
	uint64_t seen[8]; /* a bit for each row of the table of limits */
};

static const char *shown(char buf[TEXT_SHOWN_MAX], const struct part *part)
{
	char text[TEXT_SHOWN_MAX];

	(void)snprintf(text, sizeof(text), "%.*s", (int)(part->length < sizeof(text) ? part->length : sizeof(text) - 1),
			part->text);
	return text_show(buf, TEXT_SHOWN_MAX, text);
}

static int refuse_policy(const struct option *row, const struct part *part, struct ration_error *reterr)
{
	char buf[TEXT_SHOWN_MAX], words[64];

	if (part->length == 0)
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s: a part of the list is empty", row->flag);
	else
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %s: not one of %s", row->flag, shown(buf, part),
				option_argument(words, sizeof(words), row));
	return error_hint(reterr, -EINVAL, "e.g. %s strict, or %s memory=strict,memory-high=any", row->flag, row->flag);
}

static int refuse_limit(const struct option *row, const struct part *part, const char *nearest,
		struct ration_error *reterr)
{
	char buf[TEXT_SHOWN_MAX];

	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %s: no such limit", row->flag, shown(buf, part));
	return nearest ? error_hint(reterr, -EINVAL, "did you mean %s?", nearest) :
		error_hint(reterr, -EINVAL, "ration run --help lists the limits, e.g. memory, memory-high, rlimit-nofile");
}

static int refuse_twice(const struct option *row, const struct part *part, struct ration_error *reterr)
{
	char buf[TEXT_SHOWN_MAX];

	(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "%s %s: %s has two policies", row->flag,
			shown(buf, part), part->name_length > 0 ? "the limit" : "all limits together");
	return error_hint(reterr, -EINVAL, "leave one of them out");
}

/* Names have _ and options - between their words. */
static char plain(char c)
{
	return c == '-' ? '_' : c;
}

static bool same_name(const char *name, const struct part *part)
{
	for (size_t i = 0; i < part->name_length; i++) {
		if (plain(name[i]) != plain(part->text[i]))
			return false;
	}
	return name[part->name_length] == '\0';
}

/* Returns the row of the limit that is named, or -EINVAL. */
static int find_limit(const struct option *row, const struct part *part, struct ration_error *reterr)
{
	char name[TEXT_SHOWN_MAX];
	struct nearest nearest = { .word = name };
	const struct ration_limit_info *info;

	(void)snprintf(name, sizeof(name), "%.*s", part->name_length < sizeof(name) ? (int)part->name_length : 0, part->text);
	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		const char *flag = limit_plain_flag(info);

		if (same_name(info->name, part) || same_name(info->flag + strlen("--"), part) ||
				(flag && same_name(flag + strlen("--"), part)))
			return (int)i;
		nearest_try(&nearest, info->name);
	}
	return refuse_limit(row, part, nearest.best, reterr);
}

static int find_policy(const struct option *row, const struct part *part, int *ret, struct ration_error *reterr)
{
	size_t skip = part->name_length > 0 ? part->name_length + 1 : 0, length = part->length - skip;

	for (const struct option_word *at = row->words; at->word; at++) {
		if (strlen(at->word) == length && memcmp(at->word, part->text + skip, length) == 0) {
			*ret = at->value;
			return 0;
		}
	}
	return refuse_policy(row, part, reterr);
}

static int take_part(struct policies *to, const struct option *row, const struct part *part, struct ration_error *reterr)
{
	int policy = 0, i, r = find_policy(row, part, &policy, reterr);
	uint64_t bit;

	if (r < 0)
		return r;
	if (part->name_length == 0) {
		if (to->has_all)
			return refuse_twice(row, part, reterr);
		to->has_all = true;
		to->all = policy;
		return 0;
	}
	i = find_limit(row, part, reterr);
	if (i < 0)
		return i;
	bit = UINT64_C(1) << (i % 64);
	if (to->seen[i / 64] & bit)
		return refuse_twice(row, part, reterr);
	to->seen[i / 64] |= bit;
	return ration_limits_set_policy(to->limits, ration_limit_at((size_t)i)->limit, (enum ration_policy)policy, reterr);
}

static int take_all(struct policies *to, const struct option *row, const char *text, struct ration_error *reterr)
{
	for (const char *at = text;; at++) {
		struct part part = { .text = at, .length = strcspn(at, ",") };
		const char *equals = memchr(at, '=', part.length);
		int r;

		part.name_length = equals ? (size_t)(equals - at) : 0;
		/* "=any" names no limit, and isn't meant for all. */
		r = equals == at ? refuse_limit(row, &part, NULL, reterr) : take_part(to, row, &part, reterr);
		if (r < 0)
			return r;
		at += part.length;
		if (!*at)
			return 0;
	}
}

int option_set_policies(struct options *options, const struct option *row, const char *value, struct ration_error *reterr)
{
	struct policies to = { .limits = options->limits, .all = options->policy };
	int r = take_all(&to, row, value, reterr);

	if (r < 0)
		return r;
	options->policy = to.all;
	options->enforce = value;
	return 0;
}

int policies_apply(const struct options *options, const struct option *row, struct ration_limits *limits,
		struct ration_error *reterr)
{
	struct policies to = { .limits = limits };

	return options->enforce ? take_all(&to, row, options->enforce, reterr) : 0;
}
