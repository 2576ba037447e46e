/* SPDX-License-Identifier: MIT */
/*
 * check.c - limits that contradict each other or this host
 */
#include "plan/check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "host/machine.h"
#include "plan/values.h"
#include "sys/cpus.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

static int contradiction(struct ration_error *reterr, const char *message, const char *hint)
{
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "%s", message);
	return error_hint(reterr, -EINVAL, "%s", hint);
}

/* A share can come to less than a value that is written out may be. */
static int check_shares(const struct ration_limits *limits, const struct host_facts *facts,
		struct ration_error *reterr)
{
	char comes[RATION_TEXT_MAX], least[RATION_TEXT_MAX];

	for (size_t i = 0; i < LIMIT_INDEX_COUNT; i++) {
		const struct limit_value *value = &limits->value[i];
		const struct ration_limit_info *info = ration_limit_at(i);
		uint64_t bytes = value->set && value->percent ? value_resolve(value, info->limit, facts) : UINT64_MAX;

		if (bytes >= info->min)
			continue;
		(void)ration_format_size(least, info->min);
		(void)error_set(reterr, -ERANGE, RATION_CAUSE_INVALID,
				"%s %" PRIu64 ".%02" PRIu64 "%% is %s here, below the minimum %s", info->flag,
				value->hard / 100, value->hard % 100, ration_format_size(comes, bytes), least);
		return error_hint(reterr, -ERANGE, "use %s or more, e.g. %s %s", least, info->flag, info->example);
	}
	return 0;
}

/* Parts of a memory limit that can't be above it. */
static int check_memory(const struct ration_limits *limits, const struct host_facts *facts,
		struct ration_error *reterr)
{
	static const struct {
		enum ration_limit limit;
		const char *hint;
	} parts[] = {
		{ RATION_LIMIT_MEMORY_HIGH, "use a smaller --memory-high, e.g. --memory 512M --memory-high "
				"448M" },
		{ RATION_LIMIT_MEMORY_LOW, "use a smaller --memory-low, e.g. --memory 512M --memory-low 64M" },
		{ RATION_LIMIT_MEMORY_MIN, "use a smaller --memory-min, e.g. --memory 512M --memory-min 32M" },
	};
	uint64_t max = value_resolve(limits_value(limits, RATION_LIMIT_MEMORY), RATION_LIMIT_MEMORY, facts);

	for (size_t i = 0; value_asked(limits, RATION_LIMIT_MEMORY) && i < ARRAY_SIZE(parts); i++) {
		uint64_t part = value_resolve(limits_value(limits, parts[i].limit), parts[i].limit, facts);
		char a[RATION_TEXT_MAX], b[RATION_TEXT_MAX], message[160];

		if (!value_asked(limits, parts[i].limit) || part == RATION_UNLIMITED || part <= max)
			continue;
		(void)snprintf(message, sizeof(message), "%s %s is above --memory %s",
				ration_limit_info(parts[i].limit)->flag, ration_format_size(a, part),
				ration_format_size(b, max));
		return contradiction(reterr, message, parts[i].hint);
	}
	return 0;
}

static int check_cpu(const struct ration_limits *limits, struct ration_error *reterr)
{
	uint64_t burst = limits_value(limits, RATION_LIMIT_CPU_BURST)->hard, cpus = limits_value(limits, RATION_LIMIT_CPUS)->hard;
	char a[RATION_TEXT_MAX], b[RATION_TEXT_MAX], message[160];

	if (value_asked(limits, RATION_LIMIT_CPU_WEIGHT) && value_asked(limits, RATION_LIMIT_CPU_IDLE) &&
			limits_value(limits, RATION_LIMIT_CPU_IDLE)->hard == 1)
		return contradiction(reterr, "--cpu-weight and --cpu-idle 1 exclude each other",
				"remove one of them");
	if (!value_asked(limits, RATION_LIMIT_CPU_BURST))
		return 0;
	if (!value_asked(limits, RATION_LIMIT_CPUS))
		return contradiction(reterr, "--cpu-burst requires --cpus",
				"e.g. --cpus 1.5 --cpu-burst 50ms");
	(void)snprintf(message, sizeof(message), "--cpu-burst %s is above the quota of --cpus, %s in 100 ms",
			ration_format_duration(a, burst), ration_format_duration(b, cpus));
	if (burst > cpus)
		return contradiction(reterr, message, "e.g. --cpus 1.5 --cpu-burst 150ms");
	return 0;
}

