/* SPDX-License-Identifier: MIT */
/*
 * findings.c - what makes limits weaker on a host, or dearer, and what would help
 *
 * A pure function of what the host and the examination found and of a plan of
 * every limit. Each finding is a rule: an id, which programs and ration-doctor(1)
 * know it by, and a function that finds it or doesn't.
 *
 * Of the reasons why there is no BASE, or less than a whole one, only the first
 * is told: it is that of base_reason. What a plan has as weaker and no rule has
 * taken upon itself goes to the last of them: nothing that is weaker is silent.
 */
#include "doctor/findings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "host/kinds.h"
#include "util/cleanup.h"
#include "util/error.h"

#define BIT(limit) (UINT64_C(1) << limit_index(limit))
_Static_assert(LIMIT_INDEX_COUNT <= 64, "a limit has no bit");

/* What DESIGN and every user mean by limits: without one of these a host isn't good. */
#define ESSENTIAL (BIT(RATION_LIMIT_MEMORY) | BIT(RATION_LIMIT_CPUS) | BIT(RATION_LIMIT_PIDS))
/* Hardly anybody misses these, and many hosts can't have them. */
#define MINOR (BIT(RATION_LIMIT_HUGETLB) | BIT(RATION_LIMIT_RLIMIT_NPROC))
#define IO                                                                                              \
	(BIT(RATION_LIMIT_IO_READ_BPS) | BIT(RATION_LIMIT_IO_WRITE_BPS) | BIT(RATION_LIMIT_IO_READ_IOPS) | \
			BIT(RATION_LIMIT_IO_WRITE_IOPS))

/* Controllers that a whole BASE has; hugetlb is no more than a kernel's option. */
#define WHOLE                                                                                          \
	(RATION_CONTROLLER_CPU | RATION_CONTROLLER_CPUSET | RATION_CONTROLLER_IO | RATION_CONTROLLER_MEMORY | \
			RATION_CONTROLLER_PIDS)

/* From so many on they are worth a word, and a warning. */
#define DYING_NOTE 200
#define DYING_WARN 2000
/* With room for fewer groups than this a burst of runs may fail: a run is a group or two. */
#define GROUPS_LEFT_WARN 100

struct patient {
	const struct ration_host_info *host;
	const struct examined *seen;
	const struct ration_plan *plan;
	uint64_t explained; /* limits that are in a finding already */
};

struct rule {
	const char *id;
	void (*find)(const struct patient *patient, struct finding_entry *entry);
};

/* ------------------------------------------------------------------- helpers */

static void say(struct finding_entry *entry, enum ration_severity severity, const char *fix, const char *format, ...)
		__attribute__((format(printf, 4, 5)));

static void say(struct finding_entry *entry, enum ration_severity severity, const char *fix, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(entry->text, sizeof(entry->text), format, args);
	va_end(args);
	(void)snprintf(entry->fix, sizeof(entry->fix), "%s", fix);
	entry->item.severity = severity;
}

static enum ration_severity severity_of(uint64_t limits)
{
	if (limits & ESSENTIAL)
		return RATION_SEVERITY_BAD;
	return limits & ~MINOR ? RATION_SEVERITY_WARN : RATION_SEVERITY_NOTE;
}

/* The limits that are weaker for a reason with these words in it. */
static uint64_t weakened(const struct patient *patient, const char *words)
{
	const struct ration_plan_item *item;
	uint64_t limits = 0;

	for (size_t i = 0; (item = ration_plan_item(patient->plan, i)); i++) {
		if (item->weaker && strstr(item->reason, words))
			limits |= BIT(item->limit);
	}
	return limits;
}

/* Whether this is a Linux without a feature. */
static bool lacks(const struct patient *patient, uint32_t feature)
{
	return patient->seen->on_linux && !(patient->host->features & feature);
}

static bool kernel_before(const struct patient *patient, unsigned major, unsigned minor)
{
	unsigned a = 0, b = 0;

	(void)sscanf(patient->host->kernel, "%u.%u", &a, &b);
	return a < major || (a == major && b < minor);
}

