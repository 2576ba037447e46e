/* SPDX-License-Identifier: MIT */
/*
 * plan.c - which mechanism will hold each limit, or why none can
 *
 * A pure function of (limits, facts, policy): it reads no file and makes no
 * group, so that `ration plan` can print what `ration run` will do, and tests
 * can ask it about hosts that they don't have.
 *
 * Each limit's row names its mechanisms, the best first. The first that says
 * yes is taken; every no before it is kept as the reason. What isn't asked for
 * but follows from it is planned as well, marked `implied`: no swap for a group
 * whose memory is limited (a limit that swaps is no limit), and no core files.
 */
#include "lib/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/host.h"
#include "util/cleanup.h"
#include "util/error.h"

static bool asked(const struct ration_limits *limits, enum ration_limit limit)
{
	return limits->value[limit].set;
}

/* Percent values are of what a group may use here: hundredths of a percent. */
static uint64_t resolve(const struct limit_value *value, enum ration_limit limit, const struct host_facts *facts)
{
	uint64_t whole = limit == RATION_LIMIT_SWAP ? facts->swap_bytes : facts->memory_bytes;

	if (!value->percent)
		return value->hard;
	/* At most 2^64 / 10000 loses nothing that matters of a size in bytes. */
	return whole / 10000 * value->hard + whole % 10000 * value->hard / 10000;
}

static int contradiction(struct ration_error *reterr, const char *message, const char *hint)
{
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "%s", message);
	return error_hint(reterr, -EINVAL, "%s", hint);
}

/* Two limits that can't hold together; each alone is in range. */
static int check_pairs(const struct ration_limits *limits, const struct host_facts *facts,
		struct ration_error *reterr)
{
	const struct limit_value *value = limits->value;
	char a[RATION_TEXT_MAX], b[RATION_TEXT_MAX], message[160];

	if (asked(limits, RATION_LIMIT_MEMORY) && asked(limits, RATION_LIMIT_MEMORY_HIGH)) {
		uint64_t max = resolve(&value[RATION_LIMIT_MEMORY], RATION_LIMIT_MEMORY, facts);
		uint64_t high = resolve(&value[RATION_LIMIT_MEMORY_HIGH], RATION_LIMIT_MEMORY_HIGH, facts);

		(void)snprintf(message, sizeof(message), "--memory-high %s is above --memory %s",
				ration_format_size(a, high), ration_format_size(b, max));
		if (high != RATION_UNLIMITED && high > max)
			return contradiction(reterr, message,
					"memory-high throttles before memory kills: make it smaller, "
					"e.g. --memory 512M --memory-high 448M");
	}
	if (asked(limits, RATION_LIMIT_CPU_BURST)) {
		uint64_t burst = value[RATION_LIMIT_CPU_BURST].hard;

		if (!asked(limits, RATION_LIMIT_CPUS))
			return contradiction(reterr, "--cpu-burst needs --cpus: there is no rate to burst above",
					"e.g. --cpus 1.5 --cpu-burst 50ms");
		(void)snprintf(message, sizeof(message), "--cpu-burst %s is above the quota of --cpus, %s in 100 ms",
				ration_format_duration(a, burst),
				ration_format_duration(b, value[RATION_LIMIT_CPUS].hard));
		if (burst > value[RATION_LIMIT_CPUS].hard)
			return contradiction(reterr, message, "e.g. --cpus 1.5 --cpu-burst 150ms at most");
	}
	return 0;
}

static int check_cpuset(const struct ration_limits *limits, const struct host_facts *facts,
		struct ration_error *reterr)
{
	struct spawn_cpus wanted;
	int r;

	if (!asked(limits, RATION_LIMIT_CPUSET_CPUS))
		return 0;
	r = mech_parse_cpus(limits->value[RATION_LIMIT_CPUSET_CPUS].text, &wanted);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_INVALID, "--cpuset-cpus isn't a list of CPUs");
	for (unsigned cpu = 0; cpu < SPAWN_CPUS_MAX; cpu++) {
		if (!(wanted.bits[cpu / 8] & (1u << cpu % 8)) || facts->cpu_mask.bits[cpu / 8] & (1u << cpu % 8))
			continue;
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID,
				"--cpuset-cpus %.60s: CPU %u isn't one of the %u that a group may use here",
				limits->value[RATION_LIMIT_CPUSET_CPUS].text, cpu, facts->cpus);
		return error_hint(reterr, -EINVAL, "see Cpus_allowed_list in /proc/self/status");
	}
	return 0;
}

/* Adds `text` to a sentence of reasons. */
static void add_reason(struct plan_entry *entry, const char *text)
{
	size_t length = strlen(entry->reason);

	if (text[0] && length < sizeof(entry->reason))
		(void)snprintf(entry->reason + length, sizeof(entry->reason) - length, "%s%s",
				length > 0 ? "; " : "", text);
}

static void take(struct plan_entry *entry, enum ration_mechanism mechanism, const struct mech_answer *answer)
{
	entry->item.mechanism = mechanism;
	entry->item.scope = answer->scope;
	entry->item.in_force = answer->in_force;
	entry->item.backstop = answer->backstop;
	entry->item.backstop_scope = answer->backstop_scope;
}

