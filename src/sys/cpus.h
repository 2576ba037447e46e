/* SPDX-License-Identifier: MIT */
/*
 * cpus.h - sets of CPUs, or of NUMA nodes
 */
#ifndef RATION_SYS_CPUS_H
#define RATION_SYS_CPUS_H

#include <stdbool.h>

/* CPU masks up to this many CPUs: the most a kernel can be built for. */
#define CPUS_MAX 8192
struct cpus {
	unsigned char bits[CPUS_MAX / 8];
};

/* Reads a list ("0-3,8") into a set. -EINVAL, -ERANGE. */
int cpus_parse(const char *list, struct cpus *ret);

/* Whether `all` has what `some` has. */
bool cpus_within(const struct cpus *some, const struct cpus *all);

/* CPUs of the machine that are online, at least 1. */
unsigned cpus_online(void);

static inline bool cpus_has(const struct cpus *cpus, unsigned i)
{
	return cpus->bits[i / 8] & (1u << i % 8);
}

static inline void cpus_add(struct cpus *cpus, unsigned i)
{
	cpus->bits[i / 8] |= (unsigned char)(1u << i % 8);
}

#endif
