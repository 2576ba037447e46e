/* SPDX-License-Identifier: MIT */
/*
 * managed.h - the same of a machine with systemd
 */
#ifndef RATION_TESTS_MANAGED_H
#define RATION_TESTS_MANAGED_H

#include "made.h"

/* The tree of a machine with systemd: the system's manager for root, or that of our uid. */
static inline void build_managed(const char *root, const char *own)
{
	char path[PATH_MAX];

	build(root, (const char *const[FILES_MAX][2]) { { "run/systemd/system", NULL } });
	files_put(root, "proc/self/cgroup", own);
	files_put(root, "cg/cgroup.controllers", "cpuset cpu io memory hugetlb pids\n");
	files_put(root, "cg/init.scope", NULL);
	(void)snprintf(path, sizeof(path), "cg/user.slice/user-%u.slice/user@%u.service/init.scope", geteuid(), geteuid());
	files_put(root, path, NULL);
	strcpy(strrchr(path, '/'), "/cgroup.controllers");
	files_put(root, path, "cpu memory pids\n");
	strcpy(strrchr(path, '/'), "/memory.max");
	files_put(root, path, "1073741824\n");
}

/* Where our manager keeps its units, as a path of the tree. */
static inline const char *unit_dir(char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "/cg/system.slice/ration.service");
	if (geteuid() != 0)
		(void)snprintf(path, PATH_MAX, "/cg/user.slice/user-%u.slice/user@%u.service/app.slice/ration.service",
				geteuid(), geteuid());
	return path;
}

/* A folder in which ration-unit is. */
static inline const char *with_unit_program(const char *root)
{
	char path[PATH_MAX + 32];

	files_put(root, BUS_PROGRAM, "");
	(void)snprintf(path, sizeof(path), "%s/%s", root, BUS_PROGRAM);
	assert_int_equal(chmod(path, 0755), 0);
	return root;
}

static inline struct ration_host *open_managed(const char *root, const char *helpers)
{
	const struct ration_host_options options = { .size = sizeof(options), .helpers = helpers };
	struct ration_host *host;

	assert_int_equal(host_open(root, &options, &host, NULL), 0);
	return host;
}

#endif
