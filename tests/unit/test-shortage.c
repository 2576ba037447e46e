/* SPDX-License-Identifier: MIT */
/*
 * test-shortage.c - which group is named when one is full
 *
 * Groups here are directories with files of our own: a kernel that refuses a start for
 * its memory can be had in a few moments only, and not by all of its errnos.
 */
#include "unit.h"

#include "files.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "group/shortage.h"
#include "util/cleanup.h"

#define MIB "1048576"

enum { NONE = SPAWN_STEP_NONE, EXEC = SPAWN_STEP_EXEC, JOIN = SPAWN_STEP_JOIN };

/* A host with a hierarchy of each kind: group t/g in cgroup2, and in a hierarchy of cgroup v1. */
struct world {
	char dir[PATH_MAX];
	struct host_snapshot *host;
	struct place place;
};

static int open_below(const struct world *world, const char *path)
{
	char full[2 * PATH_MAX];
	int fd;

	(void)snprintf(full, sizeof(full), "%s/%s", world->dir, path);
	fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->host = calloc(1, sizeof(*world->host));
	assert_non_null(world->host);
	files_begin(world->dir);
	files_put(world->dir, "v2/base/t/g", NULL);
	files_put(world->dir, "v2/own", NULL);
	files_put(world->dir, "v1/own/t/g", NULL);
	world->place = PLACE_NONE;
	world->place.host = world->host;
	(void)strcpy(world->place.tenant, "t");
	(void)strcpy(world->place.name, "g");
	world->place.tenant_fd = open_below(world, "v2/base/t");
	world->place.fd = open_below(world, "v2/base/t/g");
	world->host->n_v1 = 1;
	world->host->v1[0].fd = open_below(world, "v1/own");
	world->place.v1_fd[0] = open_below(world, "v1/own/t/g");
	assert_true(snprintf(world->host->mount, PATH_MAX, "%s/v2", world->dir) < PATH_MAX);
	(void)strcpy(world->host->own, "/own");
	world->host->own_known = true;
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	files_end(world->dir);
	(void)close(world->host->v1[0].fd);
	place_close(&world->place);
	free(world->host);
	free(world);
	return 0;
}

/* ----------------------------------------------------------------- a start */

