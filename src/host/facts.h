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
#include "sys/spawn/spawn.h"

/* Which CPUs or NUMA nodes a group can have. */
struct host_set {
	bool known;
	struct cpus mask;
	char list[192];            /* as the kernel writes it: "0-3" */
	char source[192];          /* the file that says so */
};

/* The lowest value that a group at or above a place allows for everything below it. */
struct host_bound {
	bool known;
	uint64_t value;            /* in the unit of the limit */
	char source[192];          /* the file that says so, and its group */
};

struct host_bounds {
	struct host_bound memory, memory_high, swap, pids, cpus;
};

/*
 * What the groups of this process allow, up to the first that BASE is in as well. If groups are made
 * elsewhere, in our unit or in a named BASE, these limits don't apply to them.
 */
struct host_caller {
	bool apart;                /* BASE is apart from the caller's group: something of the following is known */
	struct host_bounds bounds;
	struct host_set cpus, mems;/* known if they are fewer than BASE can have */
};

/* The number of huge page sizes that a kernel can have at once; no machine has more than 4. */
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
	struct cpus cpu_mask;      /* to which a group can be pinned */
	struct host_set cpuset_cpus, cpuset_mems;
	struct host_bounds bounds; /* at BASE and above, and down to the place that a plan is for */
	struct host_caller caller;
	size_t n_huge;
	uint64_t huge_bytes[HOST_HUGE_MAX]; /* ascending */
	uint64_t memory_bytes;
	uint64_t swap_bytes;
	uint64_t page_bytes;
	uint64_t user_tasks;       /* that our uid has now; for RLIMIT_NPROC */
	char base_reason[320];     /* why there is no BASE, or why it can do less */
	char base_fix[256];
	char v1_reason[320];       /* why the mounted hierarchies of cgroup v1 can't be used */
	int unread_code;           /* a negative errno: something that this kernel could tell couldn't be read */
	char unread[256];          /* what that was */
};

/*
 * Tells whether `code` means that the machine or this process is short of something, so that the question is
 * still open. Any other code is an answer: it doesn't exist, or we may not look at it.
 */
bool facts_doubt(int code);

/*
 * Notes that `what`, a file of `where` (or ""), couldn't be read, if `code` is a doubt. Then nothing may be
 * decided with these facts: a mechanism, or the limit of a group above, would be taken for missing, and a
 * limit would be lost. The first one counts.
 */
void facts_note(struct host_facts *facts, int code, const char *what, const char *where);

/* Returns 0, or fails with the doubt that was noted. */
int facts_check(const struct host_facts *facts, struct ration_error *reterr);

/* Whether this is macOS: no cgroups, affinities or PSI, and other rlimits. */
static inline bool host_is_macos(const struct host_facts *facts)
{
	return facts->os == RATION_OS_MACOS;
}

#endif
