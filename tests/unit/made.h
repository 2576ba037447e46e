/* SPDX-License-Identifier: MIT */
/*
 * made.h - a machine made of files, as host_open() takes one
 */
#ifndef RATION_TESTS_MADE_H
#define RATION_TESTS_MADE_H

#include "unit.h"

#include "files.h"

#include "host/host.h"
#include "ration.h"
#include "util/cleanup.h"

#define KIB UINT64_C(1024)
#define GIB (KIB * KIB * KIB)
#define ALL_CONTROLLERS                                                                               \
	(RATION_CONTROLLER_CPU | RATION_CONTROLLER_CPUSET | RATION_CONTROLLER_IO | RATION_CONTROLLER_MEMORY | \
			RATION_CONTROLLER_HUGETLB | \
			RATION_CONTROLLER_PIDS)

static inline struct ration_host *open_tree(const char *root)
{
	struct ration_error error = { .message = "" };
	struct ration_host *host = NULL;

	assert_row(host_open(root, NULL, &host, &error) == 0, "%s: %s", root, error.message);
	return host;
}

static inline struct ration_host_info info_of(const struct ration_host *host)
{
	struct ration_host_info info = { .size = sizeof(info) };

	ration_host_info(host, &info);
	assert_true(info.base_reason && info.base_fix && info.kernel && info.memory_source);
	return info;
}

/* A path of the tree, without what is above it. */
static inline const char *below(const char *root, const char *path)
{
	return path && strncmp(path, root, strlen(root)) == 0 ? path + strlen(root) : path;
}

static inline bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

#define MOUNTED(root) "37 23 0:33 " root " /cg rw,relatime - cgroup2 cgroup2 rw\n"
#define MEMINFO "MemTotal:       67108864 kB\nMemFree: 1 kB\nSwapTotal:       1048576 kB\nSwapFree: 5 kB\n"

/* What every tree has; a file of the same name in a row replaces it. */
static const char *const made_common[][2] = {
	{ "proc/self/mountinfo", MOUNTED("/") },
	{ "proc/self/cgroup", "0::/a/b\n" },
	{ "proc/meminfo", MEMINFO },
	{ "proc/sys/kernel/osrelease", "6.1.0\n" },
	{ "cg/cgroup.controllers", "cpu memory pids\n" },
	{ "cg/cgroup.procs", "1\n" },
	{ "cg/a/memory.max", "max\n" },
	{ "cg/a/cgroup.procs", "" },
	{ "cg/a/cgroup.events", "populated 1\n" },
	{ "cg/a/b/cgroup.controllers", "cpu memory\n" },
	{ "cg/a/b/cgroup.procs", "77\n" },
	{ "cg/a/b/cgroup.events", "populated 1\n" },
	{ "cg/a/b/memory.max", "max\n" },
};

#define FILES_MAX 5

static inline void build(const char *root, const char *const file[FILES_MAX][2])
{
	for (size_t i = 0; i < ARRAY_SIZE(made_common); i++)
		files_put(root, made_common[i][0], made_common[i][1]);
	for (size_t i = 0; i < FILES_MAX && file[i][0]; i++)
		files_put(root, file[i][0], file[i][1]);
}

/* The host of such a tree, with `file` and then `more` in it, until see_end(). */
static inline struct ration_host_info see(char root[PATH_MAX], const char *const file[FILES_MAX][2],
		const char *const more[FILES_MAX][2], struct ration_host **ret_host)
{
	files_begin(root);
	build(root, file);
	for (size_t i = 0; i < FILES_MAX && more && more[i][0]; i++)
		files_put(root, more[i][0], more[i][1]);
	*ret_host = open_tree(root);
	return info_of(*ret_host);
}

static inline void see_end(struct ration_host *host, const char *root)
{
	assert_null(ration_host_free(host));
	files_end(root);
}

#endif
