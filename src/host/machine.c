/* SPDX-License-Identifier: MIT */
/*
 * machine.c - the parts that a machine can give to a group
 */
#include "host/machine.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "host/cpus.h"
#include "sys/cgroup.h"
#include "sys/proc.h"
#include "util/cleanup.h"

/* Room for a list of CPUs as the kernel writes it: the worst case has each second one. */
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

	if ((size_t)snprintf(path, sizeof(path), "%s/sys/devices/system/node/online", root) >= sizeof(path) ||
			proc_read(AT_FDCWD, path, list, sizeof(list)) <= 0)
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
static void probe_huge(struct host_facts *facts, const char *root)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	if ((size_t)snprintf(path, sizeof(path), "%s/sys/kernel/mm/hugepages", root) >= sizeof(path))
		return;
	dir = opendir(path);
	while (dir && facts->n_huge < HOST_HUGE_MAX && (entry = readdir(dir))) {
		uint64_t kib;

		if (sscanf(entry->d_name, "hugepages-%" SCNu64 "kB", &kib) == 1)
			facts->huge_bytes[facts->n_huge++] = kib * 1024;
	}
	if (dir)
		(void)closedir(dir);
	qsort(facts->huge_bytes, facts->n_huge, sizeof(facts->huge_bytes[0]), compare_sizes);
}

void machine_probe(struct host_facts *facts, const char *root)
{
	probe_nodes(facts, root);
	probe_huge(facts, root);
}

void machine_probe_group(struct host_facts *facts, int base_fd, const char *base)
{
	char list[LIST_MAX];

	if (cg_read(base_fd, "cpuset.cpus.effective", list, sizeof(list)) > 0)
		note_set(&facts->cpuset_cpus, list, "cpuset.cpus.effective of ", base);
	if (cg_read(base_fd, "cpuset.mems.effective", list, sizeof(list)) > 0)
		note_set(&facts->cpuset_mems, list, "cpuset.mems.effective of ", base);
}
