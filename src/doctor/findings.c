/* SPDX-License-Identifier: MIT */
/*
 * findings.c - what weakens limits on a host or costs time, and how to fix it
 *
 * A pure function of the host, the examination and a plan of every limit. Each
 * finding is a rule (rule.h).
 *
 * Several reasons can explain a missing or incomplete BASE: only the first is
 * reported, that of base_reason. The last rule reports each weaker limit that no
 * other rule has explained, so none goes unreported.
 */
#include "doctor/findings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "doctor/base.h"
#include "doctor/kernel.h"
#include "host/host.h"
#include "host/kinds.h"
#include "util/cleanup.h"
#include "util/error.h"

/* From this many on: a note, and a warning. */
#define DYING_NOTE 200
#define DYING_WARN 2000
/* With room for fewer groups than this a burst of runs may fail: a run is a group or two. */
#define GROUPS_LEFT_WARN 100

/* ------------------------------------------------------------------ delegation */

static void threaded_base(const struct machine *machine, struct finding_entry *entry)
{
	if (!machine->seen->threaded)
		return;
	entry->limits = BIT(RATION_LIMIT_MEMORY);
	rule_say(entry, RATION_SEVERITY_BAD, "start ration in a group that isn't threaded, or set --base DIR",
			"%s is a threaded group and can't limit memory", machine->host->base);
}

static void realtime_tasks(const struct machine *machine, struct finding_entry *entry)
{
	const struct examined *seen = machine->seen;
	char fix[64], more[48] = "";

	if (seen->realtime == 0)
		return;
	(void)snprintf(fix, sizeof(fix), "chrt --all-tasks --other --pid 0 %d", (int)seen->realtime_pid);
	if (seen->realtime > 1)
		(void)snprintf(more, sizeof(more), " and %" PRIu64 " more", seen->realtime - 1);
	if (seen->group_sched == EXAMINED_YES)
		entry->limits = BIT(RATION_LIMIT_CPUS) | BIT(RATION_LIMIT_CPU_WEIGHT) | BIT(RATION_LIMIT_CPU_BURST) |
			BIT(RATION_LIMIT_CPU_IDLE);
	rule_say(entry, seen->group_sched == EXAMINED_YES ? RATION_SEVERITY_BAD : RATION_SEVERITY_NOTE, fix,
			"%s of process %d (%s) in %s%s %s: a kernel with CONFIG_RT_GROUP_SCHED, as %s, refuses the cpu "
			"controller to groups with realtime tasks",
			seen->realtime > 1 ? "threads" : "a thread", (int)seen->realtime_pid, seen->realtime_name,
			seen->realtime_group, more, seen->realtime > 1 ? "are realtime" : "is realtime",
			seen->group_sched == EXAMINED_YES ? "this one is" : "this one may be");
}

static void few_groups(const struct machine *machine, struct finding_entry *entry)
{
	const struct examined *seen = machine->seen;
	uint64_t left = seen->groups_max > seen->groups ? seen->groups_max - seen->groups : 0;
	char fix[200];

	if (seen->groups_max == UINT64_MAX || left >= GROUPS_LEFT_WARN)
		return;
	(void)snprintf(fix, sizeof(fix), "echo max >%.150s/cgroup.max.descendants", machine->host->base);
	entry->limits = left < 3 ? ESSENTIAL : 0;
	rule_say(entry, left < 3 ? RATION_SEVERITY_BAD : RATION_SEVERITY_WARN, fix,
			"room for only %" PRIu64 " more groups: cgroup.max.descendants of %s is %" PRIu64, left,
			machine->host->base, seen->groups_max);
}

static void same_user(const struct machine *machine, struct finding_entry *entry)
{
	if (machine->host->base && !machine->host->root)
		rule_say(entry, RATION_SEVERITY_NOTE, "run ration as root, and its command as another user",
				"this user owns the groups, so its programs can change their limits: safe "
				"against careless programs, not against hostile ones");
}

static void session_outside(const struct machine *machine, struct finding_entry *entry)
{
	if (machine->host->base_outside)
		rule_say(entry, RATION_SEVERITY_NOTE, "systemd-run --user --scope bash",
				"systemd has to move each run over D-Bus, which takes about 30 ms; below the "
				"user's own manager it doesn't");
}

/* What isn't above the groups of runs doesn't bound them together. */
static void caller_limits(const struct machine *machine, struct finding_entry *entry)
{
	const struct ration_host_info *host = machine->host;
	const char *limits = machine->seen->caller_limits;

	if (!limits[0])
		return;
	if (host->base_kind == RATION_BASE_UNIT)
		rule_say(entry, RATION_SEVERITY_NOTE, "systemd-run --scope -p Delegate=yes ration run …",
				"runs aren't below the group of this process: its limits (%s) are set for each run, and "
				"don't bound the sum of several", limits);
	else
		rule_say(entry, RATION_SEVERITY_NOTE, "remove --base, or set it to a group below that of this process",
				"%s isn't below the group of this process, whose limits don't apply to runs there: %s",
				host->base, limits);
}

