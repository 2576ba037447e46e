/* SPDX-License-Identifier: MIT */
/*
 * test-pool.c - groups that are ready before there is a command, on this machine's cgroup2
 */
#include "unit.h"

#include "base.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"

static char *const succeed[] = { (char *)"true", NULL };

struct fixture {
	struct base base;
	struct ration_limits *limits;
	struct ration_plan *plan;
	struct ration_pool *pool;
};

static void begin(struct fixture *it, size_t groups)
{
	const struct ration_pool_options options = { .size = sizeof(options), .tenant = "t", .groups = groups };
	struct ration_error error = { .message = "" };

	base_begin(&it->base);
	assert_int_equal(ration_limits_new(&it->limits), 0);
	assert_int_equal(ration_limits_parse(it->limits, RATION_LIMIT_TIMEOUT, "60s", NULL), 0);
	assert_int_equal(ration_plan_new(it->base.host, it->limits, NULL, &it->plan, NULL), 0);
	assert_row(ration_pool_new(it->base.host, it->plan, &options, &it->pool, &error) == 0, "%s", error.message);
}

static void end(struct fixture *it)
{
	it->pool = ration_pool_free(it->pool);
	(void)ration_plan_free(it->plan);
	(void)ration_limits_free(it->limits);
	base_end(&it->base);
}

/* How many groups there are. */
static size_t groups(const struct fixture *it)
{
	struct ration_list *list = NULL;
	size_t n = 0;

	assert_int_equal(ration_list_new(it->base.host, NULL, &list, NULL), 0);
	for (size_t i = 0; i < ration_list_count(list); i++)
		n += !ration_list_item(list, i)->is_tenant;
	(void)ration_list_free(list);
	return n;
}

static int start(struct fixture *it, char *const *argv, struct ration_run **ret_run, struct ration_error *error)
{
	const struct ration_run_options options = { .size = sizeof(options), .argv = argv, .tenant = "t", .pool = it->pool };

	return ration_run_start(it->base.host, it->plan, &options, ret_run, error);
}

static void run_once(struct fixture *it)
{
	struct ration_error error = { .message = "" };
	struct ration_run *run = NULL;

	assert_row(start(it, succeed, &run, &error) == 0, "%s", error.message);
	assert_row(ration_run_wait(run, &error) == 0, "%s", error.message);
	assert_int_equal(ration_receipt_verdict(ration_run_receipt(run)), RATION_VERDICT_OK);
	assert_true(strncmp(ration_run_address(run), "t/", 2) == 0);
	(void)ration_run_free(run);
}

static void test_a_start_takes_one(void **state)
{
	struct fixture it;

	(void)state;
	begin(&it, 3);
	assert_int_equal(groups(&it), 0);
	assert_int_equal(ration_pool_fill(it.pool, 1, NULL), 1);
	assert_int_equal(ration_pool_ready(it.pool), 1);
	assert_int_equal(ration_pool_fill(it.pool, 0, NULL), 2);
	assert_int_equal(groups(&it), 3);
	assert_int_equal(ration_pool_ready(it.pool), 3);
	assert_int_equal(ration_pool_fill(it.pool, 0, NULL), 0);
	for (size_t left = 3; left-- > 0;) {
		run_once(&it);
		assert_int_equal(ration_pool_ready(it.pool), left);
		assert_int_equal(groups(&it), left);
	}
	/* An empty one is no reason to fail, or to wait. */
	run_once(&it);
	assert_int_equal(ration_pool_fill(it.pool, 0, NULL), 3);
	end(&it);
}

static void test_one_that_was_removed(void **state)
{
	struct ration_list *list = NULL;
	struct ration_group *group = NULL;
	struct fixture it;

	(void)state;
	begin(&it, 2);
	assert_int_equal(ration_pool_fill(it.pool, 0, NULL), 2);
	assert_int_equal(ration_list_new(it.base.host, NULL, &list, NULL), 0);
	for (size_t i = 0; i < ration_list_count(list); i++) {
		if (ration_list_item(list, i)->is_tenant)
			continue;
		assert_int_equal(ration_group_open(it.base.host, ration_list_item(list, i)->address, &group, NULL), 0);
		assert_int_equal(ration_group_remove(group, RATION_REMOVE_KILL, NULL, NULL), 0);
		group = ration_group_free(group);
	}
	(void)ration_list_free(list);
	run_once(&it);
	assert_int_equal(ration_pool_ready(it.pool), 0);
	end(&it);
}

