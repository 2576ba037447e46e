/* SPDX-License-Identifier: MIT */
/*
 * cpus.c - sets of CPUs, or of NUMA nodes
 */
#include "sys/cpus.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "util/parse.h"

int cpus_parse(const char *list, struct cpus *ret)
{
	struct cpus cpus = { .bits = { 0 } };
	int more = 1;

	while (more) {
		unsigned low, high;

		more = parse_cpu_range(&list, &low, &high);
		if (more < 0)
			return more;
		for (unsigned cpu = low; cpu <= high; cpu++) {
			if (cpu >= CPUS_MAX)
				return -ERANGE;
			cpus_add(&cpus, cpu);
		}
	}
	*ret = cpus;
	return 0;
}

bool cpus_within(const struct cpus *some, const struct cpus *all)
{
	for (size_t i = 0; i < sizeof(some->bits); i++) {
		if (some->bits[i] & ~all->bits[i])
			return false;
	}
	return true;
}

unsigned cpus_online(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus > 0 ? (unsigned)cpus : 1;
}
