/* SPDX-License-Identifier: MIT */
/*
 * base.c - why there is no BASE, or less than a whole one
 */
#include "doctor/base.h"

#include <stdio.h>
#include <string.h>

#include "host/kinds.h"
#include "util/cleanup.h"

/* The cause is that BASE is missing or incomplete, and the probe has found out why. */
static void blame_base(const struct machine *machine, struct finding_entry *entry, bool is_so)
{
	if (!is_so)
		return;
	entry->limits = rule_weakened(machine, machine->host->base_reason);
	rule_say(entry, rule_severity(entry->limits), machine->host->base_fix, "%s", machine->host->base_reason);
}

static bool is_gvisor(const struct machine *machine)
{
	return kernel_is(machine->host->kernel_kind, KERNEL_GVISOR);
}

static void gvisor(const struct machine *machine, struct finding_entry *entry)
{
	blame_base(machine, entry, is_gvisor(machine));
}

static void no_cgroups(const struct machine *machine, struct finding_entry *entry)
{
	blame_base(machine, entry, machine->host->hierarchy == RATION_HIERARCHY_NONE);
}

/* Where v1 has the controllers a run can have them there, and a group beside its cgroup2. */
static void blame_v1(const struct machine *machine, struct finding_entry *entry, bool is_so)
{
	bool has_base = machine->host->base_kind != RATION_BASE_NONE && machine->host->base_kind != RATION_BASE_REFUSED;
	size_t length;

	blame_base(machine, entry, is_so);
	length = strlen(entry->text);
	if (length > 0 && machine->host->controllers_v1 & WHOLE)
		(void)snprintf(entry->text + length, sizeof(entry->text) - length,
				"; ration run%s those of v1, tenants%s can't", has_base ? " and groups use" : " uses",
				has_base ? "" : " and groups");
}

static void v1_only(const struct machine *machine, struct finding_entry *entry)
{
	blame_v1(machine, entry, machine->host->hierarchy == RATION_HIERARCHY_V1);
}

static void base_refused(const struct machine *machine, struct finding_entry *entry)
{
	blame_base(machine, entry, machine->host->base_kind == RATION_BASE_REFUSED);
}

static void own_group_hidden(const struct machine *machine, struct finding_entry *entry)
{
	blame_base(machine, entry, !machine->host->base && !machine->host->own);
}

static void read_only(const struct machine *machine, struct finding_entry *entry)
{
	blame_base(machine, entry, !machine->host->base && machine->seen->read_only);
}

static void systemd_owns(const struct machine *machine, struct finding_entry *entry)
{
	blame_base(machine, entry, !machine->host->base && machine->host->systemd);
}

static void not_delegated(const struct machine *machine, struct finding_entry *entry)
{
	blame_base(machine, entry, !machine->host->base);
}

static void v1_controllers(const struct machine *machine, struct finding_entry *entry)
{
	blame_v1(machine, entry, machine->host->hierarchy == RATION_HIERARCHY_HYBRID &&
			!(machine->host->controllers & WHOLE));
}

static void shared_group(const struct machine *machine, struct finding_entry *entry)
{
	blame_base(machine, entry, machine->seen->kept_back & WHOLE && !(machine->host->controllers & WHOLE));
}

static void partly_delegated(const struct machine *machine, struct finding_entry *entry)
{
	blame_base(machine, entry, machine->host->base_kind == RATION_BASE_UNIT && machine->host->controllers & WHOLE);
}

static void no_controllers(const struct machine *machine, struct finding_entry *entry)
{
	blame_base(machine, entry, !(machine->host->controllers & WHOLE) && !machine->seen->threaded);
}

/* Of a threaded BASE threaded_base() tells. */
static void less_base(const struct machine *machine, struct finding_entry *entry)
{
	blame_base(machine, entry, !machine->seen->threaded);
}

const struct rule base_rules[] = {
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
	{ NULL, NULL },
};
