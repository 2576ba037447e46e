/* SPDX-License-Identifier: MIT */
/*
 * test-unit.c - BASE where systemd is process 1
 */
#include "managed.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/xattr.h>

#include "host/notes.h"
#include "util/cleanup.h"

static int mark(const char *path)
{
	CLEANUP(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? fd : notes_mark(fd, NOTE_BASE);
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
		files_end(root);
		skip_because("no extended attributes in %s", root);
	}
	host = open_tree(root);
	info = info_of(host);
	assert_int_equal(info.base_kind, RATION_BASE_NESTED);
	assert_true(info.systemd);
	assert_null(ration_host_free(host));
	/* Its owner can have written that; and so can whoever has write permission. */
	for (int i = 0; i < 2 && geteuid() == 0; i++) {
		assert_int_equal(i == 0 ? chown(path, 1000, 1000) : chown(path, 0, 0), 0);
		assert_int_equal(chmod(path, i == 0 ? 0755 : 0777), 0);
		host = open_tree(root);
		assert_int_not_equal(info_of(host).base_kind, RATION_BASE_NESTED);
		assert_null(ration_host_free(host));
	}
	files_end(root);
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
		if (mark(path) < 0) {
			files_end(root);
			skip_because("no extended attributes in %s", root);
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

static void put_limits(const char *root, const char *group, const char *const file[][2], size_t n)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", group, file[i][0]);
		files_put(root, path, file[i][1]);
	}
}

/* Each item of a plan for nothing but memory, as "memory=33554432 pids=40 "; behind a list is a 0. */
static const char *of_caller(char *text, size_t size, const struct ration_host *host, uint64_t memory,
		enum ration_purpose purpose)
{
	const struct ration_plan_options options = { .size = sizeof(options), .policy = RATION_ENFORCE_ANY, .purpose = purpose };
	const struct ration_plan_item *item;
	struct ration_limits *limits = NULL;
	struct ration_plan *plan = NULL;
	size_t n = 0;

	text[0] = '\0';
	assert_int_equal(ration_limits_new(&limits), 0);
	assert_int_equal(ration_limits_set(limits, RATION_LIMIT_MEMORY, RATION_UNLIMITED, memory, NULL), 0);
	assert_int_equal(ration_plan_new(host, limits, &options, &plan, NULL), 0);
	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
		if (item->of_caller)
			n += (size_t)snprintf(text + n, size - n, "%s=%s%" PRIu64 " ", ration_limit_info(item->limit)->name,
					item->text ? item->text : "", item->text ? 0 : item->in_force);
	}
	assert_null(ration_plan_free(plan));
	assert_null(ration_limits_free(limits));
	return text;
}

/* What the groups above this process allow, up to the first that BASE is in as well. */
static void test_FC12_limits_of_the_caller(void **state)
{
	static const char *const slice[][2] = { { "memory.max", "33554432\n" }, { "cpuset.cpus.effective", "0-1\n" } };
	static const char *const session[][2] = { { "memory.max", "67108864\n" }, { "pids.max", "40\n" },
		{ "cpu.max", "50000 100000\n" }, { "memory.high", "max\n" }, { "cpuset.cpus.effective", "1\n" } };
	static const char *const top[][2] = { { "pids.max", "7\n" }, { "cpuset.cpus.effective", "0-1\n" } };
	char root[PATH_MAX], text[200];
	struct ration_host *host;

	(void)state;
	files_begin(root);
	build_managed(root, "0::/other.slice/user-1.slice/session-1.scope\n");
	put_limits(root, "cg/other.slice/user-1.slice", slice, ARRAY_SIZE(slice));
	put_limits(root, "cg/other.slice/user-1.slice/session-1.scope", session, ARRAY_SIZE(session));
	put_limits(root, "cg", top, ARRAY_SIZE(top));
	host = open_managed(root, with_unit_program(root));
	assert_int_equal(info_of(host).base_kind, RATION_BASE_UNIT);
	assert_true(host_now(host)->facts.caller.apart);
	assert_string_equal(of_caller(text, sizeof(text), host, UINT64_C(200) << 20, RATION_PURPOSE_RUN),
			"memory=33554432 cpus=50000 pids=40 cpuset_cpus=10 ");
	/* Less than the caller has is what was asked for; and no group that stays is the caller's. */
	assert_string_equal(of_caller(text, sizeof(text), host, UINT64_C(16) << 20, RATION_PURPOSE_RUN),
			"cpus=50000 pids=40 cpuset_cpus=10 ");
	assert_string_equal(of_caller(text, sizeof(text), host, UINT64_C(200) << 20, RATION_PURPOSE_GROUP), "");
	assert_null(ration_host_free(host));
	files_end(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delegated_by_systemd),
		cmocka_unit_test(test_a_unit_that_is_not_there_yet),
		cmocka_unit_test(test_a_unit_that_cannot_be_started),
		cmocka_unit_test(test_a_unit_that_is_there),
		cmocka_unit_test(test_FC12_limits_of_the_caller),
	};

	return cmocka_run_group_tests_name("unit", tests, NULL, NULL);
}