static const struct {
	const char *what;
	const char *where, *limit, *max, *usage, *used; /* the one limit that there is */
	int step, code;
	const char *named; /* "": none */
	const char *hint;
	int told;
	const char *pressure; /* NULL: no such file */
} starts[] = {
	{ "the tenant's tasks", "v2/base/t", "pids.max", "3", "pids.current", "3", NONE, -EAGAIN,
		"the tenant t has 3 of 3 tasks (pids.max)", "ration set t --pids N", -EAGAIN, NULL },
	{ "a level above BASE", "v2/base", "pids.max", "3", "pids.current", "4", NONE, -EAGAIN,
		"/v2/base has 4 of 3 tasks (pids.max)", "write a higher number", -EAGAIN, NULL },
	{ "the group's own tasks", "v2/base/t/g", "pids.max", "1", "pids.current", "1", NONE, -EAGAIN,
		"/v2/base/t/g has 1 of 1 tasks (pids.max)", "ration set t/g --pids N", -EAGAIN, NULL },
	{ "tasks of v1", "v1/own/t", "pids.max", "1", "pids.current", "1", NONE, -EAGAIN, "/v1/own/t has 1 of 1 tasks", "",
		-EAGAIN, NULL },
	{ "our own tasks", "v2/own", "pids.max", "1", "pids.current", "1", NONE, -EAGAIN, "/v2/own has 1 of 1 tasks", "",
		-EAGAIN, NULL },
	{ "room for a task", "v2/base/t", "pids.max", "3", "pids.current", "2", NONE, -EAGAIN, "", "", -EAGAIN, NULL },
	{ "no limit", "v2/base/t", "pids.max", "max", "pids.current", "2", NONE, -EAGAIN, "", "", -EAGAIN, NULL },
	{ "the user's tasks", "v2/base/t", "pids.max", "3", "pids.current", "3", EXEC, -EAGAIN, "", "ulimit -u", -EAGAIN, NULL },
	{ "memory at exec", "v2/base/t", "memory.max", MIB, "memory.current", MIB, EXEC, -E2BIG,
		"the tenant t uses 1 MiB of 1 MiB memory (memory.max)", "ration set t --memory SIZE", -ENOMEM, NULL },
	{ "memory at exec since 6.12", "v2/base/t", "memory.max", MIB, "memory.current", "1040000", EXEC, -ENOMEM,
		"the tenant t uses", "tmpfs", -ENOMEM, NULL },
	{ "memory at fork", "v2/base", "memory.max", MIB, "memory.current", MIB, NONE, -ENOMEM, "/v2/base uses 1 MiB", "",
		-ENOMEM, NULL },
	{ "memory at join", "v2/base/t", "memory.max", MIB, "memory.current", MIB, JOIN, -ENOMEM, "the tenant t uses", "",
		-ENOMEM, NULL },
	{ "memory of v1", "v1/own/t/g", "memory.limit_in_bytes", MIB, "memory.usage_in_bytes", MIB, EXEC, -E2BIG,
		"/v1/own/t/g uses 1 MiB of 1 MiB memory (memory.limit_in_bytes)", "", -ENOMEM, NULL },
	{ "memory enough", "v2/base/t", "memory.max", "99999999999", "memory.current", MIB, EXEC, -ENOMEM, "", "", -ENOMEM, NULL },
	{ "memory at an exec that doesn't end", "v2/base/t", "memory.max", MIB, "memory.current", MIB, EXEC, -ETIMEDOUT,
		"the tenant t uses 1 MiB of 1 MiB memory (memory.max)", "ration set t --memory SIZE", -ENOMEM,
		"some avg10=93.10 avg60=60.00 avg300=20.00 total=56000000\n" },
	{ "a file system that doesn't answer", "v2/base/t", "memory.max", MIB, "memory.current", MIB, EXEC, -ETIMEDOUT,
		"", "its file system doesn't answer", -ETIMEDOUT, "some avg10=2.00 avg60=0.00 avg300=0.00 total=0\n" },
	{ "pressure that isn't known", "v2/base/t", "memory.max", MIB, "memory.current", MIB, EXEC, -ETIMEDOUT,
		"", "its file system doesn't answer", -ETIMEDOUT, NULL },
	{ "another reason", "v2/base/t", "memory.max", MIB, "memory.current", MIB, EXEC, -EACCES, "", "", -EACCES, NULL },
};

static void put(const struct world *world, const char *where, const char *file, const char *text)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/%s", where, file);
	files_put(world->dir, path, text);
}

static void test_FC26_who_is_full_is_named(void **state)
{
	static char *const argv[] = { (char *)"true", NULL };

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		struct spawn spawn = { .path = "/bin/true", .argv = argv, .envp = argv, .failed_step = (enum spawn_step)starts[i].step };
		struct ration_error error = { .code = 0 };
		struct world *world;
		int code;

		assert_int_equal(setup(state), 0);
		world = *state;
		put(world, starts[i].where, starts[i].limit, starts[i].max);
		put(world, starts[i].where, starts[i].usage, starts[i].used);
		if (starts[i].pressure)
			put(world, starts[i].where, "memory.pressure", starts[i].pressure);
		code = shortage_start_error(&world->place, &spawn, starts[i].code, &error);
		assert_row(code == starts[i].told && error.code == code, "%s: %d", starts[i].what, code);
		assert_row(strstr(error.message, starts[i].named) && strstr(error.hint, starts[i].hint), "%s: %s: %s",
				starts[i].what, error.message, error.hint);
		assert_row((error.cause == RATION_CAUSE_IN_USE) == (starts[i].named[0] != '\0'), "%s: cause %d",
				starts[i].what, (int)error.cause);
		(void)teardown(state);
	}
}

