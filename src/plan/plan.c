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
 *
 * Only ration_plan_new() and its like look at something: on which disks the paths are
 * that have a rate, and what the group above may use, of which percent are. plan_make()
 * has these numbers already.
 */
#include "plan/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/ceiling.h"
#include "host/cpus.h"
#include "host/host.h"
#include "host/kinds.h"
#include "host/machine.h"
#include "sys/disk.h"
#include "host/names.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

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

/* ------------------------------------------------------------------- checking */

/* A share can come to less than a value that is written out may be. */
static int check_shares(const struct ration_limits *limits, const struct host_facts *facts,
		struct ration_error *reterr)
{
	char comes[RATION_TEXT_MAX], least[RATION_TEXT_MAX];

	for (size_t i = 0; i < RATION_LIMIT_COUNT; i++) {
		const struct limit_value *value = &limits->value[i];
		const struct ration_limit_info *info = ration_limit_info((enum ration_limit)i);
		uint64_t bytes = value->set && value->percent ? resolve(value, info->limit, facts) : UINT64_MAX;

		if (bytes >= info->min)
			continue;
		(void)ration_format_size(least, info->min);
		(void)error_set(reterr, -ERANGE, RATION_CAUSE_INVALID,
				"%s %" PRIu64 ".%02" PRIu64 "%% comes to %s here, which is below %s", info->flag,
				value->hard / 100, value->hard % 100, ration_format_size(comes, bytes), least);
		return error_hint(reterr, -ERANGE, "ask for %s or more, e.g. %s %s", least, info->flag, info->example);
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
		{ RATION_LIMIT_MEMORY_HIGH, "memory-high throttles before memory kills: make it smaller, "
			"e.g. --memory 512M --memory-high 448M" },
		{ RATION_LIMIT_MEMORY_LOW, "no more can be protected than the group may have, "
			"e.g. --memory 512M --memory-low 64M" },
		{ RATION_LIMIT_MEMORY_MIN, "no more can be protected than the group may have, "
			"e.g. --memory 512M --memory-min 32M" },
	};
	uint64_t max = resolve(&limits->value[RATION_LIMIT_MEMORY], RATION_LIMIT_MEMORY, facts);

