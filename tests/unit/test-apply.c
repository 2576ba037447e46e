/* SPDX-License-Identifier: MIT */
/*
 * test-apply.c - all of a plan is written to a group, or nothing of it
 *
 * A group here is a directory with plain files: what a kernel answers is the
 * test bed's matter, and a write to a plain file leaves what it is too short to
 * overwrite. So values that take each other's place have the same length.
 */
#include "unit.h"

#include "files.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "group/limits/apply.h"
#include "host/host.h"
#include "plan/choice.h"
#include "plan/mech/mech.h"
#include "sys/cgroup/cgroup.h"
#include "util/cleanup.h"
#include "util/error.h"

#define MIB (UINT64_C(1) << 20)
#define STRANGER 54321

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static const char *content(const char *dir, const char *name)
{
	static char text[512];
	char path[2 * PATH_MAX];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "re");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	(void)fclose(file);
	return text;
}

/* ---------------------------------------------------------------- all or nothing */

#define WRITES 4

struct one_write {
	enum ration_limit limit;
	const char *file, *value;
};

static const struct one_write writes[WRITES] = {
	{ RATION_LIMIT_MEMORY, "memory.max", "111" },
	{ RATION_LIMIT_PIDS, "pids.max", "22" },
	/* Twice: taken back in the order that they were made, the first would be left. */
	{ RATION_LIMIT_MEMORY, "memory.max", "333" },
	{ RATION_LIMIT_CPUSET_CPUS, "cpuset.cpus", "0" },
};

static void make_group(char dir[PATH_MAX])
{
	files_begin(dir);
	files_put(dir, "memory.max", "max\n");
	files_put(dir, "pids.max", "99\n");
	files_put(dir, "cpuset.cpus", "\n");
}

static int apply(int fd, size_t n, const struct one_write *more, struct ration_error *error)
{
	struct group_writes list = { .n = 0 };

	for (size_t i = 0; i < n; i++)
		assert_int_equal(mech_write(&list, writes[i].limit, writes[i].file, "%s", writes[i].value), 0);
	if (more)
		assert_int_equal(mech_write(&list, more->limit, more->file, "%s", more->value), 0);
	return apply_writes(&(struct place) { .fd = fd }, &list, error);
}

static int refuse(void *data, struct ration_error *reterr)
{
	const char *dir = data;

	/* By then all is written. */
	assert_string_equal(content(dir, "pids.max"), "22\n");
	return error_set(reterr, -EIO, RATION_CAUSE_UNKNOWN, "refused");
}

/* What belongs to a change, and fails, takes all of it back. */
static void test_what_comes_then_fails(void **state)
{
	struct ration_error error = { .message = "" };
	struct group_writes list = { .n = 0 };
	char dir[PATH_MAX];
	int fd;

	(void)state;
	make_group(dir);
	fd = open_dir(dir);
	assert_int_equal(mech_write(&list, RATION_LIMIT_MEMORY, "memory.max", "111"), 0);
	assert_int_equal(mech_write(&list, RATION_LIMIT_PIDS, "pids.max", "22"), 0);
	assert_int_equal(apply_writes_then(&(struct place) { .fd = fd }, &list, refuse, dir, &error), -EIO);
	assert_string_equal(error.message, "refused");
	assert_int_equal(list.failed, list.n);
	assert_int_equal(strncmp(content(dir, "memory.max"), "max", 3), 0);
	assert_int_equal(strncmp(content(dir, "pids.max"), "99", 2), 0);
	(void)close(fd);
	files_end(dir);
}

static void test_all(void **state)
{
	char dir[PATH_MAX];
	int fd;

	(void)state;
	make_group(dir);
	fd = open_dir(dir);
	assert_int_equal(apply(fd, WRITES, NULL, NULL), 0);
	assert_string_equal(content(dir, "memory.max"), "333\n");
	assert_string_equal(content(dir, "pids.max"), "22\n");
	assert_string_equal(content(dir, "cpuset.cpus"), "0");
	(void)close(fd);
	files_end(dir);
}

/* A plan that was made when BASE was still to come, on a host where it didn't: no limit is passed over. */
static void test_no_cgroup_any_more(void **state)
{
	struct ration_error error = { .message = "" };

	(void)state;
	assert_int_equal(apply(-EBADF, WRITES, NULL, &error), -EOPNOTSUPP);
	assert_int_equal(error.cause, RATION_CAUSE_NO_CGROUP);
	assert_non_null(strstr(error.message, "--memory"));
}