/* Writes the names of controllers: "cpu pids". Returns buf. */
static const char *controller_names(char *buf, size_t size, uint32_t bits)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < HOST_CONTROLLERS && used < size; i++) {
		if (bits & host_controllers[i].bit)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? " " : "",
					host_controllers[i].name);
	}
	return buf;
}

/* ---------------------------------------------------------------------- BASE */

/* What weakens is that there is no whole BASE, and the probe has said why. */
static void blame_base(const struct patient *patient, struct finding_entry *entry, bool is_so)
{
	if (!is_so)
		return;
	entry->limits = weakened(patient, patient->host->base_reason);
	say(entry, severity_of(entry->limits), patient->host->base_fix, "%s", patient->host->base_reason);
}

static bool is_gvisor(const struct patient *patient)
{
	return kernel_is(patient->host->kernel_kind, KERNEL_GVISOR);
}

static void gvisor(const struct patient *patient, struct finding_entry *entry)
{
	blame_base(patient, entry, is_gvisor(patient));
}

static void no_cgroups(const struct patient *patient, struct finding_entry *entry)
{
	blame_base(patient, entry, patient->host->hierarchy == RATION_HIERARCHY_NONE);
}

/* Where v1 has the controllers a run can have them there. */
static void blame_v1(const struct patient *patient, struct finding_entry *entry, bool is_so)
{
	size_t length;

	blame_base(patient, entry, is_so);
	length = strlen(entry->text);
	if (length > 0 && patient->host->controllers_v1 & WHOLE)
		(void)snprintf(entry->text + length, sizeof(entry->text) - length,
				"; ration run takes those of v1, which groups by hand can't have");
}

static void v1_only(const struct patient *patient, struct finding_entry *entry)
{
	blame_v1(patient, entry, patient->host->hierarchy == RATION_HIERARCHY_V1);
}

static void base_refused(const struct patient *patient, struct finding_entry *entry)
{
	blame_base(patient, entry, patient->host->base_kind == RATION_BASE_REFUSED);
}

static void own_group_hidden(const struct patient *patient, struct finding_entry *entry)
{
	blame_base(patient, entry, !patient->host->base && !patient->host->own);
}

static void read_only(const struct patient *patient, struct finding_entry *entry)
{
	blame_base(patient, entry, !patient->host->base && patient->seen->read_only);
}

static void systemd_owns(const struct patient *patient, struct finding_entry *entry)
{
	blame_base(patient, entry, !patient->host->base && patient->host->systemd);
}

static void not_delegated(const struct patient *patient, struct finding_entry *entry)
{
	blame_base(patient, entry, !patient->host->base);
}

static void v1_controllers(const struct patient *patient, struct finding_entry *entry)
{
	blame_v1(patient, entry, patient->host->hierarchy == RATION_HIERARCHY_HYBRID &&
			!(patient->host->controllers & WHOLE));
}

static void shared_group(const struct patient *patient, struct finding_entry *entry)
{
	blame_base(patient, entry, patient->seen->kept_back & WHOLE && !(patient->host->controllers & WHOLE));
}

static void partly_delegated(const struct patient *patient, struct finding_entry *entry)
{
	blame_base(patient, entry, patient->host->base_kind == RATION_BASE_UNIT && patient->host->controllers & WHOLE);
}

static void no_controllers(const struct patient *patient, struct finding_entry *entry)
{
	blame_base(patient, entry, !(patient->host->controllers & WHOLE));
}

static void less_base(const struct patient *patient, struct finding_entry *entry)
{
	blame_base(patient, entry, true);
}

/* The first that holds is told, if there is something to tell. */
static const struct rule base_rules[] = {
	{ "gvisor", gvisor },
	{ "no-cgroups", no_cgroups },
	{ "v1-only", v1_only },
	{ "base-refused", base_refused },
	{ "own-group-hidden", own_group_hidden },
	{ "read-only", read_only },
	{ "systemd-owns", systemd_owns },
	{ "not-delegated", not_delegated },
	{ "v1-controllers", v1_controllers },
	{ "shared-group", shared_group },
	{ "partly-delegated", partly_delegated },
	{ "no-controllers", no_controllers },
	{ "less-base", less_base },
};

