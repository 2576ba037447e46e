/* SPDX-License-Identifier: MIT */
/*
 * limits.h - what was asked for, as the rest of the library sees it
 */
#ifndef RATION_PLAN_LIMITS_H
#define RATION_PLAN_LIMITS_H

#include "ration.h"
#include "util/enum-index.h"

/* Room for the longest list of CPUs that is accepted, with its final NUL. */
#define LIMIT_TEXT_MAX 256

struct limit_value {
	bool set;
	bool percent;   /* `hard` is hundredths of a percent of what the parent may use */
	uint64_t soft;  /* RATION_UNLIMITED: not given (setrlimit resources: the same as hard) */
	uint64_t hard;
	char text[LIMIT_TEXT_MAX]; /* a list, as asked, validated */
};

/* Room for KEY:VALUE with its final NUL, and for how many of them. */
#define LIMIT_PAIR_MAX 1024
#define LIMIT_PAIRS_MAX 32

/* One value of a limit that has a key. */
struct limit_pair {
	enum ration_limit limit;
	size_t key_length;          /* of `text` */
	uint64_t value;
	uint64_t page_bytes;        /* RATION_KEY_PAGE_SIZE: the key */
	unsigned major, minor;      /* RATION_KEY_DISK: the disk, once it is looked for; 0:0: none */
	char text[LIMIT_PAIR_MAX];  /* as asked */
};

/* Tells whether a mechanism can hold limits for this purpose. */
bool limit_serves(enum ration_purpose purpose, enum ration_mechanism mechanism);

/* What is required of one limit. Not `set`: what its plan requires of all. */
struct limit_policy {
	bool set;
	enum ration_policy policy;
};

/* The values, by limit_index(), and those that have keys, in the order asked for. */
struct ration_limits {
	struct limit_value value[LIMIT_INDEX_COUNT];
	struct limit_policy policy[LIMIT_INDEX_COUNT];
	size_t n_pairs;
	struct limit_pair pair[LIMIT_PAIRS_MAX];
};

/* The value of a limit of the table. */
static inline const struct limit_value *limits_value(const struct ration_limits *limits, enum ration_limit limit)
{
	return &limits->value[limit_index(limit)];
}

/* Tells whether a unit is a list: text, and no number. */
static inline bool limit_is_list(const struct ration_limit_info *info)
{
	return info->unit == RATION_UNIT_CPULIST || info->unit == RATION_UNIT_NODELIST;
}

#endif
