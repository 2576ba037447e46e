/* SPDX-License-Identifier: MIT */
/*
 * choice.c - which mechanism enforces each limit, or why none can
 *
 * A pure function of (limits, facts, policy): it reads no file and makes no
 * group, so that `ration plan` can print what `ration run` will do, and tests
 * can ask it about hosts that they don't have.
 *
 * Each limit's row names its mechanisms, the best first. The first that says
 * yes is taken; every no before it is kept as the reason. What isn't asked for
 * but follows from it is planned as well, marked `implied`: no swap for a group
 * whose memory is limited (a limit that swaps is no limit), and no core files;
 * and what this process's own group allows, if the run is to be outside of that.
 */
#include "plan/choice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/machine.h"
#include "plan/check.h"
#include "plan/mech/table.h"
#include "plan/values.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Adds `text` to a sentence of reasons. */
static void add_reason(struct plan_entry *entry, const char *text)
{
	size_t length = strlen(entry->reason);

	if (text[0] && length < sizeof(entry->reason))
		(void)snprintf(entry->reason + length, sizeof(entry->reason) - length, "%s%s",
				length > 0 ? "; " : "", text);
}

static void take_mechanism(struct plan_entry *entry, enum ration_mechanism mechanism, const struct mech_answer *answer)
{
	entry->item.mechanism = mechanism;
	entry->item.scope = answer->scope;
	entry->item.in_force = answer->in_force;
	entry->item.backstop = answer->backstop;
	entry->item.backstop_scope = answer->backstop_scope;
}

/* Why a limit can't be enforced for a purpose, on any host. */
static const char *misfit(const struct ration_limit_info *info, enum ration_purpose purpose)
{
	if (purpose == RATION_PURPOSE_PROCESS)
		return "it applies to groups, not to processes";
	return info->supervised ? "it needs a supervisor, which only ration run has"
				: "it applies to processes, not to groups";
}

/*
 * A group without a supervisor is found, frozen and killed by its cgroup2. Without one it can't have limits
 * that a run could have here.
 */
static bool elsewhere(const struct host_facts *facts, const struct ration_limit_info *info,
		enum ration_mechanism mechanism, enum ration_purpose purpose)
{
	return purpose == RATION_PURPOSE_GROUP && mechanism == RATION_MECHANISM_CGROUP1 &&
		(facts->base_kind == RATION_BASE_NONE || facts->base_kind == RATION_BASE_REFUSED) &&
		facts->v1_controllers & mech_v1_controller(info->limit);
}

/* Asks the mechanisms of the row, one after the other, for no more than `hard`. */
static void choose(struct plan_entry *entry, const struct host_facts *facts, enum ration_purpose purpose, uint64_t hard)
{
	const struct ration_limit_info *info = ration_limit_info(entry->item.limit);

	entry->item.weaker = true;
	if (!ration_limit_fits(info->limit, purpose))
		return add_reason(entry, misfit(info, purpose));

	for (size_t i = 0; info->mechanisms[i] != RATION_MECHANISM_NONE; i++) {
		const struct mech_ops *ops = mech_ops(info->mechanisms[i]);
		struct mech_answer answer = { .in_force = hard };

		if (!ops)
			break;
		if (!limit_serves(purpose, info->mechanisms[i]))
			continue;
		if (elsewhere(facts, info, info->mechanisms[i], purpose)) {
			add_reason(entry,
					"with cgroup v1 it needs a supervisor, which only ration run has");
			continue;
		}
		ops->ask(facts, info->limit, entry->item.asked_soft, hard, &answer);
		add_reason(entry, answer.reason);
		if (answer.fix[0] && !entry->fix[0])
			(void)snprintf(entry->fix, sizeof(entry->fix), "%s", answer.fix);
		if (answer.enforces) {
			take_mechanism(entry, info->mechanisms[i], &answer);
			/*
			 * Weaker: another mechanism than the kernel's for a group, where such a one exists,
			 * or one with a note.
			 */
			entry->item.weaker = (i > 0 && info->mechanisms[i] != RATION_MECHANISM_CGROUP1) ||
				answer.reason[0] != '\0';
			if (!entry->item.weaker)
				entry->reason[0] = entry->fix[0] = '\0';
			return;
		}
	}
}