/* ------------------------------------------------------- controllers and kernel */

/* BASE is as good as it can be, and yet the kernel or cgroup v1 keeps some to itself. */
static void missing_controllers(const struct patient *patient, struct finding_entry *entry)
{
	const struct ration_host_info *host = patient->host;
	uint64_t limits = weakened(patient, "controller isn't available") & ~patient->explained;
	char names[64];

	if (limits == 0)
		return;
	entry->limits = limits;
	controller_names(names, sizeof(names), ~host->controllers & (limits == BIT(RATION_LIMIT_HUGETLB) ?
			RATION_CONTROLLER_HUGETLB : WHOLE));
	if (patient->seen->disabled[0])
		say(entry, severity_of(limits), "boot without cgroup_disable=",
				"groups can't have these controllers: %s; the kernel was booted with cgroup_disable=%s", names,
				patient->seen->disabled);
	else if (host->hierarchy == RATION_HIERARCHY_HYBRID)
		say(entry, severity_of(limits), kernel_fix_v1(host->kernel_kind),
				"cgroup v1 holds these controllers: %s", names);
	else
		say(entry, severity_of(limits), "", "groups can't have these controllers here: %s", names);
}

/* Cgroup v1 has controllers that would do for a run, and we may not write there. */
static void v1_unusable(const struct patient *patient, struct finding_entry *entry)
{
	const char *reason = patient->host->v1_reason;

	if (!reason[0])
		return;
	entry->limits = weakened(patient, reason);
	say(entry, severity_of(entry->limits), "", "controllers of cgroup v1 can't be used for runs: %s", reason);
}

static void no_psi(const struct patient *patient, struct finding_entry *entry)
{
	if (!lacks(patient, RATION_FEATURE_PSI))
		return;
	entry->limits = weakened(patient, "pressure stalls");
	say(entry, RATION_SEVERITY_WARN, patient->seen->pressure ? "boot with psi=1" : "boot a kernel with CONFIG_PSI",
			"pressure isn't measured: there is no --stall-timeout, no ration guard, and no stall in receipts");
}

/* Only where the rest of memory is held: else it is the controller that lacks. */
static void no_swap_limit(const struct patient *patient, struct finding_entry *entry)
{
	const struct ration_host_info *host = patient->host;

	if (!lacks(patient, RATION_FEATURE_SWAP_MAX) || !(host->controllers & RATION_CONTROLLER_MEMORY))
		return;
	entry->limits = weakened(patient, "account swap");
	say(entry, host->swap_bytes > 0 ? RATION_SEVERITY_WARN : RATION_SEVERITY_NOTE,
			patient->seen->swap_off ? "boot without swapaccount=0" : "boot a kernel with CONFIG_SWAP",
			"swap isn't accounted: what has a memory limit can have as much swap again as there is");
}

/* What came with which kernel; `costs` is whether its lack is more than a figure that isn't there. */
static const struct {
	uint32_t bit;
	const char *name;
	bool costs;
} since[] = {
	{ RATION_FEATURE_CGROUP_KILL, "cgroup.kill (5.14)", true },
	{ RATION_FEATURE_CPU_BURST, "cpu.max.burst (5.14)", true },
	{ RATION_FEATURE_CPU_IDLE, "cpu.idle (5.15)", true },
	{ RATION_FEATURE_MEMORY_PEAK, "memory.peak (5.19)", false },
	{ RATION_FEATURE_PIDS_PEAK, "pids.peak (6.1)", false },
	{ RATION_FEATURE_SWAP_PEAK, "memory.swap.peak (6.5)", false },
};

static void old_kernel(const struct patient *patient, struct finding_entry *entry)
{
	char names[200] = "";
	size_t used = 0;
	bool costs = false;

	for (size_t i = 0; i < ARRAY_SIZE(since); i++) {
		if (!lacks(patient, since[i].bit))
			continue;
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "", since[i].name);
		costs |= since[i].costs;
	}
	if (used == 0)
		return;
	entry->limits = weakened(patient, "this kernel has no");
	say(entry, costs ? RATION_SEVERITY_WARN : RATION_SEVERITY_NOTE, "boot Linux 6.5 or later",
			"this kernel doesn't have %s%s", names, costs ? "" : ": receipts leave these figures out");
}

