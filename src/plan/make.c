/* SPDX-License-Identifier: MIT */
/*
 * make.c - plans for a host
 *
 * What choice.c can't know without looking: on which disks the paths are that have a
 * rate, and what the group above may use, of which percent are.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "host/ceiling.h"
#include "host/host.h"
#include "host/machine.h"
#include "host/names.h"
#include "plan/choice.h"
#include "sys/cpus.h"
#include "sys/proc/disk.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/size.h"
#include "util/text.h"

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
			text_show(shown, sizeof(shown), pair->text),
			text_show(shown_path, sizeof(shown_path), path), why);
	return error_hint(reterr, r, "use a path on a disk, a device such as /dev/sda, or a number such as "
			"8:0; lsblk lists disks");
}

static int plan_new(const struct host_snapshot *host, const struct host_facts *facts, const struct ration_limits *limits,
		enum ration_policy policy, enum ration_purpose purpose, struct ration_plan **ret_plan,
		struct ration_error *reterr)
{
	CLEANUP(freep) struct ration_limits *found = NULL;

	if (limits->n_pairs == 0)
		return plan_make(facts, limits, policy, purpose, ret_plan, reterr);
	found = malloc(sizeof(*found));
	if (!found)
		return error_oom(reterr);
	/* What isn't there isn't touched: of the room for pairs, 32 KiB in each supervisor. */
	memcpy(found, limits, offsetof(struct ration_limits, pair) + limits->n_pairs * sizeof(limits->pair[0]));
	for (size_t i = 0; i < found->n_pairs; i++) {
		int r = ration_limit_info(found->pair[i].limit)->key == RATION_KEY_DISK ?
			find_disk(host->root, &found->pair[i], reterr) : 0;

		if (r < 0)
			return r;
	}
	return plan_make(facts, found, policy, purpose, ret_plan, reterr);
}

/* Nodes have no limits in cgroup v1 (group/cgroup1.h). */
static void without_v1(struct host_facts *facts)
{
	if (facts->v1_controllers == 0)
		return;
	facts->v1_controllers = 0;
	(void)strcpy(facts->v1_reason,
			"cgroup v1 can enforce it for groups, but not for a tenant");
}

/* What a plan for that place counts with. */
static void look_from(const struct host_snapshot *host, const struct ration_plan_options *options,
		struct host_facts *facts)
{
	const char *tenant = options->tenant;

	if (options->for_tenant && options->purpose == RATION_PURPOSE_GROUP)
		without_v1(facts);
	/* One that can't be is refused by who makes the group, with the flag that it came by. */
	if (tenant && names_check("tenant", tenant, NULL) < 0)
		tenant = NULL;
	else if (!tenant && !options->for_tenant && options->purpose == RATION_PURPOSE_RUN)
		tenant = NAMES_DEFAULT_TENANT;
	ceiling_note(host, tenant, options->tenant || options->for_tenant, facts);
}

static int check_options(const struct ration_plan_options *options, struct ration_error *reterr)
{
	int r = error_check_enum("policy", (int)options->policy, RATION_ENFORCE_ANY, reterr);

	if (r == 0)
		r = error_check_enum("purpose", (int)options->purpose, RATION_PURPOSE_PROCESS, reterr);
	if (r == 0 && options->tenant && options->for_tenant)
		r = error_set(reterr, -EINVAL, RATION_CAUSE_INVALID,
				"a plan is for a tenant or for what is in tenant %s, not for both", options->tenant);
	return r;
}

int ration_plan_new(const struct ration_host *host, const struct ration_limits *limits,
		const struct ration_plan_options *given, struct ration_plan **ret_plan, struct ration_error *reterr)
{
	struct ration_plan_options options;
	const struct host_snapshot *now;
	struct host_facts facts;
	int r = error_check_null("host", host, reterr);

	if (r == 0)
		r = error_check_null("limits", limits, reterr);
	if (r == 0)
		r = TAKE_OPTIONS(struct ration_plan_options, &options, given, reterr);
	if (r == 0)
		r = check_options(&options, reterr);
	if (r < 0)
		return r;
	now = host_now(host);
	facts = now->facts;
	look_from(now, &options, &facts);
	r = facts_check(&facts, reterr);
	if (r < 0)
		return r;
	return plan_new(now, &facts, limits, options.policy, options.purpose, ret_plan, reterr);
}

static unsigned first_of(const struct cpus *set)
{
	unsigned i = 0;

	while (i < CPUS_MAX - 1 && !cpus_has(set, i))
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
	for (size_t i = 0; i < LIMIT_INDEX_COUNT && r >= 0; i++)
		r = ask_example(limits, now, ration_limit_at(i), has_disk ? &disk : NULL, reterr);
	return r < 0 ? r : choice_fill(&now->facts, limits, RATION_ENFORCE_ANY, RATION_PURPOSE_RUN, ret_plan, reterr);
}
