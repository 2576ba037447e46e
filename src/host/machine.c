/* SPDX-License-Identifier: MIT */
/* machine.c - the machine: its kernel, memory and CPUs, and how much of them a group can have */
#include "host/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/container.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/walk.h"
#include "sys/cpus.h"
#include "sys/proc/proc.h"
#include "sys/syscalls.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Room for a list of CPUs as the kernel writes it; it is longest if every second CPU is in it. */
#define LIST_MAX 4096

/* Keeps what a list says, and which file says it. */
static void note_set(struct host_set *set, const char *list, const char *file, const char *where)
{
	struct host_set found = { .known = true };

	if (cpus_parse(list, &found.mask) < 0)
		return;
	(void)snprintf(found.list, sizeof(found.list), "%.*s%s", (int)sizeof(found.list) - 4, list,
			strlen(list) > sizeof(found.list) - 4 ? "..." : "");
	(void)snprintf(found.source, sizeof(found.source), "%s%.160s", file, where);
	*set = found;
}

static void probe_nodes(struct host_facts *facts, const char *root)
{
	char path[PATH_MAX], list[LIST_MAX];
	ssize_t n;

	if ((size_t)snprintf(path, sizeof(path), "%s/sys/devices/system/node/online", root) >= sizeof(path))
		return;
	n = proc_read(AT_FDCWD, path, list, sizeof(list));
	facts_note(facts, (int)n, "", path);
	if (n <= 0)
		return;
	list[strcspn(list, "\n")] = '\0';
	note_set(&facts->cpuset_mems, list, "/sys/devices/system/node/online", "");
}