	for (size_t i = 0; asked(limits, RATION_LIMIT_MEMORY) && i < ARRAY_SIZE(parts); i++) {
		uint64_t part = resolve(&limits->value[parts[i].limit], parts[i].limit, facts);
		char a[RATION_TEXT_MAX], b[RATION_TEXT_MAX], message[160];

		if (!asked(limits, parts[i].limit) || part == RATION_UNLIMITED || part <= max)
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
	uint64_t burst = limits->value[RATION_LIMIT_CPU_BURST].hard, cpus = limits->value[RATION_LIMIT_CPUS].hard;
	char a[RATION_TEXT_MAX], b[RATION_TEXT_MAX], message[160];

	if (asked(limits, RATION_LIMIT_CPU_WEIGHT) && asked(limits, RATION_LIMIT_CPU_IDLE) &&
			limits->value[RATION_LIMIT_CPU_IDLE].hard == 1)
		return contradiction(reterr, "--cpu-weight and --cpu-idle 1: an idle group has no weight",
				"leave one of them out");
	if (!asked(limits, RATION_LIMIT_CPU_BURST))
		return 0;
	if (!asked(limits, RATION_LIMIT_CPUS))
		return contradiction(reterr, "--cpu-burst needs --cpus: there is no rate to burst above",
				"e.g. --cpus 1.5 --cpu-burst 50ms");
	(void)snprintf(message, sizeof(message), "--cpu-burst %s is above the quota of --cpus, %s in 100 ms",
			ration_format_duration(a, burst), ration_format_duration(b, cpus));
	if (burst > cpus)
		return contradiction(reterr, message, "e.g. --cpus 1.5 --cpu-burst 150ms at most");
	return 0;
}

/* Finds the first that `list` has and `set` hasn't. */
static bool first_outside(const char *list, const struct spawn_cpus *set, unsigned *ret)
{
	struct spawn_cpus wanted;

	if (cpus_parse(list, &wanted) < 0)
		return false;
	for (unsigned i = 0; i < SPAWN_CPUS_MAX; i++) {
		if (cpus_has(&wanted, i) && !cpus_has(set, i)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

/* The kernel takes any list and holds what is left of it: nothing at worst, which is all. */
static int check_set(const struct ration_limits *limits, enum ration_limit limit, const char *thing,
		const struct host_set *set, struct ration_error *reterr)
{
	const struct limit_value *value = &limits->value[limit];
	unsigned wrong;

	if (!value->set || !set->known || !first_outside(value->text, &set->mask, &wrong))
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID,
			"%s %.60s: %s %u isn't among those that a group may have here, %.60s (%.180s)",
			ration_limit_info(limit)->flag, value->text, thing, wrong, set->list, set->source);
	return error_hint(reterr, -EINVAL, "choose from %.60s", set->list);
}

/* Who is pinned himself can give no other CPU to his children. */
static int check_affinity(const struct ration_limits *limits, const struct host_facts *facts,
		struct ration_error *reterr)
{
	const struct limit_value *value = &limits->value[RATION_LIMIT_CPUSET_CPUS];
	unsigned wrong;

	if (!value->set || !first_outside(value->text, &facts->cpu_mask, &wrong))
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID,
			"--cpuset-cpus %.60s: CPU %u isn't one of the %u that a group may use here", value->text, wrong,
			facts->cpus);
	return error_hint(reterr, -EINVAL, "see Cpus_allowed_list in /proc/self/status");
}

static bool has_page_size(const struct host_facts *facts, uint64_t bytes)
{
	for (size_t i = 0; i < facts->n_huge; i++) {
		if (facts->huge_bytes[i] == bytes)
			return true;
	}
	return false;
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
			ration_limit_info(pair->limit)->flag, text_escape(shown, sizeof(shown), pair->text),
			machine_page_size(size, pair->page_bytes));
	return error_hint(reterr, -EINVAL, "it has: %s", all);
}

/* Two names of one disk would have two rates, and the kernel keeps the last. */
static int refuse_twice(const struct limit_pair *a, const struct limit_pair *b, struct ration_error *reterr)
{
	char first[TEXT_SHOWN_MAX], second[TEXT_SHOWN_MAX];

	(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "%s %s and %s are for one disk, %u:%u",
			ration_limit_info(a->limit)->flag, text_escape(first, sizeof(first), a->text),
			text_escape(second, sizeof(second), b->text), a->major, a->minor);
	return error_hint(reterr, -EINVAL, "leave one of them out");
}

static int check_pairs(const struct ration_limits *limits, const struct host_facts *facts,
		struct ration_error *reterr)
{
	for (size_t i = 0; i < limits->n_pairs; i++) {
		const struct limit_pair *pair = &limits->pair[i];

		if (ration_limit_info(pair->limit)->key == RATION_KEY_PAGE_SIZE) {
			if (!has_page_size(facts, pair->page_bytes))
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

/* What can't hold together, or not here; each value alone is in range. */
static int check(const struct ration_limits *limits, const struct host_facts *facts, struct ration_error *reterr)
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

/* ------------------------------------------------------------------- choosing */

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

/* Why a limit can't be held for a purpose, on whatever host. */
static const char *misfit(const struct ration_limit_info *info, enum ration_purpose purpose)
{
	if (purpose == RATION_PURPOSE_PROCESS)
		return "it is a limit of groups, not of a process";
	return info->supervised ? "it takes a supervisor, and only ration run has one"
				: "it is a limit of each process, not of a group";
}

/*
 * A group by hand, or one without a supervisor, is found, held and ended by its cgroup2: without
 * one it can't have what a run would have here.
 */
static bool elsewhere(const struct host_facts *facts, const struct ration_limit_info *info,
		enum ration_mechanism mechanism, enum ration_purpose purpose)
{
	return purpose == RATION_PURPOSE_GROUP && mechanism == RATION_MECHANISM_CGROUP1 &&
		(facts->base_kind == RATION_BASE_NONE || facts->base_kind == RATION_BASE_REFUSED) &&
		facts->v1_controllers & mech_v1_controller(info->limit);
}

/* Asks the mechanisms of the row, one after the other. */
static void choose(struct plan_entry *entry, const struct host_facts *facts, enum ration_purpose purpose)
{
	const struct ration_limit_info *info = ration_limit_info(entry->item.limit);

	entry->item.weaker = true;
	if (!ration_limit_fits(info->limit, purpose))
		return add_reason(entry, misfit(info, purpose));

	for (size_t i = 0; i < ARRAY_SIZE(info->mechanisms); i++) {
		const struct mech_ops *ops = mech_ops(info->mechanisms[i]);
		struct mech_answer answer = { .in_force = entry->item.asked };

		if (!ops)
			break;
		if (!limit_serves(purpose, info->mechanisms[i]))
			continue;
		if (elsewhere(facts, info, info->mechanisms[i], purpose)) {
			add_reason(entry,
					"cgroup v1 could hold it, but only for ration run with its supervisor");
			continue;
		}
		ops->ask(facts, info->limit, entry->item.asked_soft, entry->item.asked, &answer);
		add_reason(entry, answer.reason);
		if (answer.fix[0] && !entry->fix[0])
			(void)snprintf(entry->fix, sizeof(entry->fix), "%s", answer.fix);
		if (answer.holds) {
			take(entry, info->mechanisms[i], &answer);
			/* Not the kernel's for a group, where there is such a one, or with something to say about it. */
			entry->item.weaker = (i > 0 && info->mechanisms[i] != RATION_MECHANISM_CGROUP1) ||
				answer.reason[0] != '\0';
			if (!entry->item.weaker)
				entry->reason[0] = entry->fix[0] = '\0';
			return;
		}
	}
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

static void add(struct ration_plan *plan, const struct host_facts *facts, enum ration_limit limit,
		const struct limit_value *value, bool implied)
{
	struct plan_entry *entry = new_entry(plan, limit);

	entry->item.implied = implied;
	entry->item.asked = resolve(value, limit, facts);
	entry->item.asked_soft = value->soft;
	if (limit_is_list(ration_limit_info(limit))) {
		(void)memcpy(entry->text, value->text, sizeof(value->text));
		entry->item.text = entry->text;
	}
	choose(entry, facts, plan->purpose);
}

/* Writes what the kernel calls the key. Says why not, if there is nothing of the kind here. */
static const char *hold_key(struct plan_entry *entry, const struct limit_pair *pair, const struct host_facts *facts)
{
	switch (ration_limit_info(pair->limit)->key) {
	case RATION_KEY_DISK:
		if (pair->major == 0 && pair->minor == 0)
			return host_is_macos(facts) ? "macOS has no limit of I/O rates"
						    : "no disk is to be seen in /sys/dev/block";
		(void)snprintf(entry->held_key, sizeof(entry->held_key), "%u:%u", pair->major, pair->minor);
		return NULL;
	case RATION_KEY_PAGE_SIZE:
		if (!has_page_size(facts, pair->page_bytes))
			return "this kernel has no huge pages of that size";
		(void)machine_page_size(entry->held_key, pair->page_bytes);
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
	entry->item.held_key = entry->held_key;
	choose(entry, facts, plan->purpose);
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
		return asked(limits, RATION_LIMIT_MEMORY) && purpose != RATION_PURPOSE_PROCESS &&
			limits->value[RATION_LIMIT_MEMORY].hard != RATION_UNLIMITED;
	return limit == RATION_LIMIT_RLIMIT_CORE && purpose == RATION_PURPOSE_RUN;
}

/* cgroup v1 has a limit of memory and swap together: without the one, it can't have the other. */
static void settle_v1_swap(struct ration_plan *plan)
{
	const struct ration_plan_item *memory = plan_held(plan, RATION_LIMIT_MEMORY);
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
	add_reason(swap, "cgroup v1 limits swap together with memory alone");
	(void)snprintf(swap->fix, sizeof(swap->fix), "ask for --memory as well");
}

/* Plans each limit by itself. */
static int fill(const struct host_facts *facts, const struct ration_limits *limits, enum ration_policy policy,
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
	for (size_t i = 0; i < RATION_LIMIT_COUNT; i++) {
		enum ration_limit limit = (enum ration_limit)i;
		struct limit_value implied;

		if (asked(limits, limit) && ration_limit_info(limit)->key != RATION_KEY_NONE)
			add_pairs(plan, facts, limit, limits);
		else if (asked(limits, limit))
			add(plan, facts, limit, &limits->value[i], false);
		else if (implied_value(limits, limit, purpose, &implied))
			add(plan, facts, limit, &implied, true);
	}
	settle_v1_swap(plan);
	*ret_plan = plan;
	return 0;
}

int plan_make(const struct host_facts *facts, const struct ration_limits *limits, enum ration_policy policy,
		enum ration_purpose purpose, struct ration_plan **ret_plan, struct ration_error *reterr)
{
	int r = check(limits, facts, reterr);

	return r < 0 ? r : fill(facts, limits, policy, purpose, ret_plan, reterr);
}

/* ------------------------------------------------------------------- for a host */

static int find_disk(const char *root, struct limit_pair *pair, struct ration_error *reterr)
{
	char path[LIMIT_PAIR_MAX], shown[TEXT_SHOWN_MAX], shown_path[TEXT_SHOWN_MAX], why[DISK_WHY_MAX];
	struct disk disk;
	int r;

	(void)snprintf(path, sizeof(path), "%.*s", (int)pair->key_length, pair->text);
	r = disk_find(root, path, &disk, why);
	if (r == 0) {
		pair->major = disk.major;
		pair->minor = disk.minor;
		return 0;
	}
	(void)error_set(reterr, r, RATION_CAUSE_INVALID, "%s %s: %s %s", ration_limit_info(pair->limit)->flag,
			text_escape(shown, sizeof(shown), pair->text),
			text_escape(shown_path, sizeof(shown_path), path), why);
	return error_hint(reterr, r, "name a path on a disk, a disk's node such as /dev/sda, or its number such as "
				     "8:0; lsblk lists them");
}

static int plan_new(const struct host_snapshot *host, const struct host_facts *facts, const struct ration_limits *limits,
		enum ration_policy policy, enum ration_purpose purpose, struct ration_plan **ret_plan,
		struct ration_error *reterr)
{
	CLEANUP(freep) struct ration_limits *found = malloc(sizeof(*found));

	if (!found)
		return error_oom(reterr);
	*found = *limits;
	for (size_t i = 0; i < found->n_pairs; i++) {
		int r = ration_limit_info(found->pair[i].limit)->key == RATION_KEY_DISK ?
			find_disk(host->root, &found->pair[i], reterr) : 0;

		if (r < 0)
			return r;
	}
	return plan_make(facts, found, policy, purpose, ret_plan, reterr);
}

int ration_plan_new(const struct ration_host *host, const struct ration_limits *limits,
		enum ration_policy policy, struct ration_plan **ret_plan, struct ration_error *reterr)
{
	return ration_plan_new_for(host, limits, policy, RATION_PURPOSE_RUN, ret_plan, reterr);
}

int ration_plan_new_for(const struct ration_host *host, const struct ration_limits *limits,
		enum ration_policy policy, enum ration_purpose purpose, struct ration_plan **ret_plan,
		struct ration_error *reterr)
{
	const struct host_snapshot *now = host_now(host);

	return plan_new(now, &now->facts, limits, policy, purpose, ret_plan, reterr);
}

/* Nodes have no limits in cgroup v1 (v1.h). */
static void without_v1(struct host_facts *facts)
{
	if (facts->v1_controllers == 0)
		return;
	facts->v1_controllers = 0;
	(void)strcpy(facts->v1_reason,
			"cgroup v1 could hold it for each of its groups, but not for a tenant");
}

int ration_plan_new_below(const struct ration_host *host, const struct ration_limits *limits,
		enum ration_policy policy, enum ration_purpose purpose, const char *tenant,
		struct ration_plan **ret_plan, struct ration_error *reterr)
{
	const struct host_snapshot *now = host_now(host);
	struct host_facts facts = now->facts;

	if (purpose == RATION_PURPOSE_GROUP && !tenant)
		without_v1(&facts);
	/* One that can't be is refused by who makes the group, with the flag that it came by. */
	if (tenant && names_check("tenant", tenant, NULL) < 0)
		tenant = NULL;
	facts.memory_bytes = ceiling_lowest(now, tenant, "memory.max", facts.memory_bytes);
	facts.swap_bytes = ceiling_lowest(now, tenant, "memory.swap.max", facts.swap_bytes);
	return plan_new(now, &facts, limits, policy, purpose, ret_plan, reterr);
}

int plan_check_purpose(const struct ration_plan *plan, enum ration_purpose purpose, struct ration_error *reterr)
{
	static const char *const names[] = {
		[RATION_PURPOSE_RUN] = "a run",
		[RATION_PURPOSE_GROUP] = "a group",
		[RATION_PURPOSE_PROCESS] = "a process",
	};

	if (plan->purpose != purpose)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "the plan is for %s, not for %s",
				names[plan->purpose], names[purpose]);
	return ration_plan_check(plan, reterr);
}

static unsigned first_of(const struct spawn_cpus *set)
{
	unsigned i = 0;

	while (i < SPAWN_CPUS_MAX - 1 && !cpus_has(set, i))
		i++;
	return i;
}

/* The example of a row, with a CPU, a disk or a page size that is here. */
static int ask_example(struct ration_limits *limits, const struct host_snapshot *host,
		const struct ration_limit_info *info, const struct disk *disk, struct ration_error *reterr)
{
	const struct host_facts *facts = &host->facts;
	const char *value = strrchr(info->example, ':');
	char text[64], size[RATION_TEXT_MAX];
	int r;

	(void)snprintf(text, sizeof(text), "%s", info->example);
	if (info->unit == RATION_UNIT_CPULIST)
		(void)snprintf(text, sizeof(text), "%u", first_of(&facts->cpu_mask));
	if (info->unit == RATION_UNIT_NODELIST && facts->cpuset_mems.known)
		(void)snprintf(text, sizeof(text), "%u", first_of(&facts->cpuset_mems.mask));
	if (info->key == RATION_KEY_DISK && disk)
		(void)snprintf(text, sizeof(text), "%u:%u%s", disk->major, disk->minor, value);
	if (info->key == RATION_KEY_PAGE_SIZE && facts->n_huge > 0)
		(void)snprintf(text, sizeof(text), "%s%s", machine_page_size(size, facts->huge_bytes[0]), value);
	r = ration_limits_parse(limits, info->limit, text, reterr);
	if (r == 0 && info->key == RATION_KEY_DISK && disk) {
		limits->pair[limits->n_pairs - 1].major = disk->major;
		limits->pair[limits->n_pairs - 1].minor = disk->minor;
	}
	return r;
}

int ration_plan_survey(const struct ration_host *host, struct ration_plan **ret_plan, struct ration_error *reterr)
{
	const struct host_snapshot *now = host_now(host);
	CLEANUP(freep) struct ration_limits *limits = calloc(1, sizeof(*limits));
	struct disk disk;
	bool has_disk = disk_first(now->root, &disk) == 0;
	int r = 0;

	if (!limits)
		return error_oom(reterr);
	for (int i = 0; i < RATION_LIMIT_COUNT && r >= 0; i++)
		r = ask_example(limits, now, ration_limit_info((enum ration_limit)i), has_disk ? &disk : NULL, reterr);
	return r < 0 ? r : fill(&now->facts, limits, RATION_ENFORCE_ANY, RATION_PURPOSE_RUN, ret_plan, reterr);
}

struct ration_plan *ration_plan_free(struct ration_plan *plan)
{
	free(plan);
	return NULL;
}

static bool allowed(const struct ration_plan_item *item, enum ration_policy policy)
{
	const struct ration_limit_info *info = ration_limit_info(item->limit);

	/* Nobody asked for it, and nothing that was asked for depends on it. */
	if (item->implied)
		return true;
	/* To lift a limit takes no mechanism. A list has no number, and a protection of all lifts nothing. */
	if (!limit_is_list(info) && !info->protects && item->asked == RATION_UNLIMITED && item->asked_soft == RATION_UNLIMITED)
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
	/* Whoever names a place and is strict doesn't mean another one, whatever the limits. */
	if (plan->policy == RATION_ENFORCE_STRICT && plan->base_reason[0]) {
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NOT_DELEGATED, "--base can't be used: %s",
				plan->base_reason);
		return error_hint(reterr, -EOPNOTSUPP, "%s; or --enforce fallback runs it without", plan->base_fix);
	}
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

const struct ration_plan_item *plan_find(const struct ration_plan *plan, enum ration_limit limit)
{
	for (size_t i = 0; plan && i < plan->n; i++) {
		if (plan->entry[i].item.limit == limit)
			return &plan->entry[i].item;
	}
	return NULL;
}

const struct ration_plan_item *plan_held(const struct ration_plan *plan, enum ration_limit limit)
{
	const struct ration_plan_item *item = plan_find(plan, limit);

	return item && item->mechanism != RATION_MECHANISM_NONE ? item : NULL;
}
