/* SPDX-License-Identifier: MIT */
/*
 * test-host.c - probing machines that aren't this one
 *
 * The captured ones, in tests/trees, are what real kernels show in the worlds of
 * the test bed; the others are made by hand, for what is hard to boot. Both are
 * read through host_open().
 */
#include "unit.h"

#include "files.h"

#include <sys/xattr.h>

#include "host/host.h"
#include "ration.h"
#include "util/cleanup.h"

#define KIB UINT64_C(1024)
#define GIB (KIB * KIB * KIB)
#define ALL_CONTROLLERS                                                                               \
	(RATION_CONTROLLER_CPU | RATION_CONTROLLER_CPUSET | RATION_CONTROLLER_IO | RATION_CONTROLLER_MEMORY | \
			RATION_CONTROLLER_HUGETLB | \
			RATION_CONTROLLER_PIDS)

static struct ration_host *open_tree(const char *root)
{
	struct ration_error error = { .message = "" };
	struct ration_host *host = NULL;

	assert_row(host_open(root, NULL, &host, &error) == 0, "%s: %s", root, error.message);
	return host;
}

static struct ration_host_info info_of(const struct ration_host *host)
{
	struct ration_host_info info = { .size = sizeof(info) };

	ration_host_info(host, &info);
	assert_true(info.base_reason && info.base_fix && info.kernel && info.memory_source);
	return info;
}

/* A path of the tree, without what is above it. */
static const char *below(const char *root, const char *path)
{
	return path && strncmp(path, root, strlen(root)) == 0 ? path + strlen(root) : path;
}

/* ------------------------------------------------------------- captured */

struct world {
	const char *name;
	enum ration_hierarchy hierarchy;
	enum ration_base_kind kind;
	uint32_t controllers;
	const char *mount, *own, *base;
	const char *reason; /* a word of it, or "" for none */
	uint64_t memory_kib;
	const char *kernel;
	uint32_t with, without; /* features */
	uint32_t v1;            /* controllers of cgroup v1 */
};

#define ALL_V1                                                                     \
	(RATION_CONTROLLER_CPU | RATION_CONTROLLER_MEMORY | RATION_CONTROLLER_PIDS | \
			RATION_CONTROLLER_CPUACCT | RATION_CONTROLLER_FREEZER)

#define NEW_FEATURES (RATION_FEATURE_SWAP_PEAK)
#define OLD_FEATURES                                                                                          \
	(RATION_FEATURE_CLONE_INTO_CGROUP | RATION_FEATURE_CGROUP_KILL | RATION_FEATURE_CPU_BURST |                \
			RATION_FEATURE_MEMORY_PEAK | RATION_FEATURE_PIDS_PEAK | RATION_FEATURE_PSI | RATION_FEATURE_SWAP_MAX)
#define V6_1 983496, "6.1.0-", OLD_FEATURES, NEW_FEATURES, 0
#define V6_1_V1 0, "6.1.0-", OLD_FEATURES, NEW_FEATURES, ALL_V1
#define V6_12 0, "6.12.", OLD_FEATURES | NEW_FEATURES, 0, 0