/* Finds the first that `list` has and `set` hasn't. */
static bool first_outside(const char *list, const struct cpus *set, unsigned *ret)
{
	struct cpus wanted;

	if (cpus_parse(list, &wanted) < 0)
		return false;
	for (unsigned i = 0; i < CPUS_MAX; i++) {
		if (cpus_has(&wanted, i) && !cpus_has(set, i)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* The kernel takes any list and enforces what exists of it: if nothing does, no limit. */
static int check_set(const struct ration_limits *limits, enum ration_limit limit, const char *thing,
		const struct host_set *set, struct ration_error *reterr)
{
	const struct limit_value *value = limits_value(limits, limit);
	unsigned wrong;

	if (!value->set || !set->known || !first_outside(value->text, &set->mask, &wrong))
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID,
			"%s %.60s: %s %u isn't available, only %.60s (%.180s)",
			ration_limit_info(limit)->flag, value->text, thing, wrong, set->list, set->source);
	return error_hint(reterr, -EINVAL, "choose from %.60s", set->list);
}

/* A process that is pinned itself can't give other CPUs to its children. */
static int check_affinity(const struct ration_limits *limits, const struct host_facts *facts,
		struct ration_error *reterr)
{
	const struct limit_value *value = limits_value(limits, RATION_LIMIT_CPUSET_CPUS);
	unsigned wrong;

	if (!value->set || !first_outside(value->text, &facts->cpu_mask, &wrong))
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID,
			"--cpuset-cpus %.60s: CPU %u isn't available, only %u CPUs", value->text, wrong,
			facts->cpus);
	return error_hint(reterr, -EINVAL, "see Cpus_allowed_list in /proc/self/status");
}

static int refuse_page_size(const struct limit_pair *pair, const struct host_facts *facts,
		struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX], size[RATION_TEXT_MAX], all[HOST_HUGE_MAX * RATION_TEXT_MAX] = "none";
	size_t used = 0;

	for (size_t i = 0; i < facts->n_huge; i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i > 0 ? ", " : "",
				machine_page_size(size, facts->huge_bytes[i]));
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %s: this kernel has no huge pages of %s",
			ration_limit_info(pair->limit)->flag, text_show(shown, sizeof(shown), pair->text),
			machine_page_size(size, pair->page_bytes));
	return error_hint(reterr, -EINVAL, "it has: %s", all);
}

/* Two names of one disk would have two rates, and the kernel keeps the last. */
static int refuse_twice(const struct limit_pair *a, const struct limit_pair *b, struct ration_error *reterr)
{
	char first[TEXT_SHOWN_MAX], second[TEXT_SHOWN_MAX];

	(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "%s %s and %s are the same disk, %u:%u",
			ration_limit_info(a->limit)->flag, text_show(first, sizeof(first), a->text),
			text_show(second, sizeof(second), b->text), a->major, a->minor);
	return error_hint(reterr, -EINVAL, "remove one of them");
}

static int check_pairs(const struct ration_limits *limits, const struct host_facts *facts,
		struct ration_error *reterr)
{
	for (size_t i = 0; i < limits->n_pairs; i++) {
		const struct limit_pair *pair = &limits->pair[i];

		if (ration_limit_info(pair->limit)->key == RATION_KEY_PAGE_SIZE) {
			if (!value_has_page_size(facts, pair->page_bytes))
				return refuse_page_size(pair, facts, reterr);
			continue;
		}
		for (size_t k = 0; k < i; k++) {
			const struct limit_pair *other = &limits->pair[k];

			if (other->limit == pair->limit && other->major == pair->major &&
					other->minor == pair->minor)
				return refuse_twice(other, pair, reterr);
		}
	}
	return 0;
}

int check_limits(const struct ration_limits *limits, const struct host_facts *facts, struct ration_error *reterr)
{
	int r = check_shares(limits, facts, reterr);

	if (r == 0)
		r = check_memory(limits, facts, reterr);
	if (r == 0)
		r = check_cpu(limits, reterr);
	if (r == 0)
		r = check_set(limits, RATION_LIMIT_CPUSET_CPUS, "CPU", &facts->cpuset_cpus, reterr);
	if (r == 0)
		r = check_affinity(limits, facts, reterr);
	if (r == 0)
		r = check_set(limits, RATION_LIMIT_CPUSET_MEMS, "node", &facts->cpuset_mems, reterr);
	return r == 0 ? check_pairs(limits, facts, reterr) : r;
}