/* The version has it, and the call fails: seccomp of a container, as a rule an old one. */
static void filtered_calls(const struct patient *patient, struct finding_entry *entry)
{
	bool clone = !kernel_before(patient, 5, 7) && lacks(patient, RATION_FEATURE_CLONE_INTO_CGROUP);
	bool openat2 = !kernel_before(patient, 5, 6) && lacks(patient, RATION_FEATURE_OPENAT2);
	bool pidfd = !kernel_before(patient, 5, 3) && lacks(patient, RATION_FEATURE_PIDFD);

	if (clone || openat2 || pidfd)
		say(entry, RATION_SEVERITY_WARN, "update the container's runtime and libseccomp, or allow them in its "
						"seccomp profile",
				"a filter of system calls refuses what this kernel has:%s%s%s", clone ? " clone3" : "",
				openat2 ? " openat2" : "", pidfd ? " pidfd_open" : "");
}

static void slow_start(const struct patient *patient, struct finding_entry *entry)
{
	if (patient->host->base && !(patient->host->features & RATION_FEATURE_CLONE_INTO_CGROUP))
		say(entry, RATION_SEVERITY_NOTE, patient->seen->favordynmods ? "" : "mount cgroup2 with favordynmods",
				"no command can be born in its group: each is moved there before it runs, which can take 10 ms");
}

static void foreign_proc(const struct patient *patient, struct finding_entry *entry)
{
	if (!patient->seen->proc_foreign)
		return;
	entry->limits = weakened(patient, "/proc");
	say(entry, RATION_SEVERITY_WARN, "mount -t proc proc /proc",
			"/proc is of another pid namespace: what there is no group for can't be watched");
}

/* ------------------------------------------------------------------ delegation */

static void threaded_base(const struct patient *patient, struct finding_entry *entry)
{
	if (!patient->seen->threaded)
		return;
	entry->limits = BIT(RATION_LIMIT_MEMORY);
	say(entry, RATION_SEVERITY_BAD, "start ration in a group that isn't threaded, or name one: --base DIR",
			"%s is a threaded group: there is no memory limit in it", patient->host->base);
}

static void realtime_tasks(const struct patient *patient, struct finding_entry *entry)
{
	const struct examined *seen = patient->seen;
	char fix[64], more[48] = "";

	if (seen->realtime == 0)
		return;
	(void)snprintf(fix, sizeof(fix), "chrt --all-tasks --other --pid 0 %d", (int)seen->realtime_pid);
	if (seen->realtime > 1)
		(void)snprintf(more, sizeof(more), " and %" PRIu64 " more", seen->realtime - 1);
	if (seen->group_sched == EXAMINED_YES)
		entry->limits = BIT(RATION_LIMIT_CPUS) | BIT(RATION_LIMIT_CPU_WEIGHT) | BIT(RATION_LIMIT_CPU_BURST) |
			BIT(RATION_LIMIT_CPU_IDLE);
	say(entry, seen->group_sched == EXAMINED_YES ? RATION_SEVERITY_BAD : RATION_SEVERITY_NOTE, fix,
			"%s of process %d (%s) in %s%s %s: a kernel with CONFIG_RT_GROUP_SCHED, as %s, refuses the cpu "
			"controller to groups with realtime tasks",
			seen->realtime > 1 ? "threads" : "a thread", (int)seen->realtime_pid, seen->realtime_name,
			seen->realtime_group, more, seen->realtime > 1 ? "are realtime" : "is realtime",
			seen->group_sched == EXAMINED_YES ? "this one is" : "this one may be");
}