static const struct world worlds[] = {
	{ "6.1-v2", RATION_HIERARCHY_V2, RATION_BASE_ROOT, ALL_CONTROLLERS, "/sys/fs/cgroup", "/", "/sys/fs/cgroup", "",
		V6_1 },
	{ "6.1-user", RATION_HIERARCHY_V2, RATION_BASE_NESTED, 0, "/sys/fs/cgroup", "/user-1000/session",
		"/sys/fs/cgroup/user-1000/session", "no controllers", V6_1 },
	{ "6.1-hybrid", RATION_HIERARCHY_HYBRID, RATION_BASE_ROOT, 0, "/sys/fs/cgroup/unified", "/",
		"/sys/fs/cgroup/unified", "v1 holds all controllers", V6_1_V1 },
	{ "6.1-v1", RATION_HIERARCHY_V1, RATION_BASE_NONE, 0, NULL, NULL, NULL, "only cgroup v1", V6_1_V1 },
	{ "6.1-readonly", RATION_HIERARCHY_V2, RATION_BASE_NONE, 0, "/sys/fs/cgroup", "/", NULL, "read-only", V6_1 },
	{ "6.1-nothing", RATION_HIERARCHY_NONE, RATION_BASE_NONE, 0, NULL, NULL, NULL, "no cgroup file system", V6_1 },
	{ "6.1-mounted-elsewhere", RATION_HIERARCHY_V2, RATION_BASE_ROOT, ALL_CONTROLLERS, "/mnt/cg", "/", "/mnt/cg", "",
		V6_1 },
	{ "6.12-v2", RATION_HIERARCHY_V2, RATION_BASE_ROOT, ALL_CONTROLLERS, "/sys/fs/cgroup", "/", "/sys/fs/cgroup", "",
		V6_12 },
	{ "6.12-user", RATION_HIERARCHY_V2, RATION_BASE_NESTED, 0, "/sys/fs/cgroup", "/user-1000/session",
		"/sys/fs/cgroup/user-1000/session", "no controllers", V6_12 },
	/* Taken inside, from runsc of December 2022 (with --cgroupfs) and of July 2024. */
	{ "gvisor22-v1", RATION_HIERARCHY_V1, RATION_BASE_NONE, 0, NULL, NULL, NULL, "gVisor's groups", 24684084, "4.4.0",
		0, OLD_FEATURES | NEW_FEATURES, 0 },
	{ "gvisor24-nothing", RATION_HIERARCHY_NONE, RATION_BASE_NONE, 0, NULL, NULL, NULL, "gVisor's groups", 24684084,
		"4.4.0", 0, OLD_FEATURES | NEW_FEATURES, 0 },
	/* Here v1 has no memory and no cpuset any more: they are v2's, whatever else is mounted. */
	{ "6.12-hybrid", RATION_HIERARCHY_HYBRID, RATION_BASE_ROOT, RATION_CONTROLLER_MEMORY | RATION_CONTROLLER_CPUSET,
		"/sys/fs/cgroup/unified", "/", "/sys/fs/cgroup/unified", "", V6_12 },
};

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_world(const struct world *world, const char *root, const struct ration_host_info *info)
{
	assert_row(info->hierarchy == world->hierarchy, "%s: hierarchy %u", world->name, info->hierarchy);
	assert_row(info->base_kind == world->kind, "%s: kind %u: %s", world->name, info->base_kind, info->base_reason);
	assert_row(info->controllers == world->controllers, "%s: controllers %x", world->name, info->controllers);
	assert_row(info->controllers_v1 == world->v1, "%s: v1 controllers %x: %s", world->name, info->controllers_v1,
			info->v1_reason);
	assert_row(same(info->mount, world->mount), "%s: mount %s", world->name, info->mount);
	assert_row(same(info->own, world->own), "%s: own %s", world->name, info->own);
	assert_row(same(below(root, info->base), world->base), "%s: base %s", world->name, info->base);
	assert_row(strstr(info->base_reason, world->reason) && !info->base_reason[0] == !world->reason[0],
			"%s: reason %s", world->name, info->base_reason);
	assert_row(!info->base_fix[0] == !world->reason[0], "%s: fix %s", world->name, info->base_fix);
	assert_row(world->memory_kib == 0 || info->memory_bytes == world->memory_kib * KIB, "%s: %llu bytes",
			world->name, (unsigned long long)info->memory_bytes);
	assert_row(strcmp(info->memory_source, "machine") == 0, "%s: %s", world->name, info->memory_source);
	assert_row(strncmp(info->kernel, world->kernel, strlen(world->kernel)) == 0, "%s: %s", world->name, info->kernel);
	assert_row((info->features & world->with) == world->with && !(info->features & world->without),
			"%s: features %x", world->name, info->features);
}

static void test_captured(void **state)
{
	(void)state;
	/* Whether a directory can be written is asked of the directory. */
	if (access(TREES "/6.1-v2/sys/fs/cgroup/cgroup.procs", W_OK) < 0) {
		print_message("the captured trees belong to somebody else\n");
		skip();
	}
	for (size_t i = 0; i < ARRAY_SIZE(worlds); i++) {
		char root[PATH_MAX];
		struct ration_host *host;
		struct ration_host_info info;

		(void)snprintf(root, sizeof(root), "%s/%s", TREES, worlds[i].name);
		host = open_tree(root);
		info = info_of(host);
		check_world(&worlds[i], root, &info);
		assert_null(ration_host_free(host));
	}
}

/* -------------------------------------------------------------- by hand */

#define MOUNTED(root) "37 23 0:33 " root " /cg rw,relatime - cgroup2 cgroup2 rw\n"
#define MEMINFO "MemTotal:       67108864 kB\nMemFree: 1 kB\nSwapTotal:       1048576 kB\nSwapFree: 5 kB\n"

