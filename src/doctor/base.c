/* SPDX-License-Identifier: MIT */
/*
 * base.c - why there is no BASE, or less than a whole one
 */
#include "doctor/base.h"

#include <stdio.h>
#include <string.h>

#include "host/kinds.h"
#include "util/cleanup.h"

/* What weakens is that there is no whole BASE, and the probe has said why. */
static void blame_base(const struct patient *patient, struct finding_entry *entry, bool is_so)
{
	if (!is_so)
		return;
	entry->limits = rule_weakened(patient, patient->host->base_reason);
	rule_say(entry, rule_severity(entry->limits), patient->host->base_fix, "%s", patient->host->base_reason);
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

/* Where v1 has the controllers a run can have them there, and a group beside its cgroup2. */
static void blame_v1(const struct patient *patient, struct finding_entry *entry, bool is_so)
{
	bool has_base = patient->host->base_kind != RATION_BASE_NONE && patient->host->base_kind != RATION_BASE_REFUSED;
	size_t length;

	blame_base(patient, entry, is_so);
	length = strlen(entry->text);
	if (length > 0 && patient->host->controllers_v1 & WHOLE)
		(void)snprintf(entry->text + length, sizeof(entry->text) - length,
				"; ration run%s those of v1, tenants%s can't", has_base ? " and groups use" : " uses",
				has_base ? "" : " and groups");
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
