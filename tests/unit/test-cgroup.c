/* SPDX-License-Identifier: MIT */
/*
 * test-cgroup.c - files of groups, real ones and such as are hard to get
 */
#include "unit.h"

#include "base.h"
#include "files.h"
#include "sleeper.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/kill.h"
#include "sys/cgroup/members.h"
#include "sys/cgroup/walk.h"
#include "util/cleanup.h"

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void test_read(void **state)
{
	char dir[PATH_MAX], text[8];
	static const struct {
		const char *content;
		int result;
		const char *text;
	} rows[] = { { "", 0, "" }, { "\n", 0, "" }, { "max\n", 3, "max" }, { "max", 3, "max" }, { "a\nb\n", 3, "a\nb" },
		/* Filled to the last byte, nobody knows whether there is more. */
		{ "12345\n", 5, "12345" }, { "123456\n", -EFBIG, "123456\n" }, { "1234567", -EFBIG, "1234567" }, { "12345678\n", -EFBIG, "1234567" } };
	int fd;

	(void)state;
	files_begin(dir);
	fd = open_dir(dir);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r;

		files_put(dir, "file", rows[i].content);
		(void)memset(text, '#', sizeof(text));
		r = cg_read(fd, "file", text, sizeof(text));
		assert_row(r == rows[i].result, "row %zu: %d", i, r);
		/* What is cut off is terminated, too. */
		assert_row(memchr(text, '\0', sizeof(text)) && strcmp(text, rows[i].text) == 0, "row %zu: another text", i);
	}
	assert_int_equal(cg_read(fd, "none", text, sizeof(text)), -ENOENT);
	(void)close(fd);
	files_end(dir);
}

static void test_path_within(void **state)
{
	static const struct {
		const char *path, *above;
		bool within;
	} rows[] = { { "/a/b", "/a", true }, { "/a", "/a", true }, { "/a/b/c", "/a/b", true },
		/* Names that only begin alike. */
		{ "/ab", "/a", false }, { "/a/bc/d", "/a/b", false }, { "/a-1", "/a", false },
		{ "/", "/a", false }, { "/b/a", "/a", false }, { "/a", "/a/b", false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(cg_path_within(rows[i].path, rows[i].above) == rows[i].within, "%s in %s", rows[i].path,
				rows[i].above);
}

/* 4 KiB of ids at least, of three digits each. */
#define THREADS 1500

static void *wait_for_end(void *data)
{
	(void)data;
	for (;;)
		(void)pause();
	return NULL;
}

static void be_many_threads(int group_fd, int ready_fd)
{
	pthread_attr_t small;
	pthread_t thread;

	(void)alarm(DEADLINE_SECONDS);
	if (cg_attach(group_fd, getpid()) < 0 || pthread_attr_init(&small) != 0 ||
			pthread_attr_setstacksize(&small, 65536) != 0)
		_exit(1);
	for (int i = 1; i < THREADS; i++) {
		if (pthread_create(&thread, &small, wait_for_end, NULL) != 0)
			_exit(1);
	}
	if (write(ready_fd, "", 1) == 1)
		(void)wait_for_end(NULL);
	_exit(1);
}

/* The first page of a list looked like all of it. */
static void test_lists_longer_than_a_page(void **state)
{
	static char text[65536];
	struct base base;
	int fd, pair[2], n = 1;
	char byte;
	pid_t pid;

	(void)state;
	uncounted_by_tsan();
	base_begin(&base);
	fd = base_make(&base);
	assert_int_equal(pipe(pair), 0);
	pid = fork();
	if (pid == 0)
		be_many_threads(fd, pair[1]);
	(void)close(pair[1]);
	assert_int_equal(read(pair[0], &byte, 1), 1);
	assert_true(cg_read(fd, "cgroup.threads", text, sizeof(text)) > 4096);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		n++;
	assert_int_equal(n, THREADS);
	/* What doesn't fit is told, also when the kernel's first piece did. */
	assert_int_equal(cg_read(fd, "cgroup.threads", text, 4500), -EFBIG);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	(void)close(pair[0]);
	base_remove(&base, fd);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *content;
		int result;
		uint64_t value;
	} rows[] = { { "0\n", 0, 0 }, { "max\n", 0, UINT64_MAX }, { "18446744073709551615\n", 0, UINT64_MAX },
		{ "18446744073709551616\n", -ERANGE, 0 }, { "\n", -EINVAL, 0 }, { "-1\n", -EINVAL, 0 }, { " 1\n", -EINVAL, 0 },
		{ "maximum\n", -EINVAL, 0 }, { "12 34\n", 0, 12 } };
	char dir[PATH_MAX];
	int fd;

	(void)state;
	files_begin(dir);
	fd = open_dir(dir);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value = 77;
		int r;

		files_put(dir, "file", rows[i].content);
		r = cg_read_u64(fd, "file", &value);
		assert_row(r == rows[i].result, "row %zu: %d", i, r);
		assert_row(value == (r == 0 ? rows[i].value : 77), "row %zu", i);
	}
	(void)close(fd);
	files_end(dir);
}