static int compare_sizes(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Each size has a directory: hugepages-2048kB. */
static int add_huge(int dir_fd, const char *name, void *data)
{
	struct host_facts *facts = data;
	uint64_t kib;

	(void)dir_fd;
	if (facts->n_huge < HOST_HUGE_MAX && sscanf(name, "hugepages-%" SCNu64 "kB", &kib) == 1)
		facts->huge_bytes[facts->n_huge++] = kib * 1024;
	return 0;
}

static void probe_huge(struct host_facts *facts, const char *root)
{
	CLEANUP(closep) int fd = -EBADF;
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/sys/kernel/mm/hugepages", root) >= sizeof(path))
		return;
	fd = open_readable(path, O_DIRECTORY);
	facts_note(facts, fd < 0 ? -errno : cg_each_child(fd, add_huge, facts), "", path);
	qsort(facts->huge_bytes, facts->n_huge, sizeof(facts->huge_bytes[0]), compare_sizes);
}

void machine_probe_parts(struct host_facts *facts, const char *root)
{
	probe_nodes(facts, root);
	probe_huge(facts, root);
}

static bool kernel_at_least(const char *release, unsigned major, unsigned minor)
{
	unsigned a = 0, b = 0;

	(void)sscanf(release, "%u.%u", &a, &b);
	return a > major || (a == major && b >= minor);
}

/*
 * Whether a run gets a pidfd that it can use. clone3(2) gives one, too, but it is only used for a child that
 * is born in its group.
 */
static bool probe_pidfd(bool born_inside)
{
	CLEANUP(closep) int fd = sys_pidfd_open(getpid());

	return sys_takes_pidfds() && (!sys_refused(fd) || (born_inside && sys_has_clone3()));
}

static uint64_t probe_pressure_and_swap(struct host_snapshot *host)
{
	char text[4096];
	uint64_t features = 0;
	ssize_t n = proc_read(host->proc_fd, "pressure/memory", text, sizeof(text));
	int swaps = sys_access(host->proc_fd, "swaps", F_OK);

	/* If PSI is off by default and psi=1 is missing, the file exists, but a read fails with EOPNOTSUPP. */
	if (n > 0)
		features |= RATION_FEATURE_PSI;
	facts_note(&host->facts, (int)n, "pressure/memory", "/proc");
	facts_note(&host->facts, swaps, "swaps", "/proc");
	n = proc_read(host->proc_fd, "cmdline", text, sizeof(text));
	facts_note(&host->facts, (int)n, "cmdline", "/proc");
	if (swaps == 0 && !(n > 0 && strstr(text, "swapaccount=0")))
		features |= RATION_FEATURE_SWAP_MAX;
	return features;
}

/* Files of groups can't be looked for before there is a group, so the version of the kernel decides. */
static uint64_t probe_features(struct host_snapshot *host)
{
	static const struct {
		unsigned major, minor;
		uint64_t bit;
	} since[] = {
		{ 5, 7, RATION_FEATURE_CLONE_INTO_CGROUP },
		{ 5, 14, RATION_FEATURE_CGROUP_KILL },
		{ 5, 14, RATION_FEATURE_CPU_BURST },
		{ 5, 15, RATION_FEATURE_CPU_IDLE },
		{ 5, 19, RATION_FEATURE_MEMORY_PEAK },
		{ 6, 1, RATION_FEATURE_PIDS_PEAK },
		{ 6, 5, RATION_FEATURE_SWAP_PEAK },
	};
	uint64_t features = 0;

	for (size_t i = 0; i < ARRAY_SIZE(since); i++) {
		if (kernel_at_least(host->kernel, since[i].major, since[i].minor))
			features |= since[i].bit;
	}
	if (probe_pidfd(features & RATION_FEATURE_CLONE_INTO_CGROUP))
		features |= RATION_FEATURE_PIDFD;
	/* A filter may refuse what the kernel has. For a captured tree only the version is known. */
	if (!host->root[0] && !sys_has_clone3())
		features &= ~RATION_FEATURE_CLONE_INTO_CGROUP;
	if (host->root[0] ? kernel_at_least(host->kernel, 5, 6) : sys_has_openat2())
		features |= RATION_FEATURE_OPENAT2;
	return features | probe_pressure_and_swap(host);
}

static void probe_cpus(struct host_facts *facts)
{
	memset(&facts->cpu_mask, 0, sizeof(facts->cpu_mask));
	facts->cpus = 0;
	if (sched_getaffinity(0, sizeof(facts->cpu_mask.bits), (cpu_set_t *)(void *)facts->cpu_mask.bits) < 0) {
		facts_note(facts, -errno, "the CPUs of this process", "");
		facts->cpu_mask.bits[0] = 1;
	}
	for (size_t i = 0; i < sizeof(facts->cpu_mask.bits); i++)
		facts->cpus += (unsigned)__builtin_popcount(facts->cpu_mask.bits[i]);
}

static bool below_root(const char *root, const char *path)
{
	char full[PATH_MAX];

	return (size_t)snprintf(full, sizeof(full), "%s%s", root, path) < sizeof(full) &&
		access(full, F_OK) == 0;
}

int machine_probe(struct host_snapshot *host, const char *root, struct ration_error *reterr)
{
	struct host_facts *facts = &host->facts;
	char meminfo[4096] = "";
	ssize_t n;
	int r = proc_open(root, &host->proc_fd, &facts->proc_foreign);

	if (r < 0) {
		(void)error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't use %s/proc: %s", root, error_text(r));
		return error_hint(reterr, r, "mount it: mount -t proc proc /proc");
	}
	kernel_probe(host);
	facts->root = geteuid() == 0;
	facts->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	n = proc_read(host->proc_fd, "meminfo", meminfo, sizeof(meminfo));
	facts_note(facts, (int)n, "meminfo", "/proc");
	if (n > 0) {
		(void)proc_meminfo(meminfo, "MemTotal", &facts->memory_bytes);
		(void)proc_meminfo(meminfo, "SwapTotal", &facts->swap_bytes);
	}
	(void)strcpy(host->memory_source, "machine");
	facts->systemd = below_root(root, "/run/systemd/system");
	facts->features = probe_features(host);
	probe_cpus(facts);
	machine_probe_parts(facts, root);
	return 0;
}

/*
 * A kernel started with cgroup_disable=pressure measures the machine but no group; a container can hide
 * /proc/pressure. If only this group isn't measured (cgroup.pressure is 0), those below are.
 */
static void probe_pressure(struct host_facts *facts, int base_fd, const char *base)
{
	char text[256];
	int r = cg_read(base_fd, "memory.pressure", text, sizeof(text));

	facts_note(facts, r, "memory.pressure", base);
	if (r > 0)
		facts->features |= RATION_FEATURE_PSI;
	else if (r != -ENOENT || sys_access(base_fd, "cgroup.pressure", F_OK) < 0)
		facts->features &= ~RATION_FEATURE_PSI;
}

void machine_probe_set(struct host_facts *facts, int group_fd, const char *group, const char *file, struct host_set *set)
{
	char list[LIST_MAX], source[64];
	int r = cg_read(group_fd, file, list, sizeof(list));

	facts_note(facts, r, file, group);
	(void)snprintf(source, sizeof(source), "%s of ", file);
	if (r > 0)
		note_set(set, list, source, group);
}

void machine_probe_group(struct host_facts *facts, int base_fd, const char *base)
{
	if (base_fd >= 0)
		probe_pressure(facts, base_fd, base);
	/* If the root has none, no group has one. */
	if (facts->base_kind == RATION_BASE_ROOT && !(facts->controllers & RATION_CONTROLLER_CPUSET))
		return;
	machine_probe_set(facts, base_fd, base, "cpuset.cpus.effective", &facts->cpuset_cpus);
	machine_probe_set(facts, base_fd, base, "cpuset.mems.effective", &facts->cpuset_mems);
}