static void few_groups(const struct patient *patient, struct finding_entry *entry)
{
	const struct examined *seen = patient->seen;
	uint64_t left = seen->groups_max > seen->groups ? seen->groups_max - seen->groups : 0;
	char fix[200];

	if (seen->groups_max == UINT64_MAX || left >= GROUPS_LEFT_WARN)
		return;
	(void)snprintf(fix, sizeof(fix), "echo max >%.150s/cgroup.max.descendants", patient->host->base);
	entry->limits = left < 3 ? ESSENTIAL : 0;
	say(entry, left < 3 ? RATION_SEVERITY_BAD : RATION_SEVERITY_WARN, fix,
			"there is room for %" PRIu64 " more groups only: cgroup.max.descendants of %s is %" PRIu64, left,
			patient->host->base, seen->groups_max);
}

static void same_user(const struct patient *patient, struct finding_entry *entry)
{
	if (patient->host->base && !patient->host->root)
		say(entry, RATION_SEVERITY_NOTE, "have root run ration, and its command as another user",
				"groups belong to this user, whose programs can change their limits: they hold what is "
				"careless, not what is hostile");
}

static void session_outside(const struct patient *patient, struct finding_entry *entry)
{
	if (patient->host->base_outside)
		say(entry, RATION_SEVERITY_NOTE, "systemd-run --user --scope bash",
				"from where this is, systemd has to bring each run to its place, over D-Bus, which costs some "
				"30 ms; what runs below the user's own manager needs none of that");
}

/* ----------------------------------------------------------------- hidden costs */

static void dying_groups(const struct patient *patient, struct finding_entry *entry)
{
	uint64_t dying = patient->seen->dying;

	if (dying >= DYING_NOTE)
		say(entry, dying >= DYING_WARN ? RATION_SEVERITY_WARN : RATION_SEVERITY_NOTE,
				"sync; echo 3 >/proc/sys/vm/drop_caches",
				"%" PRIu64 " groups below %s are removed but not gone: cached files that they read first keep "
				"them, each with some memory of the kernel's",
				dying, patient->host->base);
}

/* Since 6.0. Before, all mounts were as with it. */
static void favordynmods_off(const struct patient *patient, struct finding_entry *entry)
{
	const struct ration_host_info *host = patient->host;
	char fix[256];

	if (!host->base || patient->seen->favordynmods || kernel_before(patient, 6, 0))
		return;
	(void)snprintf(fix, sizeof(fix), "%smount -o remount,favordynmods %.180s",
			host->container ? "outside of the container: " : host->root ? "" : "as root: ", host->mount);
	say(entry, RATION_SEVERITY_NOTE, fix,
			"%s is mounted without favordynmods: to move a process into a group, as ration attach and exec do, "
			"can take 10 ms", host->mount);
}

/* --------------------------------------------------------------- lesser things */

static void root_nproc(const struct patient *patient, struct finding_entry *entry)
{
	if (!patient->host->root)
		return;
	entry->limits = weakened(patient, "uid 0");
	if (entry->limits)
		say(entry, RATION_SEVERITY_NOTE, "use --pids", "the kernel doesn't hold root to --rlimit nproc");
}

static void no_disk(const struct patient *patient, struct finding_entry *entry)
{
	entry->limits = weakened(patient, "no disk") & IO;
	if (entry->limits)
		say(entry, RATION_SEVERITY_NOTE, "", "no disk is to be seen in /sys/dev/block: there is nothing to give I/O "
						     "rates to");
}

static void no_huge_pages(const struct patient *patient, struct finding_entry *entry)
{
	entry->limits = weakened(patient, "no huge pages");
	if (entry->limits)
		say(entry, RATION_SEVERITY_NOTE, "", "this kernel has no huge pages: --hugetlb has nothing to limit");
}

static void held_by_less(const struct patient *patient, struct finding_entry *entry)
{
	const struct ration_plan_item *item;

	for (size_t i = 0; (item = ration_plan_item(patient->plan, i)); i++) {
		if (!item->weaker || patient->explained & BIT(item->limit))
			continue;
		entry->limits |= BIT(item->limit);
		if (!entry->text[0])
			say(entry, RATION_SEVERITY_NOTE, item->fix, "%s is held by less than it could be: %s",
					ration_limit_info(item->limit)->name, item->reason);
	}
	entry->item.severity = severity_of(entry->limits);
}

/* ------------------------------------------------------------------ how it is */