static const struct host_bound *bound_of(const struct host_bounds *bounds, enum ration_limit limit)
{
	switch ((unsigned)limit) {
	case RATION_LIMIT_MEMORY:
		return &bounds->memory;
	case RATION_LIMIT_MEMORY_HIGH:
		return &bounds->memory_high;
	case RATION_LIMIT_SWAP:
		return &bounds->swap;
	case RATION_LIMIT_PIDS:
		return &bounds->pids;
	case RATION_LIMIT_CPUS:
		return &bounds->cpus;
	default:
		return NULL;
	}
}

static void format_bound(char value[RATION_TEXT_MAX], enum ration_limit limit, uint64_t bound)
{
	if (limit == RATION_LIMIT_CPUS || limit == RATION_LIMIT_CPU_BURST)
		(void)snprintf(value, RATION_TEXT_MAX, "%.4g CPUs", (double)bound / 100000);
	else if (limit == RATION_LIMIT_PIDS)
		(void)snprintf(value, RATION_TEXT_MAX, "%" PRIu64, bound);
	else
		(void)ration_format_size(value, bound);
}

/* A level above allows less: the limit holds all the same, but another one is reached first. */
static void tell_bound(struct plan_entry *entry, const struct host_facts *facts)
{
	const struct host_bound *bound = bound_of(&facts->bounds, entry->item.limit);
	struct host_bound cpus = { .known = facts->cpus > 0, .value = facts->cpus * UINT64_C(100000) };
	char value[RATION_TEXT_MAX], text[sizeof(bound->source) + RATION_TEXT_MAX + 32];

	/* As many CPUs as there are, or as the cpuset has, are no file's limit. */
	(void)snprintf(cpus.source, sizeof(cpus.source), "%s", facts->cpuset_cpus.known && facts->cpuset_cpus.source[0] ?
			facts->cpuset_cpus.source : "the machine");
	if (bound == &facts->bounds.cpus && cpus.known && (!bound->known || cpus.value < bound->value))
		bound = &cpus;
	if (!bound || !bound->known || entry->item.in_force <= bound->value ||
			entry->item.mechanism != RATION_MECHANISM_CGROUP2)
		return;
	format_bound(value, entry->item.limit, bound->value);
	(void)snprintf(text, sizeof(text), "less is allowed above: %s by %s", value, bound->source);
	add_reason(entry, text);
}

/*
 * The group of this process isn't above the run's, so its limits become limits of each single run. A caller
 * who names a BASE has chosen the limits there: then these are only mentioned.
 */
static const struct host_bound *caller_bound(const struct ration_plan *plan, const struct host_facts *facts,
		enum ration_limit limit)
{
	/* The kernel refuses a burst above the rate. */
	const struct host_bound *bound = limit == RATION_LIMIT_CPU_BURST ? &facts->caller.bounds.cpus :
		bound_of(&facts->caller.bounds, limit);

	return plan->purpose == RATION_PURPOSE_RUN && facts->caller.apart && bound && bound->known ? bound : NULL;
}

static bool keeps_caller(const struct host_facts *facts)
{
	return facts->base_kind == RATION_BASE_UNIT;
}

static void tell_caller(struct plan_entry *entry, const struct host_facts *facts, const struct host_bound *bound)
{
	char value[RATION_TEXT_MAX], text[sizeof(bound->source) + RATION_TEXT_MAX + 96];

	format_bound(value, entry->item.limit, bound->value);
	if (keeps_caller(facts))
		(void)snprintf(text, sizeof(text), "not more than the group of this process is allowed: %s by %s", value,
				bound->source);
	else
		(void)snprintf(text, sizeof(text), "the group of this process is allowed less, which doesn't apply below --base: "
				"%s by %s", value, bound->source);
	add_reason(entry, text);
}

static struct plan_entry *new_entry(struct ration_plan *plan, enum ration_limit limit)
{
	struct plan_entry *entry = &plan->entry[plan->n++];

	entry->item.size = sizeof(entry->item);
	entry->item.limit = limit;
	entry->item.asked_soft = RATION_UNLIMITED;
	entry->item.reason = entry->reason;
	entry->item.fix = entry->fix;
	return entry;
}