/* It is the command's fault, whatever the memory. */
static void test_FC26_arguments_that_are_too_long(void **state)
{
	static char many[200000], *argv[] = { (char *)"true", many, NULL };
	struct spawn spawn = { .path = "/bin/true", .argv = argv, .envp = argv, .failed_step = SPAWN_STEP_EXEC };
	struct world *world = *state;
	struct ration_error error;

	memset(many, 'a', sizeof(many) - 1);
	put(world, "v2/base/t", "memory.max", MIB);
	put(world, "v2/base/t", "memory.current", MIB);
	assert_int_equal(shortage_start_error(&world->place, &spawn, -E2BIG, &error), -E2BIG);
	assert_int_equal(error.cause, RATION_CAUSE_COMMAND);
	/* All of them together. */
	many[60000] = '\0';
	assert_int_equal(shortage_start_error(&world->place, &spawn, -E2BIG, &error), -ENOMEM);
	spawn.rlimits[0] = (struct spawn_rlimit) { .resource = RLIMIT_STACK, .soft = 65536, .hard = 65536 };
	spawn.n_rlimits = 1;
	assert_int_equal(shortage_start_error(&world->place, &spawn, -E2BIG, &error), -ENOMEM);
	many[60000] = 'a';
	many[120000] = '\0';
	assert_int_equal(shortage_start_error(&world->place, &spawn, -E2BIG, &error), -E2BIG);
}

/* Of two that have little memory left, the one that has less. */
static void test_FC26_the_nearest_to_its_limit(void **state)
{
	static char *const argv[] = { (char *)"true", NULL };
	struct spawn spawn = { .path = "/bin/true", .argv = argv, .envp = argv, .failed_step = SPAWN_STEP_EXEC };
	struct world *world = *state;
	struct ration_error error;

	put(world, "v2/base/t", "memory.max", MIB);
	put(world, "v2/base/t", "memory.current", "1000000");
	put(world, "v2/base", "memory.max", MIB);
	put(world, "v2/base", "memory.current", "1040000");
	assert_int_equal(shortage_start_error(&world->place, &spawn, -ENOMEM, &error), -ENOMEM);
	assert_non_null(strstr(error.message, "/v2/base uses"));
}

/* ------------------------------------------------------- a process of ours */

static void test_FC26_our_own_group(void **state)
{
	struct world *world = *state;
	struct ration_error error;

	assert_int_equal(shortage_fork_error(world->host, "start a keeper", -EAGAIN, &error), -EAGAIN);
	assert_string_equal(error.message, "can't start a keeper: Resource temporarily unavailable");
	assert_non_null(strstr(error.hint, "ulimit -u"));
	put(world, "v1/own", "pids.max", "2");
	put(world, "v1/own", "pids.current", "2");
	assert_int_equal(shortage_fork_error(world->host, "start a keeper", -EAGAIN, &error), -EAGAIN);
	assert_non_null(strstr(error.message, "can't start a keeper: the group /"));
	assert_non_null(strstr(error.message, "/v1/own has 2 of 2 tasks (pids.max)"));
	assert_int_equal(shortage_fork_error(world->host, "start a keeper", -EMFILE, &error), -EMFILE);
	assert_int_equal(error.cause, RATION_CAUSE_UNKNOWN);
}

/* ---------------------------------------------------------------- a group */

static void test_FC26_no_group_can_be_made(void **state)
{
	struct world *world = *state;
	struct ration_error error;

	assert_int_equal(shortage_error(world->place.tenant_fd, "t", "t/g", -ENOMEM, &error), -ENOMEM);
	assert_string_equal(error.message, "can't create the group t/g: Cannot allocate memory");
	put(world, "v2/base/t", "memory.max", MIB);
	put(world, "v2/base/t", "memory.current", MIB);
	assert_int_equal(shortage_error(world->place.tenant_fd, "t", "t/g", -ENOMEM, &error), -ENOMEM);
	assert_string_equal(error.message, "can't create the group t/g: the tenant t uses 1 MiB of 1 MiB memory (memory.max)");
	assert_int_equal(error.cause, RATION_CAUSE_IN_USE);
	put(world, "v2/base", "cgroup.max.depth", "1");
	assert_int_equal(shortage_error(world->place.tenant_fd, "t", "t/g", -EAGAIN, &error), -EAGAIN);
	assert_non_null(strstr(error.message, "cgroup.max.depth of /"));
	assert_non_null(strstr(error.message, "/v2/base is 1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_FC26_who_is_full_is_named),
		cmocka_unit_test_setup_teardown(test_FC26_arguments_that_are_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_FC26_the_nearest_to_its_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_FC26_our_own_group, setup, teardown),
		cmocka_unit_test_setup_teardown(test_FC26_no_group_can_be_made, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