/* ----------------------------------------------------------------- hidden costs */

static void dying_groups(const struct machine *machine, struct finding_entry *entry)
{
	uint64_t dying = machine->seen->dying;

	if (dying >= DYING_NOTE)
		rule_say(entry, dying >= DYING_WARN ? RATION_SEVERITY_WARN : RATION_SEVERITY_NOTE,
				"sync; echo 3 >/proc/sys/vm/drop_caches",
				"%" PRIu64 " removed groups below %s still use kernel memory: the page cache "
						"refers to them",
				dying, machine->host->base);
}

/* Since 6.0. Before, all mounts were as with it. */
static void favordynmods_off(const struct machine *machine, struct finding_entry *entry)
{
	const struct ration_host_info *host = machine->host;
	char fix[256];

	if (!host->base || machine->seen->favordynmods || rule_kernel_before(machine, 6, 0))
		return;
	(void)snprintf(fix, sizeof(fix), "%smount -o remount,favordynmods %.180s",
			host->container ? "outside of the container: " : host->root ? "" : "as root: ", host->mount);
	rule_say(entry, RATION_SEVERITY_NOTE, fix,
			"%s is mounted without favordynmods: moving a process into a group (ration attach, "
			"exec) can take 10 ms", host->mount);
}

/* --------------------------------------------------------------- lesser things */

static void root_nproc(const struct machine *machine, struct finding_entry *entry)
{
	if (!machine->host->root)
		return;
	entry->limits = rule_weakened(machine, "uid 0");
	if (entry->limits)
		rule_say(entry, RATION_SEVERITY_NOTE, "use --pids", "the kernel doesn't enforce --rlimit "
				"nproc for root");
}

static void no_disk(const struct machine *machine, struct finding_entry *entry)
{
	entry->limits = rule_weakened(machine, "no disk") & IO;
	if (entry->limits)
		rule_say(entry, RATION_SEVERITY_NOTE, "", "no disk in /sys/dev/block: I/O rates can't be "
				"limited");
}

static void no_huge_pages(const struct machine *machine, struct finding_entry *entry)
{
	entry->limits = rule_weakened(machine, "no huge pages");
	if (entry->limits)
		rule_say(entry, RATION_SEVERITY_NOTE, "", "this kernel has no huge pages: --hugetlb can't be used");
}

static void weaker_limits(const struct machine *machine, struct finding_entry *entry)
{
	const struct ration_plan_item *item;

	for (size_t i = 0; (item = ration_plan_item(machine->plan, i)); i++) {
		if (!item->weaker || machine->explained & BIT(item->limit))
			continue;
		entry->limits |= BIT(item->limit);
		if (!entry->text[0])
			rule_say(entry, RATION_SEVERITY_NOTE, item->fix, "%s has a weaker mechanism: %s",
					ration_limit_info(item->limit)->name, item->reason);
	}
	entry->item.severity = rule_severity(entry->limits);
}

/* ------------------------------------------------------------------ how it is */

static void unit_pending(const struct machine *machine, struct finding_entry *entry)
{
	if (machine->host->base_pending)
		rule_say(entry, RATION_SEVERITY_OK, "", "the first run starts the systemd unit with the group %s",
				machine->host->base);
}

static void with_systemd(const struct machine *machine, struct finding_entry *entry)
{
	if (machine->host->systemd && machine->host->base && !machine->host->base_pending)
		rule_say(entry, RATION_SEVERITY_OK, "", "systemd is the service manager and delegated %s",
				machine->host->base);
}

static void in_container(const struct machine *machine, struct finding_entry *entry)
{
	if (machine->host->container)
		rule_say(entry, RATION_SEVERITY_OK, "", "this is a container: its own limits apply to "
				"everything in it");
}

/* What is above a cgroup namespace can't be seen from within. */
static void in_pod(const struct machine *machine, struct finding_entry *entry)
{
	if (strcmp(machine->host->container_kind, CONTAINER_KUBERNETES) != 0)
		return;
	if (machine->host->cgroup_namespace)
		rule_say(entry, RATION_SEVERITY_NOTE, "", "this is a container of a Kubernetes pod: the pod's "
				"limits aren't visible, and receipts can't name them");
	else
		rule_say(entry, RATION_SEVERITY_OK, "", "this is a container of a Kubernetes pod: the pod can "
				"have limits for all its containers together");
}

static void in_windows(const struct machine *machine, struct finding_entry *entry)
{
	if (kernel_is(machine->host->kernel_kind, KERNEL_WSL2))
		rule_say(entry, RATION_SEVERITY_OK, "", "this is WSL 2: set the kernel command line in "
				"Windows, with kernelCommandLine in .wslconfig");
	else if (kernel_is(machine->host->kernel_kind, KERNEL_WSL1))
		rule_say(entry, RATION_SEVERITY_NOTE, "in Windows: wsl --set-version DISTRIBUTION 2",
				"this is WSL 1: Windows implements the Linux system calls, and its groups are "
				"untested");
}