/* The file isn't there because its controller isn't: that isn't the kernel's age. */
static void test_missing_controller(void **state)
{
	static const struct one_write missing = { RATION_LIMIT_SWAP, "memory.swap.max", "0" };
	static const struct {
		const char *controllers;
		enum ration_cause cause;
		int code;
	} rows[] = {
		{ "cpu pids\n", RATION_CAUSE_NO_CONTROLLER, -EOPNOTSUPP },
		{ "cpu memory pids\n", RATION_CAUSE_KERNEL_TOO_OLD, -ENOENT },
	};
	char dir[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_error error = { .code = 0 };
		int fd, r;

		make_group(dir);
		files_put(dir, "cgroup.controllers", rows[i].controllers);
		fd = open_dir(dir);
		r = apply(fd, 0, &missing, &error);
		assert_row(r == rows[i].code && error.code == r, "row %zu: %d", i, r);
		assert_int_equal(error.cause, rows[i].cause);
		(void)close(fd);
		files_end(dir);
	}
}

/* After each number of writes that went well, one that doesn't: for want of the file. */
static void test_nothing(void **state)
{
	static const struct one_write missing = { RATION_LIMIT_SWAP, "memory.swap.max", "0" };
	char dir[PATH_MAX];

	(void)state;
	for (size_t n = 0; n <= WRITES; n++) {
		struct ration_error error = { .code = 0 };
		int fd, r;

		make_group(dir);
		fd = open_dir(dir);
		r = apply(fd, n, &missing, &error);
		assert_row(r == -ENOENT && error.code == r, "after %zu: %d", n, r);
		assert_int_equal(error.cause, RATION_CAUSE_KERNEL_TOO_OLD);
		assert_non_null(strstr(error.message, "can't write \"0\" to memory.swap.max for --swap"));
		assert_row(strcmp(content(dir, "memory.max"), "max\n") == 0, "after %zu: memory.max %s", n,
				content(dir, "memory.max"));
		assert_row(strcmp(content(dir, "pids.max"), "99\n") == 0, "after %zu", n);
		(void)close(fd);
		files_end(dir);
	}
}

/* One whose old value can be read, and which can't be written. */
static void test_a_file_of_somebody_else(void **state)
{
	static const struct one_write theirs = { RATION_LIMIT_MEMORY_HIGH, "memory.high", "100" };
	struct ration_error error = { .code = 0 };
	char dir[PATH_MAX], path[PATH_MAX + 32];
	int fd, r;

	(void)state;
	make_group(dir);
	files_put(dir, "memory.high", "max\n");
	(void)snprintf(path, sizeof(path), "%s/memory.high", dir);
	assert_int_equal(chmod(path, 0444), 0);
	for (size_t i = 0; geteuid() == 0 && i < 2; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, writes[i].file);
		assert_int_equal(chown(path, STRANGER, (gid_t)-1), 0);
	}
	assert_int_equal(chmod(dir, 0755), 0);
	fd = open_dir(dir);
	/* Root may write what it likes. */
	assert_true(geteuid() != 0 || seteuid(STRANGER) == 0);
	r = apply(fd, 3, &theirs, &error);
	assert_int_equal(seteuid(getuid()), 0);
	assert_int_equal(r, -EACCES);
	assert_non_null(strstr(error.message, "memory.high for --memory-high"));
	assert_non_null(strstr(error.hint, "another user"));
	assert_string_equal(content(dir, "memory.max"), "max\n");
	assert_string_equal(content(dir, "pids.max"), "99\n");
	assert_string_equal(content(dir, "memory.high"), "max\n");
	(void)close(fd);
	files_end(dir);
}

/* cpuset.cpus of a group that follows the one above: a write(2) of no bytes takes nothing back. */
static void test_an_empty_value_is_written_back(void **state)
{
	static const struct one_write missing = { RATION_LIMIT_SWAP, "memory.swap.max", "0" };
	char dir[PATH_MAX];
	int fd;

	(void)state;
	make_group(dir);
	fd = open_dir(dir);
	assert_int_equal(apply(fd, WRITES, &missing, NULL), -ENOENT);
	assert_string_equal(content(dir, "cpuset.cpus"), "\n");
	(void)close(fd);
	files_end(dir);
}

/* A list of every other CPU of a large machine is written back whole. */
static void test_a_long_value_is_written_back(void **state)
{
	static const struct one_write missing = { RATION_LIMIT_SWAP, "memory.swap.max", "0" };
	char dir[PATH_MAX], list[2000] = "0";
	int fd;

	(void)state;
	for (int i = 2; i < 400; i += 2)
		(void)snprintf(list + strlen(list), sizeof(list) - strlen(list), ",%d", i);
	make_group(dir);
	files_put(dir, "cpuset.cpus", list);
	fd = open_dir(dir);
	assert_int_equal(apply(fd, WRITES, &missing, NULL), -ENOENT);
	assert_int_equal(strncmp(content(dir, "cpuset.cpus"), list, 500), 0);
	(void)close(fd);
	files_end(dir);
}