static void test_keys_and_words(void **state)
{
	static const char text[] = "oom 1\noom_kill 2\nlow\nbad x\nbig 99999999999999999999\nlast 7";
	uint64_t value = 0;

	(void)state;
	assert_int_equal(cg_text_key(text, "oom", &value), 0);
	assert_int_equal(value, 1);
	assert_int_equal(cg_text_key(text, "oom_kill", &value), 0);
	assert_int_equal(value, 2);
	assert_int_equal(cg_text_key(text, "last", &value), 0);
	assert_int_equal(value, 7);
	assert_int_equal(cg_text_key(text, "kill", &value), -ENODATA);
	assert_int_equal(cg_text_key(text, "low", &value), -ENODATA);
	assert_int_equal(cg_text_key(text, "bad", &value), -EINVAL);
	assert_int_equal(cg_text_key(text, "big", &value), -ERANGE);
	assert_int_equal(cg_text_key("", "oom", &value), -ENODATA);
	assert_int_equal(value, 7);
	assert_true(cg_text_has_word("cpuset cpu io", "cpu"));
	assert_true(cg_text_has_word("cpu", "cpu"));
	assert_true(cg_text_has_word("io cpu\n", "cpu"));
	assert_false(cg_text_has_word("cpuset io", "cpu"));
	assert_false(cg_text_has_word("xcpu", "cpu"));
	assert_false(cg_text_has_word("", "cpu"));
}

/* One component, no link, nothing outside. */
static void test_names_stay_inside(void **state)
{
	char dir[PATH_MAX], path[PATH_MAX + 16];
	int fd;

	(void)state;
	files_begin(dir);
	files_put(dir, "in/file", "1\n");
	files_put(dir, "out", "1\n");
	(void)snprintf(path, sizeof(path), "%s/in/link", dir);
	assert_int_equal(symlink("../out", path), 0);
	(void)snprintf(path, sizeof(path), "%s/in/abs", dir);
	assert_int_equal(symlink("/", path), 0);
	(void)snprintf(path, sizeof(path), "%s/in", dir);
	fd = open_dir(path);
	assert_true(cg_open_file(fd, "../out") < 0);
	assert_true(cg_open_file(fd, "link") < 0);
	assert_true(cg_open_dir(fd, "abs") < 0);
	assert_true(cg_open_dir(fd, "..") < 0);
	assert_true(cg_open_file(fd, "/etc/passwd") < 0);
	assert_true(cg_open_file(fd, "") < 0);
	(void)close(fd);
	files_end(dir);
}