static void no_swap(const struct machine *machine, struct finding_entry *entry)
{
	if (machine->host->swap_bytes == 0)
		rule_say(entry, RATION_SEVERITY_OK, "", "the machine has no swap: --swap has no effect");
}

static const struct rule rules[] = {
	{ "missing-controllers", kernel_missing_controllers },
	{ "v1-unusable", kernel_v1_unusable },
	{ "threaded-base", threaded_base },
	{ "rt-tasks", realtime_tasks },
	{ "few-groups", few_groups },
	{ "no-swap-limit", kernel_no_swap_limit },
	{ "no-psi", kernel_no_psi },
	{ "filtered-calls", kernel_filtered_calls },
	{ "foreign-proc", kernel_foreign_proc },
	{ "old-kernel", kernel_old_kernel },
	{ "dying-groups", dying_groups },
	{ "same-user", same_user },
	{ "session-outside", session_outside },
	{ "caller-limits", caller_limits },
	{ "slow-start", kernel_slow_start },
	{ "favordynmods-off", favordynmods_off },
	{ "no-disk", no_disk },
	{ "no-huge-pages", no_huge_pages },
	{ "root-nproc", root_nproc },
	{ "unit-pending", unit_pending },
	{ "systemd", with_systemd },
	{ "container", in_container },
	{ "kubernetes", in_pod },
	{ "wsl", in_windows },
	{ "no-swap", no_swap },
	/* The last: it takes what is left. */
	{ "weaker-limits", weaker_limits },
};
_Static_assert(ARRAY_SIZE(rules) + 1 <= FINDINGS_MAX, "too many findings");

/* ------------------------------------------------------------------- judging */

/* Puts a finding behind those that are as bad. */
static void insert(struct ration_findings *findings, const struct finding_entry *entry)
{
	size_t at = findings->n++;

	for (; at > 0 && findings->entry[at - 1].item.severity < entry->item.severity; at--)
		findings->entry[at] = findings->entry[at - 1];
	findings->entry[at] = *entry;
}

/* Adds what a rule finds. Returns whether it has found something. */
static bool apply(const struct rule *rule, struct machine *machine, struct ration_findings *findings)
{
	struct finding_entry entry = { .item = { .size = sizeof(entry.item), .id = rule->id } };

	rule->find(machine, &entry);
	if (!entry.text[0])
		return false;
	machine->explained |= entry.limits;
	/* Whatever the rule makes of it: the exit status of doctor hangs on this. */
	if (entry.limits & ESSENTIAL)
		entry.item.severity = RATION_SEVERITY_BAD;
	insert(findings, &entry);
	return true;
}

void findings_judge(const struct ration_host_info *host, const struct examined *seen,
		const struct ration_plan *plan, struct ration_findings *ret)
{
	struct machine machine = { .host = host, .seen = seen, .plan = plan };

	for (size_t i = 0; host->base_reason[0] && base_rules[i].id; i++) {
		if (apply(&base_rules[i], &machine, ret))
			break;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		(void)apply(&rules[i], &machine, ret);
	for (size_t i = 0; i < ret->n; i++) {
		ret->entry[i].item.text = ret->entry[i].text;
		ret->entry[i].item.fix = ret->entry[i].fix;
	}
}

int ration_findings_new(const struct ration_host *host, struct ration_findings **ret_findings,
		struct ration_error *reterr)
{
	struct ration_host_info info = { .size = sizeof(info) };
	CLEANUP(freep) struct ration_findings *findings = calloc(1, sizeof(*findings));
	CLEANUP(freep) struct ration_plan *plan = NULL;
	struct examined seen;
	int r;

	if (!findings)
		return error_oom(reterr);
	r = ration_plan_survey(host, &plan, reterr);
	if (r < 0)
		return r;
	ration_host_info(host, &info);
	examine(host_now(host), &seen);
	findings_judge(&info, &seen, plan, findings);
	*ret_findings = TAKE_PTR(findings);
	return 0;
}

struct ration_findings *ration_findings_free(struct ration_findings *findings)
{
	free(findings);
	return NULL;
}

bool ration_findings_strict(const struct ration_findings *findings)
{
	/* The worst comes first. */
	return findings->n == 0 || findings->entry[0].item.severity != RATION_SEVERITY_BAD;
}

size_t ration_findings_count(const struct ration_findings *findings)
{
	return findings->n;
}

const struct ration_finding *ration_findings_item(const struct ration_findings *findings, size_t i)
{
	return i < findings->n ? &findings->entry[i].item : NULL;
}

bool ration_findings_weakens(const struct ration_findings *findings, size_t i, enum ration_limit limit)
{
	size_t index = limit_index(limit);

	return i < findings->n && index < LIMIT_INDEX_COUNT && findings->entry[i].limits >> index & 1;
}
