/* SPDX-License-Identifier: MIT */
/*
 * test-probe.c - probing machines that aren't this one
 *
 * The captured ones, in tests/trees, are what real kernels show in the worlds of
 * the test bed; the others are made by hand, for what is hard to boot. Both are
 * read through host_open().
 */
#include "made.h"

#include <inttypes.h>

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
	uint64_t with, without; /* features */
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
		"/sys/fs/cgroup/unified", "v1 has all controllers", V6_1_V1 },
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
			"%s: features %" PRIx64, world->name, info->features);
}

static void test_captured(void **state)
{
	(void)state;
	/* Whether a directory can be written is asked of the directory. */
	if (access(TREES "/6.1-v2/sys/fs/cgroup/cgroup.procs", W_OK) < 0) {
		skip_because("the captured trees belong to somebody else");
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
		RATION_BASE_NONE, 0, NULL, NULL, "doesn't show ration's own group", "--cgroupns=host", 64 * GIB, "machine" },
	{ "our group is elsewhere", { { "proc/self/cgroup", "0::/../x\n" } }, RATION_BASE_NONE, 0, NULL, NULL,
		"doesn't show ration's own group", "--base", 64 * GIB, "machine" },
	{ "our group was removed", { { "proc/self/cgroup", "0::/a/b (deleted)\n" } }, RATION_BASE_NONE, 0, NULL, NULL,
		"doesn't show ration's own group", "--base", 64 * GIB, "machine" },
	{ "no line of v2", { { "proc/self/cgroup", "4:memory:/m\n" } }, RATION_BASE_NONE, 0, NULL, NULL,
		"doesn't show ration's own group", "--base", 64 * GIB, "machine" },
	{ "a directory that isn't there", { { "proc/self/cgroup", "0::/a/gone\n" } }, RATION_BASE_NONE, 0, "/a/gone",
		NULL, "/cg/a/gone (No such file", "", 64 * GIB, "machine" },
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
	{ "FC28: a threaded group", { { "cg/a/b/cgroup.type", "threaded\n" }, { "cg/a/b/cgroup.controllers", "cpu pids\n" } },
		RATION_BASE_NESTED, RATION_CONTROLLER_CPU | RATION_CONTROLLER_PIDS, "/a/b", "/cg/a/b",
		"is a threaded group", "isn't threaded", 64 * GIB, "machine" },
	{ "FC28: below a threaded group", { { "cg/a/b/cgroup.type", "domain invalid\n" },
		{ "cg/a/b/cgroup.controllers", "" } }, RATION_BASE_NESTED, 0, "/a/b", "/cg/a/b", "is a threaded group",
		"isn't threaded", 64 * GIB, "machine" },
	{ "FC28: above a threaded group", { { "cg/a/b/cgroup.type", "domain threaded\n" } }, RATION_BASE_NESTED,
		CPU_AND_MEMORY, "/a/b", "/cg/a/b", "", "", 64 * GIB, "machine" },
	{ "a limit where the machine's memory isn't known", { { "proc/meminfo", "" },
		{ "cg/a/b/memory.max", "1073741824\n" } }, RATION_BASE_NESTED, CPU_AND_MEMORY, "/a/b", "/cg/a/b", "", "",
		GIB, "/cg/a/b" },
};

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

/* Controllers would need them moved, and they aren't ours to move. */
static void test_processes_of_others(void **state)
{
	static const char *const file[FILES_MAX][2] = { { "proc/77", NULL } };
	char root[PATH_MAX], path[PATH_MAX + 16];
	struct ration_host *host;
	struct ration_host_info info;

	(void)state;
	if (geteuid() != 0) {
		skip_because("takes root");
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

/* ------------------------------------------------------------- refusals */

static void test_refusals(void **state)
{
	static const struct {
		struct ration_host_options options;
		int expected;
		const char *word;
		const char *root;
	} cases[] = {
		{ { .nspace = "" }, -EINVAL, "namespace", NULL },
		{ { .nspace = ".." }, -EINVAL, "namespace", NULL },
		{ { .nspace = "a/b" }, -EINVAL, "namespace", NULL },
		{ { .nspace = "cgroup.procs" }, -EINVAL, "namespace", NULL },
		{ { .nspace = "-x" }, -EINVAL, "namespace", NULL },
		{ { .base = "/" }, -EINVAL, "cgroup2", NULL },
		{ { .base = "/proc/self/comm" }, -ENOTDIR, "--base", NULL },
		{ { .base = "/nowhere/at/all" }, -ENOENT, "--base", NULL },
		{ { .base = "" }, -ENOENT, "--base", NULL },
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
		assert_null(ration_host_free(plain));
		skip_because("can't make %s", made);
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
		skip_because("no cgroup2 is mounted here, or no other user can be taken");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captured),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_processes_of_others),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_base_as_written),
		cmocka_unit_test(test_a_base_that_may_not_be_written),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