/* One that is longer than any that the kernel takes isn't cut off: nothing is written. */
static void test_what_could_not_be_taken_back_isnt_written(void **state)
{
	struct ration_error error = { .code = 0 };
	char dir[PATH_MAX], list[CG_FILE_MAX + 100] = "";
	int fd;

	(void)state;
	for (size_t i = 0; i + 4 < sizeof(list); i += 4)
		(void)strcpy(list + i, "100,");
	make_group(dir);
	files_put(dir, "cpuset.cpus", list);
	fd = open_dir(dir);
	assert_int_equal(apply(fd, WRITES, NULL, &error), -EFBIG);
	assert_int_equal(strncmp(content(dir, "cpuset.cpus"), list, 500), 0);
	assert_string_equal(content(dir, "memory.max"), "max\n");
	(void)close(fd);
	files_end(dir);
}

/* A field of a keyed file is taken back alone, by the line of its key. */
static void test_a_keyed_file(void **state)
{
	static const struct {
		const char *before, *after; /* the second begins so: the rest is the first's */
	} rows[] = {
		{ "8:0 rbps=777 wbps=5 riops=max wiops=max\n", "8:0 rbps=777" },
		/* A line that isn't there, or another's, means no limit. */
		{ "", "8:0 rbps=max" },
		{ "18:0 rbps=777 wbps=5\n", "8:0 rbps=max" },
		{ "8:0 wbps=5\n8:16 rbps=777\n", "8:0 rbps=max" },
		{ "8:16 rbps=777\n8:0 wbps=5 rbps=123\n", "8:0 rbps=123" },
	};
	char dir[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct group_writes list = { .n = 0 };
		int fd;

		files_begin(dir);
		files_put(dir, "io.max", rows[i].before);
		fd = open_dir(dir);
		assert_int_equal(mech_write_keyed(&list, RATION_LIMIT_IO_READ_BPS, "io.max", "8:0", "rbps", 222), 0);
		assert_int_equal(mech_write(&list, RATION_LIMIT_PIDS, "pids.max", "5"), 0);
		assert_int_equal(apply_writes(&(struct place) { .fd = fd }, &list, NULL), -ENOENT);
		assert_row(strncmp(content(dir, "io.max"), rows[i].after, strlen(rows[i].after)) == 0, "row %zu: %s", i,
				content(dir, "io.max"));
		(void)close(fd);
		files_end(dir);
	}
}

/* Of many disks: longer than the room for an old value, of which it takes one field. */
static void test_a_long_keyed_file(void **state)
{
	struct group_writes list = { .n = 0 };
	char dir[PATH_MAX], text[2048];
	size_t used = 0;
	int fd;

	(void)state;
	for (int i = 1; i < 30; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "8:%d rbps=%d wbps=max\n", 16 * i, i);
	files_begin(dir);
	files_put(dir, "io.max", text);
	fd = open_dir(dir);
	assert_int_equal(mech_write_keyed(&list, RATION_LIMIT_IO_READ_BPS, "io.max", "8:464", "rbps", 50), 0);
	assert_int_equal(mech_write(&list, RATION_LIMIT_PIDS, "pids.max", "5"), 0);
	assert_int_equal(apply_writes(&(struct place) { .fd = fd }, &list, NULL), -ENOENT);
	assert_int_equal(strncmp(content(dir, "io.max"), "8:464 rbps=29", strlen("8:464 rbps=29")), 0);
	(void)close(fd);
	files_end(dir);
}

/* ------------------------------------------------------------------------ a plan */

static const struct host_facts facts = {
	.hierarchy = RATION_HIERARCHY_V2,
	.base_kind = RATION_BASE_ROOT,
	.controllers = RATION_CONTROLLER_CPU | RATION_CONTROLLER_CPUSET | RATION_CONTROLLER_IO |
		RATION_CONTROLLER_MEMORY | RATION_CONTROLLER_PIDS,
	.features = (1u << 11) - 1,
	.root = true,
	.cpus = 1,
	.cpu_mask.bits[0] = 1,
	.cpuset_cpus = { .known = true, .mask.bits[0] = 1, .list = "0" },
	.memory_bytes = 1024 * MIB,
	.page_bytes = 4096,
};

static struct ration_plan *plan_of(enum ration_limit limit, const char *text)
{
	struct ration_limits *limits = NULL;
	struct ration_plan *plan = NULL;

