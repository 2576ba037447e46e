/* SPDX-License-Identifier: MIT */
/*
 * test-walk.c - the groups below a group: directories of any name, any depth, any number
 */
#include "unit.h"

#include "files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "sys/cgroup/walk.h"
#include "util/cleanup.h"

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* What was visited, as "a b c ". */
struct visits {
	char text[1000];
	size_t n, stop;
};

static int note_name(int dir_fd, const char *name, void *data)
{
	struct visits *visits = data;

	assert_true(faccessat(dir_fd, name, F_OK, 0) == 0);
	(void)strcat(strcat(visits->text, name), " ");
	return ++visits->n == visits->stop ? 77 : 0;
}

static void test_FB1_each_name(void **state)
{
	static const char *const names[] = { ".x", "..y", "...", "-n", "\xff\xfe", "\x1b[31m", "a\nb", " ", "plain" };
	struct visits visits = { .n = 0 };
	char dir[PATH_MAX];
	int fd;

	(void)state;
	files_begin(dir);
	fd = open_dir(dir);
	files_put(dir, "file", "");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(mkdirat(fd, names[i], 0755), 0);
	assert_int_equal(symlinkat("plain", fd, "link"), 0);
	assert_int_equal(cg_each_child(fd, note_name, &visits), 0);
	assert_int_equal(visits.n, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_row(strstr(visits.text, names[i]) != NULL, "name %zu", i);
	(void)close(fd);
	files_end(dir);
}

static int know_name(const char *name, uint64_t inode, void *data)
{
	struct visits *visits = data;

	assert_true(inode > 0);
	if (strcmp(name, "fails") == 0)
		return -EUCLEAN;
	return strstr(visits->text, name) != NULL;
}

static void test_but_those_known(void **state)
{
	struct visits visits = { .text = "b d " };
	char dir[PATH_MAX];
	int fd;

	(void)state;
	files_begin(dir);
	fd = open_dir(dir);
	files_put(dir, "file", "");
	for (const char *name = "abcd"; *name; name++)
		assert_int_equal(mkdirat(fd, (const char[]){ *name, '\0' }, 0755), 0);
	assert_int_equal(cg_each_child_but(fd, know_name, note_name, &visits), 0);
	assert_int_equal(visits.n, 2);
	assert_true(strcmp(visits.text, "b d a c ") == 0 || strcmp(visits.text, "b d c a ") == 0);
	visits.n = 0;
	assert_int_equal(cg_each_child_but(fd, know_name, note_name, &visits), 0);
	assert_int_equal(visits.n, 0);
	/* Whoever may know them can't tell: then none is visited. */
	visits = (struct visits){ .n = 0 };
	assert_int_equal(mkdirat(fd, "fails", 0755), 0);
	assert_int_equal(cg_each_child_but(fd, know_name, note_name, &visits), -EUCLEAN);
	assert_int_equal(visits.n, 0);
	(void)close(fd);
	files_end(dir);
}

/* FB14: from any of them, all are visited, once and in the same order. */
static void test_FB14_goes_round(void **state)
{
	struct visits first = { .n = 0 };
	char dir[PATH_MAX], twice[2 * sizeof(first.text)];
	int fd;

	(void)state;
	files_begin(dir);
	fd = open_dir(dir);
	assert_int_equal(cg_each_child_from(fd, 3, note_name, &first), 0);
	for (char name[] = "a"; name[0] < 'h'; name[0]++)
		assert_int_equal(mkdirat(fd, name, 0755), 0);
	assert_int_equal(cg_each_child(fd, note_name, &first), 0);
	(void)snprintf(twice, sizeof(twice), "%s%s", first.text, first.text);
	for (uint64_t i = 0; i < 15; i++) {
		struct visits visits = { .n = 0 }, few = { .stop = 3 };

		assert_int_equal(cg_each_child_from(fd, i, note_name, &visits), 0);
		assert_int_equal(visits.n, 7);
		assert_row(strncmp(visits.text, twice + 2 * (i % 7), 14) == 0, "from %d", (int)i);
		assert_int_equal(cg_each_child_from(fd, i, note_name, &few), 77);
		assert_int_equal(few.n, 3);
	}
	(void)close(fd);
	files_end(dir);
}

static void make_deep(int dir_fd, int depth)
{
	int fd = dup(dir_fd);

	for (int i = 0; i < depth; i++) {
		int next;

		assert_int_equal(mkdirat(fd, ".d", 0755), 0);
		assert_int_equal(mkdirat(fd, "beside", 0755), 0);
		next = openat(fd, ".d", O_RDONLY | O_DIRECTORY);
		assert_true(next >= 0);
		(void)close(fd);
		fd = next;
	}
	(void)close(fd);
}

static int count(int dir_fd, void *data)
{
	struct visits *visits = data;

	(void)dir_fd;
	return ++visits->n == visits->stop ? CG_WALK_PAST : 0;
}

static void test_FB3_deep_with_few_fds(void **state)
{
	struct rlimit before, few;
	struct visits visits = { .n = 0 };
	char dir[PATH_MAX];
	int fd;

	(void)state;
	files_begin(dir);
	fd = open_dir(dir);
	make_deep(fd, 1500);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)fd + 5;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(cg_each_group(fd, count, &visits), 0);
	assert_int_equal(visits.n, 3001);
	/* Nothing below one that isn't to be looked into. */
	visits = (struct visits) { .stop = 1 };
	assert_int_equal(cg_each_group(fd, count, &visits), 0);
	assert_int_equal(visits.n, 1);
	assert_int_equal(cg_rmdir_tree(fd, ".d"), 0);
	assert_int_equal(cg_rmdir_tree(fd, "beside"), 0);
	assert_int_equal(cg_rmdir_tree(fd, "none"), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	(void)close(fd);
	files_end(dir);
}

/* What can't be removed keeps nothing else, and is told. */
static void test_the_rest_is_removed(void **state)
{
	char dir[PATH_MAX];
	int fd;

	(void)state;
	files_begin(dir);
	fd = open_dir(dir);
	files_put(dir, "top/a/x", NULL);
	files_put(dir, "top/b/busy/file", "");
	files_put(dir, "top/b/y", NULL);
	files_put(dir, "top/c/z", NULL);
	assert_int_equal(cg_rmdir_tree(fd, "top"), -EBUSY);
	assert_int_equal(faccessat(fd, "top/b/busy/file", F_OK, 0), 0);
	assert_true(faccessat(fd, "top/a", F_OK, 0) < 0 && faccessat(fd, "top/c", F_OK, 0) < 0);
	assert_true(faccessat(fd, "top/b/y", F_OK, 0) < 0);
	(void)close(fd);
	files_end(dir);
}

struct move {
	int top_fd, n;
};

/* When it stands in a/b, that is put below c. */
static int move_away(int dir_fd, void *data)
{
	struct move *move = data;

	(void)dir_fd;
	return ++move->n == 3 && renameat(move->top_fd, "a/b", move->top_fd, "c/b") < 0 ? -errno : 0;
}

/* It never goes up into what it doesn't know. */
static void test_moved_meanwhile(void **state)
{
	struct move move = { .n = 0 };
	char dir[PATH_MAX];
	int fd;

	(void)state;
	files_begin(dir);
	files_put(dir, "a/b/d", NULL);
	files_put(dir, "c", NULL);
	move.top_fd = open_dir(dir);
	fd = openat(move.top_fd, "a", O_RDONLY | O_DIRECTORY);
	assert_int_equal(cg_each_group(fd, move_away, &move), -ESTALE);
	assert_int_equal(faccessat(move.top_fd, "c/b/d", F_OK, 0), 0);
	(void)close(fd);
	(void)close(move.top_fd);
	files_end(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_FB1_each_name),
		cmocka_unit_test(test_but_those_known),
		cmocka_unit_test(test_FB14_goes_round),
		cmocka_unit_test(test_FB3_deep_with_few_fds),
		cmocka_unit_test(test_the_rest_is_removed),
		cmocka_unit_test(test_moved_meanwhile),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