/* What every tree has; a file of the same name in a row replaces it. */
static const char *const common[][2] = {
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
#define CPU_AND_MEMORY (RATION_CONTROLLER_CPU | RATION_CONTROLLER_MEMORY)

static const struct {
	const char *name;
	const char *file[FILES_MAX][2];
	enum ration_base_kind kind;
	uint32_t controllers;
	const char *own, *base; /* NULL: none */
	const char *reason, *fix; /* a word of each; "" for none */
	uint64_t memory_bytes;
	const char *memory_source;
} rows[] = {
	{ "nested", { { 0 } }, RATION_BASE_NESTED, CPU_AND_MEMORY, "/a/b", "/cg/a/b", "", "", 64 * GIB, "machine" },
	{ "own limit is the capacity", { { "cg/a/b/memory.max", "1073741824\n" } }, RATION_BASE_NESTED,
		CPU_AND_MEMORY, "/a/b", "/cg/a/b", "", "", GIB, "/cg/a/b" },
	{ "the limit above is the capacity", { { "cg/a/b/memory.max", "2147483648\n" },
		{ "cg/a/memory.max", "1073741824\n" } }, RATION_BASE_NESTED, CPU_AND_MEMORY, "/a/b", "/cg/a/b", "", "",
		GIB, "/cg/a" },
	{ "more than the machine has is no limit", { { "cg/a/b/memory.max", "9223372036854771712\n" } },
		RATION_BASE_NESTED, CPU_AND_MEMORY, "/a/b", "/cg/a/b", "", "", 64 * GIB, "machine" },
	{ "a container: own root, limited", { { "proc/self/cgroup", "0::/\n" }, { "cg/cgroup.events", "populated 1\n" },
		{ "cg/memory.max", "1073741824\n" } }, RATION_BASE_NESTED, CPU_AND_MEMORY | RATION_CONTROLLER_PIDS, "/",
		"/cg", "", "", GIB, "/cg" },
	{ "a container with the host's namespace", { { "proc/self/mountinfo", MOUNTED("/docker/x") },
		{ "proc/self/cgroup", "0::/docker/x\n" }, { "cg/cgroup.events", "populated 1\n" } }, RATION_BASE_NESTED,
		CPU_AND_MEMORY | RATION_CONTROLLER_PIDS, "/", "/cg", "", "", 64 * GIB, "machine" },
	{ "a mount from outside", { { "proc/self/mountinfo", MOUNTED("/../..") }, { "proc/self/cgroup", "0::/\n" } },
		RATION_BASE_NONE, 0, NULL, NULL, "doesn't show the group", "--cgroupns=host", 64 * GIB, "machine" },
	{ "our group is elsewhere", { { "proc/self/cgroup", "0::/../x\n" } }, RATION_BASE_NONE, 0, NULL, NULL,
		"doesn't show the group", "--base", 64 * GIB, "machine" },
	{ "our group was removed", { { "proc/self/cgroup", "0::/a/b (deleted)\n" } }, RATION_BASE_NONE, 0, NULL, NULL,
		"doesn't show the group", "--base", 64 * GIB, "machine" },
	{ "no line of v2", { { "proc/self/cgroup", "4:memory:/m\n" } }, RATION_BASE_NONE, 0, NULL, NULL,
		"doesn't show the group", "--base", 64 * GIB, "machine" },
	{ "a directory that isn't there", { { "proc/self/cgroup", "0::/a/gone\n" } }, RATION_BASE_NONE, 0, "/a/gone",
		NULL, "can't be opened (No such file", "", 64 * GIB, "machine" },
	{ "v1 only", { { "proc/self/mountinfo", "32 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu\n" } },
		RATION_BASE_NONE, 0, NULL, NULL, "only cgroup v1", "cgroup_no_v1=all", 64 * GIB, "machine" },
	{ "read-only", { { "proc/self/mountinfo", "37 23 0:33 / /cg ro - cgroup2 c rw\n" } }, RATION_BASE_NONE, 0,
		"/a/b", NULL, "read-only", "remount,rw", 64 * GIB, "machine" },
	{ "read-only, with a limit above", { { "proc/self/mountinfo", "37 23 0:33 / /cg ro - cgroup2 c rw\n" },
		{ "cg/a/memory.max", "1073741824\n" } }, RATION_BASE_NONE, 0, "/a/b", NULL, "read-only", "remount,rw", GIB,
		"/cg/a" },
	{ "read-only in a container", { { "proc/self/mountinfo", "37 23 0:33 / /cg ro - cgroup2 c rw\n" },
		{ ".dockerenv", "" } }, RATION_BASE_NONE, 0, "/a/b", NULL, "read-only", "writable-cgroups", 64 * GIB,
		"machine" },
	{ "systemd owns it", { { "run/systemd/system", NULL } }, RATION_BASE_NONE, 0, "/a/b", NULL, "systemd owns",
		"Delegate=yes", 64 * GIB, "machine" },
	{ "systemd, and its manager isn't where we look", { { "run/systemd/system", NULL }, { "cg/system.slice", NULL } },
		RATION_BASE_NONE, 0, "/a/b", NULL, "systemd owns", "Delegate=yes", 64 * GIB, "machine" },
	{ "systemd owns the root, too", { { "run/systemd/system", NULL }, { "proc/self/cgroup", "0::/\n" } },
		RATION_BASE_NONE, 0, "/", NULL, "systemd owns", "Delegate=yes", 64 * GIB, "machine" },
	{ "we are in the leaf of an earlier run", { { "proc/self/cgroup", "0::/a/b/ration.self\n" },
		{ "cg/a/b/ration.self/cgroup.procs", "77\n" } }, RATION_BASE_NESTED, CPU_AND_MEMORY,
		"/a/b/ration.self", "/cg/a/b", "", "", 64 * GIB, "machine" },
	{ "the leaf of another namespace is a group", { { "proc/self/cgroup", "0::/a/b/rationx.self\n" },
		{ "cg/a/b/rationx.self/cgroup.procs", "77\n" }, { "cg/a/b/rationx.self/cgroup.controllers", "pids\n" } },
		RATION_BASE_NESTED, RATION_CONTROLLER_PIDS, "/a/b/rationx.self", "/cg/a/b/rationx.self", "", "",
		64 * GIB, "machine" },
	{ "processes that we can't see", { { "cg/a/b/cgroup.procs", "0\n" } }, RATION_BASE_NESTED, 0, "/a/b",
		"/cg/a/b", "another pid namespace", "--base", 64 * GIB, "machine" },
	{ "none of the machine's files", { { "proc/meminfo", "" }, { "proc/sys/kernel/osrelease", "" },
		{ "cg/a/b/cgroup.controllers", "" } }, RATION_BASE_NESTED, 0, "/a/b", "/cg/a/b", "no controllers", "",
		0, "machine" },
	{ "a limit where the machine's memory isn't known", { { "proc/meminfo", "" },
		{ "cg/a/b/memory.max", "1073741824\n" } }, RATION_BASE_NESTED, CPU_AND_MEMORY, "/a/b", "/cg/a/b", "", "",
		GIB, "/cg/a/b" },
};

static void build(const char *root, const char *const file[FILES_MAX][2])
{
	for (size_t i = 0; i < ARRAY_SIZE(common); i++)
		files_put(root, common[i][0], common[i][1]);
	for (size_t i = 0; i < FILES_MAX && file[i][0]; i++)
		files_put(root, file[i][0], file[i][1]);
}

/* The host of such a tree, with `file` and then `more` in it, until see_end(). */
static struct ration_host_info see(char root[PATH_MAX], const char *const file[FILES_MAX][2],
		const char *const more[FILES_MAX][2], struct ration_host **ret_host)
{
	files_begin(root);
	build(root, file);
	for (size_t i = 0; i < FILES_MAX && more && more[i][0]; i++)
		files_put(root, more[i][0], more[i][1]);
	*ret_host = open_tree(root);
	return info_of(*ret_host);
}

static void see_end(struct ration_host *host, const char *root)
{
	assert_null(ration_host_free(host));
	files_end(root);
}

static void test_by_hand(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_host *host;
		char root[PATH_MAX];
		struct ration_host_info info = see(root, rows[i].file, NULL, &host);

		assert_row(info.base_kind == rows[i].kind, "%s: kind %u: %s", rows[i].name, info.base_kind,
				info.base_reason);
		assert_row(info.controllers == rows[i].controllers, "%s: controllers %x", rows[i].name,
				info.controllers);
		assert_row(same(info.own, rows[i].own), "%s: own %s", rows[i].name, info.own);
		assert_row(same(below(root, info.base), rows[i].base), "%s: base %s", rows[i].name,
				info.base ? info.base : "none");
		assert_row(strstr(info.base_reason, rows[i].reason) && !info.base_reason[0] == !rows[i].reason[0],
				"%s: reason %s", rows[i].name, info.base_reason);
		assert_row(strstr(info.base_fix, rows[i].fix) != NULL, "%s: fix %s", rows[i].name, info.base_fix);
		assert_row(info.memory_bytes == rows[i].memory_bytes, "%s: %llu bytes", rows[i].name,
				(unsigned long long)info.memory_bytes);
		assert_row(same(below(root, info.memory_source), rows[i].memory_source), "%s: another source",
				rows[i].name);
		see_end(host, root);
	}
}

