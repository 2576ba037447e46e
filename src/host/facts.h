/* SPDX-License-Identifier: MIT */
/*
 * facts.h - what is known of a host: plain data, made by hand in the tests
 */
#ifndef RATION_HOST_FACTS_H
#define RATION_HOST_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ration.h"
#include "sys/spawn.h"

/* What of the CPUs or of the NUMA nodes a group may be given. */
struct host_set {
	bool known;
	struct spawn_cpus mask;
	char list[192];            /* as the kernel writes it: "0-3" */
	char source[192];          /* which file says so */
};

/* The least that a group at or above a place allows to all below it. */
struct host_bound {
	bool known;
	uint64_t value;            /* in the unit of the limit */
	char source[192];          /* which file says so, of which group */
};

struct host_bounds {
	struct host_bound memory, memory_high, swap, pids, cpus;
};

/*
 * What the groups that this process is in allow, up to the first that BASE is in as well. Where groups
 * are made elsewhere, in a unit of ours or in a BASE that was named, these limits don't hold for them.
 */
struct host_caller {
	bool apart;                /* something is known: of whose group are these */
	struct host_bounds bounds;
	struct host_set cpus, mems;/* known: fewer than BASE may have */
};

/* Sizes of huge pages that a kernel can have at once; the most of any machine is 4. */
#define HOST_HUGE_MAX 8

struct host_facts {
	enum ration_os os;         /* RATION_OS_MACOS: no cgroups, and rlimits that aren't Linux's */
	enum ration_hierarchy hierarchy;
	enum ration_base_kind base_kind;
	uint32_t controllers;      /* that groups below BASE can have */
	uint32_t v1_controllers;   /* of cgroup v1, that groups below our own can have */
	bool v1_swap;              /* its memory controller counts swap */
	uint64_t features;
	bool root;
	bool systemd;
	bool container;
	bool cgroup_namespace;     /* our group's path begins at a container's, not at the hierarchy's root */
	bool proc_foreign;         /* /proc is of another pid namespace: no process can be looked at */
	unsigned cpus;             /* in `cpu_mask` */
	struct spawn_cpus cpu_mask;/* that a group may be pinned to */
	struct host_set cpuset_cpus, cpuset_mems;
	struct host_bounds bounds; /* at BASE and above, and down to the place of a plan */
	struct host_caller caller;
	size_t n_huge;
	uint64_t huge_bytes[HOST_HUGE_MAX]; /* ascending */
	uint64_t memory_bytes;
	uint64_t swap_bytes;
	uint64_t page_bytes;
	uint64_t user_tasks;       /* that our uid has now; for RLIMIT_NPROC */
	char base_reason[320];     /* why there is no BASE, or less than a whole one */
	char base_fix[256];
	char v1_reason[320];       /* why not those of cgroup v1 that are mounted */
	int unread_code;           /* a negative errno: something isn't known that this kernel could tell */
	char unread[256];          /* and what that was */
};

/*
 * Tells whether `code` says that the machine or this process is short of something, so that what was
 * asked isn't known. Anything else is an answer: it isn't there, or isn't ours to look at.
 */
bool facts_doubt(int code);

/*
 * Notes that `what`, a file of `where` (or ""), couldn't be looked at, if `code` is a doubt.
 * Then nothing may be made of it: a mechanism, or the limit of a
 * group above, would be taken for missing, and with it a limit. The first one counts.
 */
void facts_note(struct host_facts *facts, int code, const char *what, const char *where);

/* Returns 0, or fails with what was noted. */
int facts_check(const struct host_facts *facts, struct ration_error *reterr);

/* True of what has no cgroups, affinities or PSI, and rlimits of its own. */
static inline bool host_is_macos(const struct host_facts *facts)
{
	return facts->os == RATION_OS_MACOS;
}

#endif