static void add_value(struct ration_plan *plan, const struct host_facts *facts, enum ration_limit limit,
		const struct limit_value *value, bool implied)
{
	struct plan_entry *entry = new_entry(plan, limit);
	const struct host_bound *bound = caller_bound(plan, facts, limit);
	uint64_t hard = value_resolve(value, limit, facts);

	entry->item.implied = implied;
	entry->item.asked = hard;
	entry->item.asked_soft = value->soft;
	if (limit_is_list(ration_limit_info(limit))) {
		(void)memcpy(entry->text, value->text, sizeof(value->text));
		entry->item.text = entry->text;
	}
	if (bound && hard > bound->value && keeps_caller(facts)) {
		entry->item.of_caller = true;
		hard = bound->value;
	}
	choose(entry, facts, plan->purpose, hard);
	tell_bound(entry, facts);
	if (bound && entry->item.asked > bound->value)
		tell_caller(entry, facts, bound);
}

/* A limit of the caller's that nobody asked for. */
static bool caller_value(const struct ration_plan *plan, const struct host_facts *facts, enum ration_limit limit,
		struct limit_value *ret, const char **ret_source)
{
	const struct host_bound *bound = bound_of(&facts->caller.bounds, limit) ? caller_bound(plan, facts, limit) : NULL;
	const struct host_set *set = limit == RATION_LIMIT_CPUSET_CPUS ? &facts->caller.cpus :
		limit == RATION_LIMIT_CPUSET_MEMS ? &facts->caller.mems : NULL;

	*ret = (struct limit_value) { .set = true, .soft = RATION_UNLIMITED };
	if (plan->purpose != RATION_PURPOSE_RUN || !facts->caller.apart || !keeps_caller(facts))
		return false;
	if (set && set->known) {
		(void)snprintf(ret->text, sizeof(ret->text), "%s", set->list);
		*ret_source = set->source;
		return true;
	}
	ret->hard = bound ? bound->value : 0;
	*ret_source = bound ? bound->source : NULL;
	return bound;
}

static void add_caller(struct ration_plan *plan, const struct host_facts *facts, enum ration_limit limit,
		const struct limit_value *value, const char *source)
{
	struct plan_entry *entry;
	char text[sizeof(entry->reason)];

	add_value(plan, facts, limit, value, true);
	entry = &plan->entry[plan->n - 1];
	entry->item.of_caller = true;
	(void)snprintf(text, sizeof(text), "the group of this process is allowed no more (%s)", source);
	add_reason(entry, text);
}

/* Writes what the kernel calls the key. Says why not, if there is nothing of the kind here. */
static const char *hold_key(struct plan_entry *entry, const struct limit_pair *pair, const struct host_facts *facts)
{
	switch (ration_limit_info(pair->limit)->key) {
	case RATION_KEY_DISK:
		if (pair->major == 0 && pair->minor == 0)
			return host_is_macos(facts) ? "macOS has no limit of I/O rates"
						    : "no disk in /sys/dev/block";
		(void)snprintf(entry->in_force_key, sizeof(entry->in_force_key), "%u:%u", pair->major, pair->minor);
		return NULL;
	case RATION_KEY_PAGE_SIZE:
		if (!value_has_page_size(facts, pair->page_bytes))
			return "this kernel has no huge pages of that size";
		(void)machine_page_size(entry->in_force_key, pair->page_bytes);
		return NULL;
	case RATION_KEY_NONE:
		break;
	}
	return NULL;
}

static void add_pair(struct ration_plan *plan, const struct host_facts *facts, const struct limit_pair *pair)
{
	struct plan_entry *entry = new_entry(plan, pair->limit);
	const char *nothing = hold_key(entry, pair, facts);

	(void)strcpy(entry->text, pair->text);
	entry->item.text = entry->text;
	entry->item.asked = pair->value;
	if (nothing) {
		add_reason(entry, nothing);
		entry->item.weaker = true;
		return;
	}
	entry->item.in_force_key = entry->in_force_key;
	choose(entry, facts, plan->purpose, pair->value);
	/* Rounded down, as the kernel does. */
	if (pair->page_bytes > 0 && entry->item.in_force != RATION_UNLIMITED)
		entry->item.in_force -= entry->item.in_force % pair->page_bytes;
}