/* Calls `what` with the directory of each group. */
static void each_directory(const struct fixture *it, void (*what)(const char *path, void *data), void *data)
{
	struct ration_list *list = NULL;
	char path[sizeof(it->base.path) + 2 * RATION_NAME_MAX + 3];

	assert_int_equal(ration_list_new(it->base.host, NULL, &list, NULL), 0);
	for (size_t i = 0; i < ration_list_count(list); i++) {
		if (ration_list_item(list, i)->is_tenant)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", it->base.path, ration_list_item(list, i)->address);
		what(path, data);
	}
	(void)ration_list_free(list);
}

static void put(const char *path, void *data)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", (int)*(pid_t *)data);
	assert_int_equal(cg_write(fd, "cgroup.procs", pid), 0);
	(void)close(fd);
}

/* A run never has somebody else's process in its group. */
static void test_one_that_has_a_process(void **state)
{
	struct fixture it;
	int status;
	pid_t pid;

	(void)state;
	begin(&it, 1);
	assert_int_equal(ration_pool_fill(it.pool, 0, NULL), 1);
	pid = fork();
	if (pid == 0)
		_exit(pause());
	each_directory(&it, put, &pid);
	run_once(&it);
	assert_int_equal(ration_pool_ready(it.pool), 0);
	/* It goes with its group. */
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_true(soon(access(it.base.path, F_OK) < 0));
	end(&it);
}

static void *fill(void *data)
{
	assert_true(ration_pool_fill(data, 0, NULL) >= 0);
	return NULL;
}

static void test_two_fill_it_at_once(void **state)
{
	struct fixture it;
	pthread_t other;

	(void)state;
	begin(&it, 8);
	assert_int_equal(pthread_create(&other, NULL, fill, it.pool), 0);
	(void)fill(it.pool);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_int_equal(ration_pool_ready(it.pool), 8);
	assert_int_equal(groups(&it), 8);
	end(&it);
}

static void test_its_owner_is_killed(void **state)
{
	struct fixture it;
	struct base watcher;
	int ready[2], status;
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		begin(&it, 3);
		_exit(ration_pool_fill(it.pool, 0, NULL) == 3 && write(ready[1], "", 1) == 1 && pause() ? 1 : 2);
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	base_begin(&watcher);
	(void)snprintf(strrchr(watcher.path, '/'), 32, "/rtest-%d", (int)pid);
	assert_int_equal(access(watcher.path, F_OK), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(soon(access(watcher.path, F_OK) < 0));
	watcher.host = ration_host_free(watcher.host);
}

/* In a copy of the process the groups are the parent's. */
static void test_a_fork(void **state)
{
	struct fixture it;
	int status;
	pid_t pid;

	(void)state;
	begin(&it, 2);
	assert_int_equal(ration_pool_fill(it.pool, 0, NULL), 2);
	pid = fork();
	if (pid == 0) {
		int r = ration_pool_fill(it.pool, 0, NULL);

		_exit(r == -EINVAL && !ration_pool_free(it.pool) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(groups(&it), 2);
	run_once(&it);
	end(&it);
}

static void test_what_is_refused(void **state)
{
	const struct ration_pool_options none = { .size = sizeof(none) };
	const struct ration_pool_options many = { .size = sizeof(many), .groups = RATION_POOL_MAX + 1 };
	const struct ration_pool_options name = { .size = sizeof(name), .groups = 1, .tenant = "a/b" };
	const struct ration_pool_options *const options[] = { NULL, &none, &many, &name };
	struct ration_run_options wrong = { .size = sizeof(wrong), .argv = succeed, .tenant = "t" };
	struct ration_error error = { .message = "" };
	struct ration_pool *pool = NULL;
	struct ration_plan *other = NULL;
	struct ration_run *run = NULL;
	struct fixture it;

	(void)state;
	begin(&it, 1);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		assert_row(ration_pool_new(it.base.host, it.plan, options[i], &pool, &error) == -EINVAL, "row %zu", i);
	wrong.pool = it.pool;
	wrong.name = "n";
	assert_int_equal(ration_run_start(it.base.host, it.plan, &wrong, &run, &error), -EINVAL);
	wrong.name = NULL;
	wrong.tenant = "another";
	assert_int_equal(ration_run_start(it.base.host, it.plan, &wrong, &run, &error), -EINVAL);
	assert_non_null(strstr(error.message, "tenant t"));
	wrong.tenant = "t";
	assert_int_equal(ration_plan_new(it.base.host, it.limits, NULL, &other, NULL), 0);
	assert_int_equal(ration_run_start(it.base.host, other, &wrong, &run, &error), -EINVAL);
	(void)ration_plan_free(other);
	end(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_start_takes_one),
		cmocka_unit_test(test_one_that_was_removed),
		cmocka_unit_test(test_one_that_has_a_process),
		cmocka_unit_test(test_two_fill_it_at_once),
		cmocka_unit_test(test_its_owner_is_killed),
		cmocka_unit_test(test_a_fork),
		cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
