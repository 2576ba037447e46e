/* SPDX-License-Identifier: MIT */
/*
 * kernel.c - what the kernel lacks or doesn't show
 */
#include "doctor/kernel.h"

#include <stdio.h>
#include <string.h>

#include "host/kinds.h"
#include "util/cleanup.h"

/* BASE is as good as it can be, and yet the kernel or cgroup v1 keeps some to itself. */
void kernel_missing_controllers(const struct machine *machine, struct finding_entry *entry)
{
	const struct ration_host_info *host = machine->host;
	uint64_t limits = rule_weakened(machine, "controller isn't available") & ~machine->explained;
	char names[64];

	if (limits == 0)
		return;
	entry->limits = limits;
	rule_controllers(names, sizeof(names), ~host->controllers & (limits == BIT(RATION_LIMIT_HUGETLB) ?
			RATION_CONTROLLER_HUGETLB : WHOLE));
	if (machine->seen->disabled[0])
		rule_say(entry, rule_severity(limits), "boot without cgroup_disable=",
				"unavailable controllers: %s; the kernel was booted with cgroup_disable=%s", names,
				machine->seen->disabled);
	else if (host->hierarchy == RATION_HIERARCHY_HYBRID)
		rule_say(entry, rule_severity(limits), kernel_fix_v1(host->kernel_kind),
				"cgroup v1 has these controllers: %s", names);
	else
		rule_say(entry, rule_severity(limits), "", "unavailable controllers: %s", names);
}

/* cgroup v1 has controllers that a run could use, but we may not write there. */
void kernel_v1_unusable(const struct machine *machine, struct finding_entry *entry)
{
	const char *reason = machine->host->v1_reason;

	if (!reason[0])
		return;
	entry->limits = rule_weakened(machine, reason);
	rule_say(entry, rule_severity(entry->limits), "", "can't use the controllers of cgroup v1: %s", reason);
}

void kernel_no_psi(const struct machine *machine, struct finding_entry *entry)
{
	const struct examined *seen = machine->seen;

	if (!rule_lacks(machine, RATION_FEATURE_PSI))
		return;
	entry->limits = rule_weakened(machine, "pressure stalls");
	rule_say(entry, RATION_SEVERITY_WARN,
			seen->pressure_off	? "boot without cgroup_disable=pressure"
				: seen->pressure ? "boot with psi=1"
						 : "boot a kernel with CONFIG_PSI",
			"pressure of groups isn't measured: no --stall-timeout, no ration guard, no stalls in receipts");
}

/* Only where the rest of memory is enforced: else it is the controller that lacks. */
void kernel_no_swap_limit(const struct machine *machine, struct finding_entry *entry)
{
	const struct ration_host_info *host = machine->host;

	if (!rule_lacks(machine, RATION_FEATURE_SWAP_MAX) || !(host->controllers & RATION_CONTROLLER_MEMORY))
		return;
	entry->limits = rule_weakened(machine, "account swap");
	rule_say(entry, host->swap_bytes > 0 ? RATION_SEVERITY_WARN : RATION_SEVERITY_NOTE,
			machine->seen->swap_off ? "boot without swapaccount=0" : "boot a kernel with CONFIG_SWAP",
			"swap isn't accounted: a group with a memory limit can use all swap");
}

/* What came with which kernel; `costs` is whether its lack is more than a figure that isn't there. */
static const struct {
	uint64_t bit;
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

void kernel_old_kernel(const struct machine *machine, struct finding_entry *entry)
{
	char names[200] = "";
	size_t used = 0;
	bool costs = false;

	for (size_t i = 0; i < ARRAY_SIZE(since); i++) {
		if (!rule_lacks(machine, since[i].bit))
			continue;
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "", since[i].name);
		costs |= since[i].costs;
	}
	if (used == 0)
		return;
	entry->limits = rule_weakened(machine, "this kernel has no");
	rule_say(entry, costs ? RATION_SEVERITY_WARN : RATION_SEVERITY_NOTE, "boot Linux 6.5 or later",
			"this kernel doesn't have %s%s", names, costs ? "" : ": receipts lack these figures");
}

/* The version has it, and the call fails: seccomp of a container, as a rule an old one. */
void kernel_filtered_calls(const struct machine *machine, struct finding_entry *entry)
{
	bool clone = !rule_kernel_before(machine, 5, 7) && rule_lacks(machine, RATION_FEATURE_CLONE_INTO_CGROUP);
	bool openat2 = !rule_kernel_before(machine, 5, 6) && rule_lacks(machine, RATION_FEATURE_OPENAT2);
	bool pidfd = !rule_kernel_before(machine, 5, 3) && rule_lacks(machine, RATION_FEATURE_PIDFD);

	if (clone || openat2 || pidfd)
		rule_say(entry, RATION_SEVERITY_WARN, "update the container's runtime and libseccomp, or allow them in its "
						"seccomp profile",
				"a system call filter blocks:%s%s%s", clone ? " clone3" : "",
				openat2 ? " openat2" : "", pidfd ? " pidfd_open" : "");
}

void kernel_slow_start(const struct machine *machine, struct finding_entry *entry)
{
	if (machine->host->base && !(machine->host->features & RATION_FEATURE_CLONE_INTO_CGROUP))
		rule_say(entry, RATION_SEVERITY_NOTE, machine->seen->favordynmods ? "" : "mount cgroup2 with favordynmods",
				"commands can't start inside their group: ration moves them first, which can "
				"take 10 ms");
}

void kernel_foreign_proc(const struct machine *machine, struct finding_entry *entry)
{
	if (!machine->seen->proc_foreign)
		return;
	entry->limits = rule_weakened(machine, "/proc");
	rule_say(entry, RATION_SEVERITY_WARN, "mount -t proc proc /proc",
			"/proc belongs to another pid namespace: processes without a group can't be watched");
}