static void add_pairs(struct ration_plan *plan, const struct host_facts *facts, enum ration_limit limit,
		const struct ration_limits *limits)
{
	for (size_t i = 0; i < limits->n_pairs; i++) {
		if (limits->pair[i].limit == limit)
			add_pair(plan, facts, &limits->pair[i]);
	}
}

/* What follows from the limits that were asked for. */
static bool implied_value(const struct ration_limits *limits, enum ration_limit limit,
		enum ration_purpose purpose, struct limit_value *ret)
{
	*ret = (struct limit_value) { .set = true, .soft = RATION_UNLIMITED };
	if (limit == RATION_LIMIT_SWAP)
		return value_asked(limits, RATION_LIMIT_MEMORY) && purpose != RATION_PURPOSE_PROCESS &&
			limits_value(limits, RATION_LIMIT_MEMORY)->hard != RATION_UNLIMITED;
	return limit == RATION_LIMIT_RLIMIT_CORE && purpose == RATION_PURPOSE_RUN;
}

/* cgroup v1 has a limit of memory and swap together: without the one, it can't have the other. */
static void settle_v1_swap(struct ration_plan *plan)
{
	const struct ration_plan_item *memory = plan_enforced(plan, RATION_LIMIT_MEMORY);
	struct plan_entry *swap = NULL;

	for (size_t i = 0; i < plan->n; i++) {
		if (plan->entry[i].item.limit == RATION_LIMIT_SWAP)
			swap = &plan->entry[i];
	}
	if (!swap || swap->item.mechanism != RATION_MECHANISM_CGROUP1 || swap->item.asked == RATION_UNLIMITED ||
			(memory && memory->in_force != RATION_UNLIMITED))
		return;
	swap->item.mechanism = RATION_MECHANISM_NONE;
	swap->item.scope = RATION_SCOPE_NONE;
	swap->item.weaker = true;
	add_reason(swap, "cgroup v1 limits swap only together with memory");
	(void)snprintf(swap->fix, sizeof(swap->fix), "add --memory");
}

static void set_policies(struct ration_plan *plan, const struct ration_limits *limits)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct plan_entry *entry = &plan->entry[i];
		const struct limit_policy *own = &limits->policy[limit_index(entry->item.limit)];

		entry->own_policy = own->set;
		entry->item.policy = own->set ? own->policy : plan->policy;
	}
}

int choice_fill(const struct host_facts *facts, const struct ration_limits *limits, enum ration_policy policy,
		enum ration_purpose purpose, struct ration_plan **ret_plan, struct ration_error *reterr)
{
	struct ration_plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return error_oom(reterr);
	plan->policy = policy;
	plan->purpose = purpose;
	plan->os = facts->os;
	if (facts->base_kind == RATION_BASE_REFUSED) {
		(void)strcpy(plan->base_reason, facts->base_reason);
		(void)strcpy(plan->base_fix, facts->base_fix);
	}
	for (size_t i = 0; i < LIMIT_INDEX_COUNT; i++) {
		enum ration_limit limit = limit_at(i);
		struct limit_value implied;
		const char *source;

		if (value_asked(limits, limit) && ration_limit_info(limit)->key != RATION_KEY_NONE)
			add_pairs(plan, facts, limit, limits);
		else if (value_asked(limits, limit))
			add_value(plan, facts, limit, &limits->value[i], false);
		else if (implied_value(limits, limit, purpose, &implied))
			add_value(plan, facts, limit, &implied, true);
		else if (caller_value(plan, facts, limit, &implied, &source))
			add_caller(plan, facts, limit, &implied, source);
	}
	settle_v1_swap(plan);
	set_policies(plan, limits);
	*ret_plan = plan;
	return 0;
}

int plan_make(const struct host_facts *facts, const struct ration_limits *limits, enum ration_policy policy,
		enum ration_purpose purpose, struct ration_plan **ret_plan, struct ration_error *reterr)
{
	int r = check_limits(limits, facts, reterr);

	return r < 0 ? r : choice_fill(facts, limits, policy, purpose, ret_plan, reterr);
}