/* Asks the mechanisms of the row, one after the other. */
static void choose(struct plan_entry *entry, const struct host_facts *facts)
{
	const struct ration_limit_info *info = ration_limit_info(entry->item.limit);

	for (size_t i = 0; i < ARRAY_SIZE(info->mechanisms); i++) {
		const struct mech_ops *ops = mech_ops(info->mechanisms[i]);
		struct mech_answer answer = { .in_force = entry->item.asked };

		if (!ops)
			break;
		ops->ask(facts, info->limit, entry->item.asked_soft, entry->item.asked, &answer);
		add_reason(entry, answer.reason);
		if (answer.fix[0] && !entry->fix[0])
			(void)snprintf(entry->fix, sizeof(entry->fix), "%s", answer.fix);
		if (answer.holds) {
			take(entry, info->mechanisms[i], &answer);
			/* Not the best of the row, or the best with something to say about it. */
			entry->item.weaker = i > 0 || answer.reason[0] != '\0';
			return;
		}
	}
	entry->item.weaker = true;
}

static void add(struct ration_plan *plan, const struct host_facts *facts, enum ration_limit limit,
		const struct limit_value *value, bool implied)
{
	struct plan_entry *entry = &plan->entry[plan->n++];

	entry->item.size = sizeof(entry->item);
	entry->item.limit = limit;
	entry->item.implied = implied;
	entry->item.asked = resolve(value, limit, facts);
	entry->item.asked_soft = value->soft;
	if (ration_limit_info(limit)->unit == RATION_UNIT_CPULIST) {
		(void)memcpy(entry->text, value->text, sizeof(entry->text));
		entry->item.text = entry->text;
	}
	entry->item.reason = entry->reason;
	entry->item.fix = entry->fix;
	choose(entry, facts);
}

/* What follows from the limits that were asked for. */
static bool implied_value(const struct ration_limits *limits, enum ration_limit limit, struct limit_value *ret)
{
	*ret = (struct limit_value) { .set = true, .soft = RATION_UNLIMITED };
	if (limit == RATION_LIMIT_SWAP)
		return asked(limits, RATION_LIMIT_MEMORY) &&
			limits->value[RATION_LIMIT_MEMORY].hard != RATION_UNLIMITED;
	return limit == RATION_LIMIT_RLIMIT_CORE;
}

int plan_make(const struct host_facts *facts, const struct ration_limits *limits, enum ration_policy policy,
		struct ration_plan **ret_plan, struct ration_error *reterr)
{
	CLEANUP(freep) struct ration_plan *plan = NULL;
	int r = check_pairs(limits, facts, reterr);

	if (r == 0)
		r = check_cpuset(limits, facts, reterr);
	if (r < 0)
		return r;
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return error_oom(reterr);
	plan->policy = policy;
	for (size_t i = 0; i < RATION_LIMIT_COUNT; i++) {
		enum ration_limit limit = (enum ration_limit)i;
		struct limit_value implied;

		if (asked(limits, limit))
			add(plan, facts, limit, &limits->value[i], false);
		else if (implied_value(limits, limit, &implied))
			add(plan, facts, limit, &implied, true);
	}
	*ret_plan = TAKE_PTR(plan);
	return 0;
}

int ration_plan_new(const struct ration_host *host, const struct ration_limits *limits,
		enum ration_policy policy, struct ration_plan **ret_plan, struct ration_error *reterr)
{
	return plan_make(&host->facts, limits, policy, ret_plan, reterr);
}

struct ration_plan *ration_plan_free(struct ration_plan *plan)
{
	free(plan);
	return NULL;
}

static bool allowed(const struct ration_plan_item *item, enum ration_policy policy)
{
	/* Nobody asked for it, and nothing that was asked for depends on it. */
	if (item->implied)
		return true;
	/* To lift a limit takes no mechanism. A list has no number, and isn't lifted. */
	if (!item->text && item->asked == RATION_UNLIMITED && item->asked_soft == RATION_UNLIMITED)
		return true;
	switch (policy) {
	case RATION_ENFORCE_STRICT:
		return !item->weaker;
	case RATION_ENFORCE_FALLBACK:
		return item->mechanism != RATION_MECHANISM_NONE;
	case RATION_ENFORCE_ANY:
		return true;
	}
	return false;
}

int ration_plan_check(const struct ration_plan *plan, struct ration_error *reterr)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct ration_plan_item *item = &plan->entry[i].item;
		const struct ration_limit_info *info = ration_limit_info(item->limit);

		if (allowed(item, plan->policy))
			continue;
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NOT_ENFORCEABLE, "%s can't be enforced%s: %s",
				info->flag,
				item->mechanism == RATION_MECHANISM_NONE ? " here" : " for the whole group by the kernel",
				item->reason[0] ? item->reason : "no mechanism of this host can hold it");
		return error_hint(reterr, -EOPNOTSUPP, "%s%s--enforce %s runs it anyway; see ration doctor",
				item->fix, item->fix[0] ? "; or " : "",
				item->mechanism == RATION_MECHANISM_NONE ? "any" : "fallback");
	}
	return 0;
}

size_t ration_plan_count(const struct ration_plan *plan)
{
	return plan->n;
}

const struct ration_plan_item *ration_plan_item(const struct ration_plan *plan, size_t i)
{
	return i < plan->n ? &plan->entry[i].item : NULL;
}

const struct ration_plan_item *plan_held(const struct ration_plan *plan, enum ration_limit limit)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct ration_plan_item *item = &plan->entry[i].item;

		if (item->limit == limit)
			return item->mechanism == RATION_MECHANISM_NONE ? NULL : item;
	}
	return NULL;
}