static void unit_pending(const struct patient *patient, struct finding_entry *entry)
{
	if (patient->host->base_pending)
		say(entry, RATION_SEVERITY_OK, "", "the first run has systemd start the unit whose group is %s",
				patient->host->base);
}

static void with_systemd(const struct patient *patient, struct finding_entry *entry)
{
	if (patient->host->systemd && patient->host->base && !patient->host->base_pending)
		say(entry, RATION_SEVERITY_OK, "", "systemd is the service manager, and leaves %s alone",
				patient->host->base);
}

static void in_container(const struct patient *patient, struct finding_entry *entry)
{
	if (patient->host->container)
		say(entry, RATION_SEVERITY_OK, "", "this is a container: its own limits hold for all that runs in it");
}

/* What is above a cgroup namespace can't be seen from within. */
static void in_pod(const struct patient *patient, struct finding_entry *entry)
{
	if (strcmp(patient->host->container_kind, CONTAINER_KUBERNETES) != 0)
		return;
	if (patient->host->cgroup_namespace)
		say(entry, RATION_SEVERITY_NOTE, "", "this is a container of a Kubernetes pod: limits of the pod itself are "
						     "out of sight, and where they end a run, no receipt can name them");
	else
		say(entry, RATION_SEVERITY_OK, "", "this is a container of a Kubernetes pod: the pod, too, may have limits, "
						   "which hold for the sum of its containers");
}

static void in_windows(const struct patient *patient, struct finding_entry *entry)
{
	if (kernel_is(patient->host->kernel_kind, KERNEL_WSL2))
		say(entry, RATION_SEVERITY_OK, "", "this is WSL 2: the words of the kernel's command line are set in Windows, "
						   "as kernelCommandLine in .wslconfig");
	else if (kernel_is(patient->host->kernel_kind, KERNEL_WSL1))
		say(entry, RATION_SEVERITY_NOTE, "in Windows: wsl --set-version DISTRIBUTION 2",
				"this is WSL 1: Windows itself answers Linux' system calls, and what its groups hold isn't known");
}

static void no_swap(const struct patient *patient, struct finding_entry *entry)
{
	if (patient->host->swap_bytes == 0)
		say(entry, RATION_SEVERITY_OK, "", "the machine has no swap: --swap has nothing to give");
}

static const struct rule rules[] = {
	{ "missing-controllers", missing_controllers },
	{ "v1-unusable", v1_unusable },
	{ "threaded-base", threaded_base },
	{ "rt-tasks", realtime_tasks },
	{ "few-groups", few_groups },
	{ "no-swap-limit", no_swap_limit },
	{ "no-psi", no_psi },
	{ "filtered-calls", filtered_calls },
	{ "foreign-proc", foreign_proc },
	{ "old-kernel", old_kernel },
	{ "dying-groups", dying_groups },
	{ "same-user", same_user },
	{ "session-outside", session_outside },
	{ "slow-start", slow_start },
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
	{ "held-by-less", held_by_less },
};
_Static_assert(ARRAY_SIZE(rules) + 1 <= FINDINGS_MAX, "there is no room for all findings");

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
static bool apply(const struct rule *rule, struct patient *patient, struct ration_findings *findings)
{
	struct finding_entry entry = { .item = { .size = sizeof(entry.item), .id = rule->id } };

	rule->find(patient, &entry);
	if (!entry.text[0])
		return false;
	patient->explained |= entry.limits;
	/* Whatever the rule makes of it: the exit status of doctor hangs on this. */
	if (entry.limits & ESSENTIAL)
		entry.item.severity = RATION_SEVERITY_BAD;
	insert(findings, &entry);
	return true;
}

void findings_judge(const struct ration_host_info *host, const struct examined *seen,
		const struct ration_plan *plan, struct ration_findings *ret)
{
	struct patient patient = { .host = host, .seen = seen, .plan = plan };

	for (size_t i = 0; host->base_reason[0] && i < ARRAY_SIZE(base_rules); i++) {
		if (apply(&base_rules[i], &patient, ret))
			break;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		(void)apply(&rules[i], &patient, ret);
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