static void test_attach_refuses_what_would_be_us(void **state)
{
	char dir[PATH_MAX], text[16];
	int fd;

	(void)state;
	files_begin(dir);
	files_put(dir, "cgroup.procs", "");
	fd = open_dir(dir);
	assert_int_equal(cg_attach(fd, 0), -EINVAL);
	assert_int_equal(cg_attach(fd, -1), -EINVAL);
	assert_int_equal(cg_read(fd, "cgroup.procs", text, sizeof(text)), 0);
	/* A pid of another namespace reads as 0: kill(0) would be our own process group. */
	files_put(dir, "cgroup.procs", "0\n0\n");
	assert_int_equal(cg_signal(fd, SIGKILL), 0);
	assert_int_equal(cg_count(fd), 0);
	(void)close(fd);
	files_end(dir);
}

static void test_not_a_cgroup(void **state)
{
	(void)state;
	assert_int_equal(cg_open_base("/proc"), -EINVAL);
	assert_int_equal(cg_open_base("/nowhere"), -ENOENT);
	assert_int_equal(cg_open_base("/dev/null"), -ENOTDIR);
}

static pid_t sleeper_in(int fd)
{
	pid_t pid = sleeper();

	assert_int_equal(cg_attach(fd, pid), 0);
	return pid;
}

static void test_kill_takes_all_levels(void **state)
{
	struct base base;
	int fd, sub, low;
	pid_t pid[3];

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	assert_int_equal(cg_populated(fd), 0);
	assert_int_equal(cg_mkdir(fd, "a"), 0);
	assert_int_equal(cg_mkdir(fd, "a"), -EEXIST);
	sub = cg_open_dir(fd, "a");
	assert_int_equal(cg_mkdir(sub, "b"), 0);
	low = cg_open_dir(sub, "b");
	pid[0] = sleeper_in(fd);
	pid[1] = sleeper_in(sub);
	pid[2] = sleeper_in(low);
	assert_int_equal(cg_count(fd), 3);
	assert_int_equal(cg_count(sub), 2);
	assert_int_equal(cg_populated(fd), 1);
	assert_int_equal(cg_rmdir(fd, "a"), -EBUSY);
	assert_int_equal(cg_rmdir_tree(fd, "a"), -EBUSY);
	assert_int_equal(cg_wait_empty(fd, 20), -ETIMEDOUT);
	/* One of them is frozen, by itself or by a debugger: it dies all the same. */
	assert_int_equal(cg_write(low, "cgroup.freeze", "1"), 0);
	assert_int_equal(cg_kill(fd), 0);
	assert_int_equal(cg_wait_empty(fd, 1000 * DEADLINE_SECONDS), 0);
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++) {
		int status = 0;

		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	assert_int_equal(cg_rmdir_tree(fd, "a"), 0);
	assert_int_equal(cg_rmdir_tree(fd, "a"), 0);
	(void)close(sub);
	(void)close(low);
	base_remove(&base, fd);
}

static void test_a_removed_group_is_a_normal_state(void **state)
{
	struct base base;
	uint64_t value;
	char text[64];
	int fd, gone;

	(void)state;
	base_begin(&base);
	fd = base_make(&base);
	assert_int_equal(cg_mkdir(fd, "a"), 0);
	gone = cg_open_dir(fd, "a");
	assert_int_equal(cg_rmdir(fd, "a"), 0);
	assert_int_equal(cg_rmdir(fd, "a"), 0);
	assert_int_equal(cg_populated(gone), 0);
	assert_int_equal(cg_kill(gone), 0);
	assert_int_equal(cg_wait_empty(gone, 1000), 0);
	assert_true(cg_read(gone, "cgroup.procs", text, sizeof(text)) == -ENOENT ||
			cg_read(gone, "cgroup.procs", text, sizeof(text)) == -ENODEV);
	assert_true(cg_read_u64(gone, "pids.max", &value) < 0);
	(void)close(gone);
	base_remove(&base, fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_path_within),
		cmocka_unit_test(test_lists_longer_than_a_page),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_keys_and_words),
		cmocka_unit_test(test_names_stay_inside),
		cmocka_unit_test(test_attach_refuses_what_would_be_us),
		cmocka_unit_test(test_not_a_cgroup),
		cmocka_unit_test(test_kill_takes_all_levels),
		cmocka_unit_test(test_a_removed_group_is_a_normal_state),
	};

	return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