/* Whose container it is, by what is there; and whether the hierarchy is seen from its group downwards. */
static void test_containers(void **state)
{
	static const struct {
		const char *name;
		const char *file[FILES_MAX][2];
		bool container, cgroup_namespace;
		const char *kind;
	} cases[] = {
		{ "none", { { 0 } }, false, false, "" },
		{ "docker", { { ".dockerenv", "" } }, true, false, "docker" },
		{ "podman, with both marks", { { ".dockerenv", "" }, { "run/.containerenv", "" } }, true, false, "podman" },
		{ "what systemd has found", { { "run/systemd/container", "systemd-nspawn\n" } }, true, false,
			"systemd-nspawn" },
		{ "an empty file of systemd's", { { "run/systemd/container", "" } }, false, false, "" },
		{ "not a word", { { "run/systemd/container", "\033[31m\n" } }, false, false, "" },
		{ "too long a word", { { "run/systemd/container", "a-word-that-is-too-long-to-be-that-of-a-runtime\n" } },
			false, false, "" },
		{ "the first process", { { "proc/1/environ", "PATH=/bin" } }, false, false, "" },
		{ "the first process's variable", { { "proc/1/environ", "container=lxc" } }, true, false, "lxc" },
		{ "no mark, but a namespace", { { "cg/cgroup.events", "populated 1\n" } }, true, true, "" },
		{ "a mark and a namespace", { { "cg/cgroup.events", "populated 1\n" }, { ".dockerenv", "" } }, true, true,
			"docker" },
		{ "our group alone, of the host's namespace", { { "cg/cgroup.events", "populated 1\n" },
			{ "proc/self/mountinfo", MOUNTED("/a/b") } }, false, false, "" },
		{ "a mount from outside of ours", { { "proc/self/mountinfo", MOUNTED("/../..") } }, true, true, "" },
		{ "a pod, by its secret", { { "var/run/secrets/kubernetes.io/serviceaccount/token", "" } }, true, false,
			"kubernetes" },
		{ "by the variable of its first process", { { "proc/1/environ", "KUBERNETES_SERVICE_HOST=10.0.0.1" } }, true,
			false, "kubernetes" },
		{ "whatever its runtime leaves", { { "proc/1/environ", "KUBERNETES_SERVICE_HOST=10.0.0.1" },
			{ "run/.containerenv", "" } }, true, false, "kubernetes" },
		{ "our own variable, which anybody may set", { { "proc/self/environ", "KUBERNETES_SERVICE_HOST=10.0.0.1" } },
			false, false, "" },
		{ "and the kernel shows a container", { { "proc/self/environ", "KUBERNETES_SERVICE_HOST=10.0.0.1" },
			{ "cg/cgroup.events", "populated 1\n" } }, true, true, "kubernetes" },
		{ "a pod's group, as systemd has it", { { "proc/self/cgroup",
			"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-2.scope\n" } },
			true, false, "kubernetes" },
		{ "of cgroup v1", { { "proc/self/cgroup", "4:memory:/kubepods/besteffort/pod1/2\n0::/a/b\n" } }, true, false,
			"kubernetes" },
		{ "a container in a pod's", { { "proc/self/cgroup", "0::/kubepods/pod1/docker/2\n" }, { ".dockerenv", "" } },
			true, false, "docker" },
		{ "systemd's word for WSL", { { "run/systemd/container", "wsl\n" } }, false, false, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ration_host *host;
		char root[PATH_MAX];
		struct ration_host_info info = see(root, cases[i].file, NULL, &host);

		assert_row(info.container == cases[i].container, "%s: container %d", cases[i].name, info.container);
		assert_row(info.cgroup_namespace == cases[i].cgroup_namespace, "%s: a namespace", cases[i].name);
		assert_row(strcmp(info.container_kind, cases[i].kind) == 0, "%s: %s", cases[i].name,
				info.container_kind);
		see_end(host, root);
	}
}

/* Which kernel it is, and how that is brought to leave its controllers to cgroup v2. */
static void test_kernels(void **state)
{
	static const struct {
		const char *name;
		const char *file[FILES_MAX][2];
		const char *kernel, *kind, *fix; /* a word of it */
	} cases[] = {
		{ "as any", { { "proc/version", "Linux version 6.1.0 (a@b) #1 SMP\n" } }, "6.1.0", "", "boot with cgroup_no_v1" },
		{ "no file of its own", { { "proc/sys/kernel/osrelease", "" }, { "proc/version", "Linux version 6.2.0-x (a@b)\n" } },
			"6.2.0-x", "", "boot with" },
		{ "none that tells", { { "proc/sys/kernel/osrelease", "" } }, "", "", "boot with" },
		{ "WSL 2", { { "proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2\n" } },
			"5.15.90.1-microsoft-standard-WSL2", "wsl2", ".wslconfig: [wsl2] kernelCommandLine = cgroup_no_v1=all" },
		{ "WSL 1", { { "proc/sys/kernel/osrelease", "4.4.0-19041-Microsoft\n" } }, "4.4.0-19041-Microsoft", "wsl1",
			"--set-version" },
		{ "gVisor, by its release", { { "proc/sys/kernel/osrelease", "4.19.0-gvisor\n" } }, "4.19.0-gvisor", "gvisor",
			"outside" },
		{ "by its build", { { "proc/sys/kernel/osrelease", "4.4.0\n" },
			{ "proc/version", "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n" } }, "4.4.0", "gvisor", "outside" },
		{ "by a file that it alone has", { { "proc/sentry-meminfo", "" } }, "6.1.0", "gvisor", "outside" },
	};
	static const char *const v1[FILES_MAX][2] = {
		{ "proc/self/mountinfo", "32 31 0:29 / /cg/memory rw - cgroup cgroup rw,memory\n" },
		{ "proc/self/cgroup", "3:memory:/\n" },
		{ "cg/memory/cgroup.procs", "1\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ration_host *host;
		char root[PATH_MAX];
		struct ration_host_info info = see(root, cases[i].file, v1, &host);

		assert_row(strcmp(info.kernel, cases[i].kernel) == 0, "%s: %s", cases[i].name, info.kernel);
		assert_row(strcmp(info.kernel_kind, cases[i].kind) == 0, "%s: %s", cases[i].name, info.kernel_kind);
		assert_row(strstr(info.base_fix, cases[i].fix), "%s: %s", cases[i].name, info.base_fix);
		see_end(host, root);
	}
}

/* What gVisor's groups take, of whichever cgroup, is no limit; not even if the caller names the group. */
static void test_gvisor(void **state)
{
	struct ration_host_options options = { .size = sizeof(options) };
	struct ration_host *host = NULL;
	struct ration_host_info info;
	char root[PATH_MAX], base[PATH_MAX + 8];

	(void)state;
	files_begin(root);
	build(root, (const char *const[FILES_MAX][2]){ { "proc/sentry-meminfo", "" } });
	info = info_of(host = open_tree(root));
	assert_true(info.hierarchy == RATION_HIERARCHY_V2 && info.base_kind == RATION_BASE_NONE);
	assert_true(!info.base && info.controllers == 0 && info.controllers_v1 == 0);
	assert_non_null(strstr(info.base_reason, "gVisor"));
	host = ration_host_free(host);
	(void)snprintf(base, sizeof(base), "%s/cg/a", root);
	options.base = base;
	assert_int_equal(host_open(root, &options, &host, NULL), 0);
	info = info_of(host);
	assert_true(info.base_kind == RATION_BASE_REFUSED && !info.base && info.controllers == 0);
	assert_null(ration_host_free(host));
	files_end(root);
}

static void test_delegated_by_systemd(void **state)
{
	static const char *const file[FILES_MAX][2] = { { "run/systemd/system", NULL } };
	char root[PATH_MAX], path[PATH_MAX + 16];
	struct ration_host *host;
	struct ration_host_info info;

	(void)state;
	files_begin(root);
	build(root, file);
	(void)snprintf(path, sizeof(path), "%s/cg/a/b", root);
	if (setxattr(path, "user.delegate", "1", 1, 0) < 0) {
		print_message("no extended attributes in %s\n", root);
		files_end(root);
		skip();
	}
	host = open_tree(root);
	info = info_of(host);
	assert_int_equal(info.base_kind, RATION_BASE_NESTED);
	assert_true(info.systemd);
	assert_null(ration_host_free(host));
	files_end(root);
}

/* The tree of a machine with systemd: the system's manager for root, or that of our uid. */
static void build_managed(const char *root, const char *own)
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
static const char *unit_dir(char path[PATH_MAX])
{
	(void)snprintf(path, PATH_MAX, "/cg/system.slice/ration.service");
	if (geteuid() != 0)
		(void)snprintf(path, PATH_MAX, "/cg/user.slice/user-%u.slice/user@%u.service/app.slice/ration.service",
				geteuid(), geteuid());
	return path;
}

/* A folder in which ration-unit is. */
static const char *with_unit_program(const char *root)
{
	char path[PATH_MAX + 32];

	files_put(root, BUS_PROGRAM, "");
	(void)snprintf(path, sizeof(path), "%s/%s", root, BUS_PROGRAM);
	assert_int_equal(chmod(path, 0755), 0);
	return root;
}

static struct ration_host *open_managed(const char *root, const char *helpers)
{
	const struct ration_host_options options = { .size = sizeof(options), .helpers = helpers };
	struct ration_host *host;

	assert_int_equal(host_open(root, &options, &host, NULL), 0);
	return host;
}

/* Nothing is started by looking; what is told is what will be there. */
static void test_a_unit_that_is_not_there_yet(void **state)
{
	char root[PATH_MAX], path[PATH_MAX];
	struct ration_host *host;
	struct ration_host_info info;

	(void)state;
	files_begin(root);
	build_managed(root, "0::/user.slice/user-1.slice/session-1.scope\n");
	host = open_managed(root, with_unit_program(root));
	info = info_of(host);
	assert_int_equal(info.base_kind, RATION_BASE_UNIT);
	assert_true(info.base_pending);
	assert_int_equal(info.base_outside, geteuid() != 0);
	assert_string_equal(below(root, info.base), unit_dir(path));
	assert_int_equal(host_now(host)->base_fd, -EBADF);
	if (geteuid() == 0) {
		assert_int_equal(info.controllers, ALL_CONTROLLERS & ~RATION_CONTROLLER_HUGETLB);
		assert_string_equal(info.base_reason, "");
	} else {
		assert_int_equal(info.controllers,
				RATION_CONTROLLER_CPU | RATION_CONTROLLER_MEMORY | RATION_CONTROLLER_PIDS);
		assert_non_null(strstr(info.base_reason, "cpu memory pids"));
		assert_non_null(strstr(info.base_fix, "Delegate=cpu cpuset io memory pids"));
		assert_true(info.memory_bytes == GIB);
	}
	assert_null(ration_host_free(host));
	files_end(root);
}

static void test_a_unit_that_cannot_be_started(void **state)
{
	static const char *const programs[] = { "", "/nowhere" };
	char root[PATH_MAX];

	(void)state;
	files_begin(root);
	build_managed(root, "0::/a/b\n");
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		struct ration_host *host = open_managed(root, programs[i]);
		struct ration_host_info info = info_of(host);

		assert_int_equal(info.base_kind, RATION_BASE_NONE);
		assert_false(info.base_pending);
		assert_non_null(strstr(info.base_reason, "systemd owns"));
		assert_true(info.base_fix[0] != '\0');
		assert_int_equal(ration_host_prepare(host, RATION_PURPOSE_RUN, NULL), 0);
		assert_null(ration_host_free(host));
	}
	files_end(root);
}

/* Its mark, and nothing else, says that a unit is there and ours. */
static void test_a_unit_that_is_there(void **state)
{
	static const struct {
		const char *below;
		enum ration_base_kind kind;
	} cases[] = {
		{ NULL, RATION_BASE_UNIT },
		{ "", RATION_BASE_UNIT },
		{ "/ration.self", RATION_BASE_UNIT },
		{ "/ration/default/r1", RATION_BASE_NESTED },
	};
	char root[PATH_MAX], unit[PATH_MAX], path[2 * PATH_MAX], own[2 * PATH_MAX];

	(void)state;
	files_begin(root);
	(void)unit_dir(unit);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ration_host *host;
		struct ration_host_info info;

		(void)snprintf(own, sizeof(own), "0::%s%s\n", cases[i].below ? unit + strlen("/cg") : "/a/b",
				cases[i].below ? cases[i].below : "");
		build_managed(root, own);
		(void)snprintf(path, sizeof(path), "%s%s/cgroup.procs", unit, cases[i].below ? cases[i].below : "");
		files_put(root, path + 1, "");
		(void)snprintf(path, sizeof(path), "%s/cgroup.procs", unit);
		files_put(root, path + 1, "");
		(void)snprintf(path, sizeof(path), "%s/cgroup.controllers", unit);
		files_put(root, path + 1, "memory\n");
		(void)snprintf(path, sizeof(path), "%s%s", root, unit);
		if (setxattr(path, "user.ration.base", "1", 1, 0) < 0) {
			print_message("no extended attributes in %s\n", root);
			files_end(root);
			skip();
		}
		host = open_managed(root, "");
		info = info_of(host);
		assert_row(info.base_kind == cases[i].kind, "case %zu: kind %u: %s", i, info.base_kind, info.base_reason);
		(void)snprintf(path, sizeof(path), "%s%s", unit,
				cases[i].kind == RATION_BASE_NESTED ? cases[i].below : "");
		assert_string_equal(below(root, info.base), path);
		assert_false(info.base_pending);
		assert_false(host_now(host)->evacuate && cases[i].kind == RATION_BASE_UNIT);
		assert_null(ration_host_free(host));
	}
	files_end(root);
}