	assert_int_equal(ration_limits_new(&limits), 0);
	assert_int_equal(ration_limits_parse(limits, limit, text, NULL), 0);
	assert_int_equal(plan_make(&facts, limits, RATION_ENFORCE_STRICT, RATION_PURPOSE_RUN, &plan, NULL), 0);
	(void)ration_limits_free(limits);
	return plan;
}

static void test_a_plan_for_a_group(void **state)
{
	struct ration_plan *plan = plan_of(RATION_LIMIT_MEMORY, "64M");
	char dir[PATH_MAX];
	int fd;

	(void)state;
	for (int oom_group = 0; oom_group < 2; oom_group++) {
		files_begin(dir);
		files_put(dir, "memory.max", "max\n");
		files_put(dir, "memory.swap.max", "max\n");
		files_put(dir, "memory.oom.group", "0\n");
		fd = open_dir(dir);
		assert_int_equal(apply_group(plan, &(struct place) { .fd = fd }, oom_group, NULL), 0);
		assert_string_equal(content(dir, "memory.max"), "67108864");
		assert_int_equal(content(dir, "memory.swap.max")[0], '0');
		assert_string_equal(content(dir, "memory.oom.group"), oom_group ? "1\n" : "0\n");
		(void)close(fd);
		files_end(dir);
	}
	assert_null(ration_plan_free(plan));
}

/* The kernel takes any list: what holds of it stands in another file, and what can't be seen there doesn't hold. */
static void test_FC3_a_set_that_cannot_be_seen(void **state)
{
	struct ration_plan *plan = plan_of(RATION_LIMIT_CPUSET_CPUS, "0");
	struct ration_error error = { .message = "" };
	char dir[PATH_MAX];
	int fd;

	(void)state;
	files_begin(dir);
	files_put(dir, "cpuset.cpus", "\n");
	fd = open_dir(dir);
	assert_int_equal(apply_group(plan, &(struct place) { .fd = fd }, false, &error), -ENOENT);
	assert_non_null(strstr(error.message, "can't see whether --cpuset-cpus holds"));
	files_put(dir, "cpuset.cpus.effective", "0\n");
	assert_int_equal(apply_group(plan, &(struct place) { .fd = fd }, false, NULL), 0);
	(void)close(fd);
	files_end(dir);
	assert_null(ration_plan_free(plan));
}

static void test_a_plan_for_a_child(void **state)
{
	struct ration_plan *plan = plan_of(RATION_LIMIT_RLIMIT_NOFILE, "10:20");
	struct spawn spawn = { .n_rlimits = 0 };
	bool seen = false;

	(void)state;
	assert_int_equal(apply_child(plan, &facts, &spawn, NULL), 0);
	for (size_t i = 0; i < spawn.n_rlimits; i++)
		seen |= spawn.rlimits[i].resource == RLIMIT_NOFILE && spawn.rlimits[i].soft == 10 &&
			spawn.rlimits[i].hard == 20;
	assert_true(seen);
	assert_false(spawn.pinned);
	assert_null(ration_plan_free(plan));
}

static void test_controllers_on_request(void **state)
{
	static const struct {
		enum ration_limit limit;
		const char *text;
		bool cpuset;
	} rows[] = { { RATION_LIMIT_MEMORY, "64M", false }, { RATION_LIMIT_CPUSET_CPUS, "0", true } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ration_plan *plan = plan_of(rows[i].limit, rows[i].text);
		uint32_t all = apply_controllers(plan, &facts);
		struct host_facts none = facts;

		assert_true((all & RATION_CONTROLLER_MEMORY) && (all & RATION_CONTROLLER_CPU));
		assert_row(!(all & RATION_CONTROLLER_CPUSET) == !rows[i].cpuset, "row %zu", i);
		/* Only what is there. */
		none.controllers = RATION_CONTROLLER_PIDS;
		assert_int_equal(apply_controllers(plan, &none), RATION_CONTROLLER_PIDS);
		assert_null(ration_plan_free(plan));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_what_comes_then_fails),
		cmocka_unit_test(test_no_cgroup_any_more),
		cmocka_unit_test(test_missing_controller),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_a_file_of_somebody_else),
		cmocka_unit_test(test_an_empty_value_is_written_back),
		cmocka_unit_test(test_a_long_value_is_written_back),
		cmocka_unit_test(test_what_could_not_be_taken_back_isnt_written),
		cmocka_unit_test(test_a_keyed_file),
		cmocka_unit_test(test_a_long_keyed_file),
		cmocka_unit_test(test_a_plan_for_a_group),
		cmocka_unit_test(test_FC3_a_set_that_cannot_be_seen),
		cmocka_unit_test(test_a_plan_for_a_child),
		cmocka_unit_test(test_controllers_on_request),
	};

	return cmocka_run_group_tests_name("apply", tests, NULL, NULL);
}
