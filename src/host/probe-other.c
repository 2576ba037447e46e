/* SPDX-License-Identifier: MIT */
/*
 * probe-other.c - looks at the machine, on a system that has no cgroups
 */
#include "host/probe.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/cpus.h"
#include "sys/os.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

static void probe_machine(struct host_snapshot *host)
{
	struct host_facts *facts = &host->facts;
	struct os_machine machine = { .name = "this system" };

	os_ops.machine(&machine);
	facts->os = machine.os;
	facts->root = geteuid() == 0;
	facts->cpus = cpus_online();
	for (unsigned i = 0; i < facts->cpus && i < CPUS_MAX; i++)
		cpus_add(&facts->cpu_mask, i);
	facts->memory_bytes = machine.memory_bytes;
	facts->swap_bytes = machine.swap_bytes;
	facts->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	facts->user_tasks = machine.user_processes;
	(void)snprintf(facts->base_reason, sizeof(facts->base_reason), "%s has no cgroups",
			machine.name);
	(void)strcpy(host->kernel, machine.kernel);
	(void)strcpy(host->memory_source, "machine");
}

int probe(struct host_snapshot *host, const struct ration_host_options *options, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];
	int r;

	probe_machine(host);
	if (!options->base)
		return 0;
	r = error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "--base %s: %s",
			text_show(shown, sizeof(shown), options->base), host->facts.base_reason);
	return error_hint(reterr, r, "remove it: ration follows processes here");
}