/* Controllers would need them moved, and they aren't ours to move. */
static void test_processes_of_others(void **state)
{
	static const char *const file[FILES_MAX][2] = { { "proc/77", NULL } };
	char root[PATH_MAX], path[PATH_MAX + 16];
	struct ration_host *host;
	struct ration_host_info info;

	(void)state;
	if (geteuid() != 0) {
		print_message("takes root\n");
		skip();
	}
	files_begin(root);
	build(root, file);
	(void)snprintf(path, sizeof(path), "%s/proc/77", root);
	assert_int_equal(chown(path, 54321, 54321), 0);
	host = open_tree(root);
	info = info_of(host);
	assert_int_equal(info.base_kind, RATION_BASE_NESTED);
	assert_int_equal(info.controllers, 0);
	assert_non_null(strstr(info.base_reason, "other users"));
	assert_null(ration_host_free(host));
	files_end(root);
}

static void test_features(void **state)
{
	static const struct {
		const char *file[FILES_MAX][2];
		uint32_t with, without;
	} cases[] = {
		{ { { "proc/sys/kernel/osrelease", "4.19.0\n" } }, 0, ~(RATION_FEATURE_PIDFD) },
		{ { { "proc/sys/kernel/osrelease", "5.4.300-x\n" } }, 0, RATION_FEATURE_CLONE_INTO_CGROUP },
		{ { { "proc/sys/kernel/osrelease", "5.7.0\n" } }, RATION_FEATURE_CLONE_INTO_CGROUP,
			RATION_FEATURE_CGROUP_KILL },
		{ { { "proc/sys/kernel/osrelease", "5.14.0\n" } }, RATION_FEATURE_CGROUP_KILL | RATION_FEATURE_CPU_BURST,
			RATION_FEATURE_MEMORY_PEAK },
		{ { { "proc/sys/kernel/osrelease", "5.19.0\n" } }, RATION_FEATURE_MEMORY_PEAK, RATION_FEATURE_PIDS_PEAK },
		{ { { "proc/sys/kernel/osrelease", "6.4.0\n" } }, RATION_FEATURE_PIDS_PEAK, RATION_FEATURE_SWAP_PEAK },
		{ { { "proc/sys/kernel/osrelease", "6.5\n" } }, RATION_FEATURE_SWAP_PEAK, RATION_FEATURE_PSI },
		{ { { "proc/sys/kernel/osrelease", "7.0\n" } }, RATION_FEATURE_SWAP_PEAK | RATION_FEATURE_CGROUP_KILL, 0 },
		{ { { "proc/sys/kernel/osrelease", "nonsense\n" } }, 0, RATION_FEATURE_CLONE_INTO_CGROUP },
		{ { { "proc/pressure/memory", "some avg10=0.00\n" } }, RATION_FEATURE_PSI, 0 },
		{ { { "proc/pressure/memory", "" } }, 0, RATION_FEATURE_PSI },
		{ { { "proc/swaps", "Filename\n" } }, RATION_FEATURE_SWAP_MAX, 0 },
		{ { { "proc/swaps", "Filename\n" }, { "proc/cmdline", "quiet swapaccount=0 x\n" } }, 0,
			RATION_FEATURE_SWAP_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ration_host *host;
		char root[PATH_MAX];
		struct ration_host_info info = see(root, cases[i].file, NULL, &host);

		assert_row((info.features & cases[i].with) == cases[i].with && !(info.features & cases[i].without),
				"case %zu: %x", i, info.features);
		assert_true(info.swap_bytes == GIB);
		see_end(host, root);
	}
}

/* ------------------------------------------------------------- refusals */

static void test_refusals(void **state)
{
	static const struct {
		struct ration_host_options options;
		int expected;
		const char *word;
		const char *root;
	} cases[] = {
		{ { .nspace = "" }, -EINVAL, "namespace" },
		{ { .nspace = ".." }, -EINVAL, "namespace" },
		{ { .nspace = "a/b" }, -EINVAL, "namespace" },
		{ { .nspace = "cgroup.procs" }, -EINVAL, "namespace" },
		{ { .nspace = "-x" }, -EINVAL, "namespace" },
		{ { .base = "/" }, -EINVAL, "cgroup2" },
		{ { .base = "/proc/self/comm" }, -ENOTDIR, "--base" },
		{ { .base = "/nowhere/at/all" }, -ENOENT, "--base" },
		{ { .base = "" }, -ENOENT, "--base" },
		{ { .size = 0 }, -ENOENT, "/proc", "/nowhere/at/all" },
		{ { .base = "/nowhere" }, -ENOENT, "No such file", "/" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ration_host_options options = cases[i].options;
		struct ration_error error = { .message = "" };
		struct ration_host *host = NULL;
		int r;

		options.size = sizeof(options);
		r = host_open(cases[i].root, &options, &host, &error);
		assert_row(r == cases[i].expected, "case %zu: %d %s", i, r, error.message);
		assert_row(strstr(error.message, cases[i].word) != NULL, "case %zu: %s", i, error.message);
		assert_int_equal(error.code, r);
		assert_null(host);
	}
	assert_null(ration_host_free(NULL));
}

/* A base may be written as anybody writes paths: it was taken for another one, one level off. */
static void test_base_as_written(void **state)
{
	struct ration_host_options options = { .size = sizeof(options) };
	struct ration_host *plain = NULL, *host = NULL;
	char made[PATH_MAX], written[PATH_MAX + 32];
	const char *mount;

	(void)state;
	assert_int_equal(ration_host_open(&options, &plain, NULL), 0);
	mount = info_of(plain).mount;
	(void)snprintf(made, sizeof(made), "%s/rtest-host-%d", mount ? mount : "/nowhere", (int)getpid());
	if (mkdir(made, 0755) < 0) {
		print_message("can't make %s\n", made);
		assert_null(ration_host_free(plain));
		skip();
	}
	(void)snprintf(written, sizeof(written), "%s/../rtest-host-%d/", made, (int)getpid());
	options.base = written;
	assert_int_equal(ration_host_open(&options, &host, NULL), 0);
	assert_string_equal(info_of(host).base, made);
	assert_null(ration_host_free(host));
	assert_int_equal(chdir(mount), 0);
	options.base = strrchr(made, '/') + 1;
	assert_int_equal(ration_host_open(&options, &host, NULL), 0);
	assert_string_equal(info_of(host).base, made);
	assert_int_equal(info_of(host).base_kind, RATION_BASE_GIVEN);
	assert_null(ration_host_free(host));
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(made), 0);
	assert_null(ration_host_free(plain));
}

/* Somebody else's directory was said to be an error, and was passed over. */
static void test_a_base_that_may_not_be_written(void **state)
{
	struct ration_host_options options = { .size = sizeof(options) };
	struct ration_host *plain = NULL, *host = NULL;
	struct ration_host_info info;

	(void)state;
	assert_int_equal(ration_host_open(&options, &plain, NULL), 0);
	options.base = info_of(plain).mount;
	/* As root we may write everywhere but where it is read-only. */
	if (!options.base || (geteuid() == 0 && seteuid(54321) < 0)) {
		assert_null(ration_host_free(plain));
		skip();
	}
	assert_int_equal(ration_host_open(&options, &host, NULL), 0);
	assert_int_equal(seteuid(getuid()), 0);
	info = info_of(host);
	assert_int_equal(info.base_kind, RATION_BASE_REFUSED);
	assert_null(info.base);
	assert_int_equal(host_now(host)->base_fd, -EBADF);
	assert_non_null(strstr(info.base_reason, options.base));
	assert_true(info.base_fix[0] != '\0');
	assert_null(ration_host_free(host));
	assert_null(ration_host_free(plain));
}

/* A caller of an older header has a smaller struct; nothing behind it is touched. */
static void test_smaller_info(void **state)
{
	struct ration_host *host = open_tree(TREES "/6.1-v2");
	struct ration_host_info info;

	(void)state;
	(void)memset(&info, 0x55, sizeof(info));
	info.size = offsetof(struct ration_host_info, memory_bytes);
	ration_host_info(host, &info);
	assert_int_equal(info.size, offsetof(struct ration_host_info, memory_bytes));
	assert_int_equal(info.hierarchy, RATION_HIERARCHY_V2);
	assert_true(info.memory_bytes == UINT64_C(0x5555555555555555));
	assert_null(ration_host_free(host));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captured),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_kernels),
		cmocka_unit_test(test_gvisor),
		cmocka_unit_test(test_delegated_by_systemd),
		cmocka_unit_test(test_a_unit_that_is_not_there_yet),
		cmocka_unit_test(test_a_unit_that_cannot_be_started),
		cmocka_unit_test(test_a_unit_that_is_there),
		cmocka_unit_test(test_processes_of_others),
		cmocka_unit_test(test_features),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_base_as_written),
		cmocka_unit_test(test_a_base_that_may_not_be_written),
		cmocka_unit_test(test_smaller_info),
	};

	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
