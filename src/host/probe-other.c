/* SPDX-License-Identifier: MIT */
/*
 * host-other.c - probe, on a system that has no cgroups
 */
#include "host/host.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "group/levels.h"
#include "run/watch.h"
#include "host/cpus.h"
#include "sys/os.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

static void probe(struct ration_host *host)
{
	struct host_facts *facts = &host->facts;
	struct os_machine machine = { .name = "this system" };

	os_ops.machine(&machine);
	facts->os = machine.os;
	facts->root = geteuid() == 0;
	facts->cpus = watch_cpus();
	for (unsigned i = 0; i < facts->cpus && i < SPAWN_CPUS_MAX; i++)
		cpus_add(&facts->cpu_mask, i);
	facts->memory_bytes = machine.memory_bytes;
	facts->swap_bytes = machine.swap_bytes;
	facts->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	facts->user_tasks = machine.user_processes;
	(void)snprintf(facts->base_reason, sizeof(facts->base_reason), "cgroups are Linux's, and this is %s",
			machine.name);
	(void)strcpy(host->kernel, machine.kernel);
	(void)strcpy(host->memory_source, "machine");
}

int ration_host_open(const struct ration_host_options *options, struct ration_host **ret_host,
		struct ration_error *reterr)
{
	static const struct ration_host_options none = { .size = sizeof(none) };
	struct ration_host *host;
	char shown[TEXT_SHOWN_MAX];
	int r;

	if (!options)
		options = &none;
	r = host_new(options, &host, reterr);
	if (r < 0)
		return r;
	probe(host);
	if (options->base) {
		r = error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "--base %s: %s",
				text_escape(shown, sizeof(shown), options->base), host->facts.base_reason);
		(void)error_hint(reterr, r, "leave it out: a run is followed by its processes here");
		(void)ration_host_free(host);
		return r;
	}
	*ret_host = host;
	return 0;
}

/* BASE is never there, and nothing could be done for it. */
int ration_host_prepare(struct ration_host *host, enum ration_purpose purpose, struct ration_error *reterr)
{
	(void)host;
	(void)purpose;
	(void)reterr;
	return 0;
}

/* Nobody above has a limit. */
uint64_t levels_lowest(const struct ration_host *host, const char *tenant, const char *file, uint64_t whole)
{
	(void)host;
	(void)tenant;
	(void)file;
	return whole;
}
