/* SPDX-License-Identifier: MIT */
/*
 * test-mounts.c - mountinfo and /proc/self/cgroup, by hand
 *
 * The captured ones of real kernels are in tests/trees, see test-host.c.
 */
#include "unit.h"

#include "files.h"

#include "sys/proc/mounts.h"
#include "util/cleanup.h"

#define V1 "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
#define NAMED "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
#define ROOT "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
#define V2_AT(root, point) "37 23 0:33 " root " " point " rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n"

enum { HAS_V1 = 1, READ_ONLY = 2, OUTSIDE = 4 };

struct row {
	const char *name;
	const char *mountinfo, *cgroup;
	/* Expected. `point` NULL: no v2. `own` NULL: not known. */
	const char *point, *own;
	unsigned flags;
};

static const struct row rows[] = {
	{ "root of the hierarchy", ROOT V2_AT("/", "/sys/fs/cgroup"), "0::/\n", "/sys/fs/cgroup", "", 0 },
	{ "below it", V2_AT("/", "/sys/fs/cgroup"), "0::/a/b\n", "/sys/fs/cgroup", "/a/b", 0 },
	{ "optional fields", "37 23 0:33 / /cg rw shared:4 master:2 - cgroup2 none rw\n", "0::/\n", "/cg", "", 0 },
	{ "an empty source", "37 23 0:33 / /cg rw,relatime - cgroup2  rw\n", "0::/\n", "/cg", "", 0 },
	{ "a source with blanks", "37 23 0:33 / /cg rw - cgroup2 my\\040cg rw\n", "0::/\n", "/cg", "", 0 },
	{ "elsewhere", ROOT V2_AT("/", "/mnt/cg"), "0::/x\n", "/mnt/cg", "/x", 0 },

	/* Both versions. */
	{ "hybrid", V1 NAMED V2_AT("/", "/sys/fs/cgroup/unified"), "4:memory:/m\n0::/\n", "/sys/fs/cgroup/unified",
		"", HAS_V1 },
	{ "v1 only", V1 NAMED, "4:memory:/m\n", NULL, NULL, HAS_V1 },
	{ "a named v1 holds no controllers", NAMED V2_AT("/", "/cg"), "1:name=systemd:/\n0::/\n", "/cg", "", 0 },
	{ "v1's lines aren't ours", V2_AT("/", "/cg"), "4:memory:/m\n", "/cg", NULL, 0 },
	{ "nothing", ROOT, "", NULL, NULL, 0 },

	/* Parts of the hierarchy. */
	{ "bind mount of our group", V2_AT("/a", "/cg"), "0::/a\n", "/cg", "", 0 },
	{ "bind mount of the one above", V2_AT("/a", "/cg"), "0::/a/b\n", "/cg", "/b", 0 },
	{ "bind mount of another", V2_AT("/x", "/cg"), "0::/a/b\n", "/cg", NULL, 0 },
	{ "same prefix, another group", V2_AT("/a", "/cg"), "0::/ab\n", "/cg", NULL, 0 },
	{ "bind mount below us", V2_AT("/a/b", "/cg"), "0::/a\n", "/cg", NULL, 0 },
	{ "container with the host's namespace", V2_AT("/docker/abc", "/sys/fs/cgroup"), "0::/docker/abc\n",
		"/sys/fs/cgroup", "", 0 },
	{ "mount from outside of the namespace", V2_AT("/../..", "/cg"), "0::/\n", "/cg", NULL, OUTSIDE },
	{ "we are outside of our namespace", V2_AT("/", "/cg"), "0::/../x\n", "/cg", NULL, 0 },
	{ "we are far outside", V2_AT("/", "/cg"), "0::/../../..\n", "/cg", NULL, 0 },
	{ "a group whose name begins with dots", V2_AT("/", "/cg"), "0::/..a\n", "/cg", "/..a", 0 },

	/* Removed. */
	{ "our group was removed", V2_AT("/", "/cg"), "0::/a (deleted)\n", "/cg", NULL, 0 },
	{ "deleted in the name, and deleted", V2_AT("/", "/cg"), "0::/a (deleted)/b (deleted)\n", "/cg", NULL, 0 },
	{ "deleted twice", V2_AT("/", "/cg"), "0::/a (deleted) (deleted)\n", "/cg", NULL, 0 },
	{ "deleted in the name only", V2_AT("/", "/cg"), "0::/a (deleted)/b\n", "/cg", "/a (deleted)/b", 0 },

	/* More than one mount. */
	{ "the first of two", V2_AT("/", "/one") V2_AT("/", "/two"), "0::/a\n", "/one", "/a", 0 },
	{ "the one that shows us", V2_AT("/x", "/one") V2_AT("/", "/two"), "0::/a\n", "/two", "/a", 0 },
	{ "the one that shows us, the other way", V2_AT("/", "/one") V2_AT("/x", "/two"), "0::/a\n", "/one", "/a", 0 },
	{ "the writable one", "37 23 0:33 / /one ro - cgroup2 c rw\n" V2_AT("/", "/two"), "0::/\n", "/two", "", 0 },
	{ "rather shows us than is writable", "37 23 0:33 / /one ro - cgroup2 c rw\n" V2_AT("/x", "/two"), "0::/\n",
		"/one", "", READ_ONLY },

	/* Read-only. */
	{ "read-only mount", "37 23 0:33 / /cg ro,nosuid - cgroup2 c rw\n", "0::/\n", "/cg", "", READ_ONLY },
	{ "read-only file system", "37 23 0:33 / /cg rw - cgroup2 c ro,nsdelegate\n", "0::/\n", "/cg", "",
		READ_ONLY },
	{ "an option that contains ro", "37 23 0:33 / /cg rw,roundup - cgroup2 c rw,memory_recursiveprot\n", "0::/\n",
		"/cg", "", 0 },

	/* Escapes. */
	{ "blank in the mount point", V2_AT("/", "/my\\040cg"), "0::/\n", "/my cg", "", 0 },
	{ "all four escapes", V2_AT("/", "/a\\040b\\011c\\012d\\134e"), "0::/\n", "/a b\tc\nd\\e", "", 0 },
	{ "blank in the root", V2_AT("/my\\040group", "/cg"), "0::/my group/x\n", "/cg", "/x", 0 },
	{ "half an escape", V2_AT("/", "/cg\\04"), "0::/\n", "/cg\\04", "", 0 },
	{ "a dash in a path", V2_AT("/", "/a-b\\040-\\040c"), "0::/\n", "/a-b - c", "", 0 },

	/* What isn't a line. */
	{ "empty files", "", "", NULL, NULL, 0 },
	{ "short lines", "37\n37 23 0:33\n - cgroup2\n37 23 0:33 / /cg rw - cgroup2\n\n", "0::\n0:\n\n", NULL, NULL, 0 },
	{ "no final newline", "37 23 0:33 / /cg rw - cgroup2 c rw", "0::/a", "/cg", "/a", 0 },
	{ "another file system of a similar name", "37 23 0:33 / /cg rw - cgroup2fs c rw\n", "0::/\n", NULL, NULL, 0 },
};

static void check(const struct row *row, const struct mounts *found)
{
	assert_row(found->v2 == (row->point != NULL), "%s: v2 is %d", row->name, found->v2);
	assert_row(found->v1 == !!(row->flags & HAS_V1), "%s: v1 is %d", row->name, found->v1);
	if (!row->point)
		return;
	assert_row(strcmp(found->point, row->point) == 0, "%s: at %s", row->name, found->point);
	assert_row(found->own_known == (row->own != NULL), "%s: own is %sknown", row->name,
			found->own_known ? "" : "un");
	if (row->own)
		assert_row(strcmp(found->own, row->own) == 0, "%s: own is \"%s\"", row->name, found->own);
	assert_row(found->read_only == !!(row->flags & READ_ONLY), "%s: read-only is %d", row->name, found->read_only);
	assert_row(found->outside == !!(row->flags & OUTSIDE), "%s: outside is %d", row->name, found->outside);
}

static void test_rows(void **state)
{
	char dir[PATH_MAX];

	(void)state;
	files_begin(dir);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mounts found;

		files_put(dir, "mountinfo", rows[i].mountinfo);
		files_put(dir, "cgroup", rows[i].cgroup);
		assert_row(mounts_read(dir, &found) == 0, "%s", rows[i].name);
		check(&rows[i], &found);
	}
	files_end(dir);
}

/* A path that no buffer of the kernel's size holds is no path; the lines around it count. */
static void test_long_lines(void **state)
{
	const size_t length = 100000;
	char *longest = malloc(length + 1), *text = malloc(3 * length);
	char dir[PATH_MAX];
	struct mounts found;

	(void)state;
	assert_true(longest && text);
	(void)memset(longest, 'x', length);
	longest[length] = '\0';
	files_begin(dir);
	(void)sprintf(text, "1 1 0:1 / /%s rw - cgroup2 c rw\n%s\n" V2_AT("/", "/cg"), longest, longest);
	files_put(dir, "mountinfo", text);
	(void)sprintf(text, "0::/%s\n", longest);
	files_put(dir, "cgroup", text);
	assert_int_equal(mounts_read(dir, &found), 0);
	assert_true(found.v2 && !found.own_known);
	assert_string_equal(found.point, "/cg");
	files_put(dir, "cgroup", "0::/a\n");
	assert_int_equal(mounts_read(dir, &found), 0);
	assert_true(found.v2 && found.own_known);
	assert_string_equal(found.own, "/a");
	files_end(dir);
	free(longest);
	free(text);
}

#define V1_AT(root, point, controllers) "33 31 0:30 " root " " point " rw - cgroup cgroup rw," controllers "\n"

/* "CONTROLLERS PATH,…" of what is found. */
static void test_v1(void **state)
{
	static const struct {
		const char *name, *mountinfo, *cgroup, *found;
	} rows_v1[] = {
		{ "all", V1_AT("/", "/m", "memory") V1_AT("/", "/p", "pids"), "4:memory:/a\n2:pids:/\n",
			"memory /m/a, pids /p" },
		{ "two in one", V1_AT("/", "/c", "cpu,cpuacct"), "4:cpu,cpuacct:/a/b\n", "cpu,cpuacct /c/a/b" },
		{ "in another order", V1_AT("/", "/c", "xattr,cpu,cpuacct"), "4:cpuacct,cpu:/\n", "cpuacct,cpu /c" },
		{ "a name alone", NAMED, "1:name=systemd:/x\n", "" },
		{ "cgroup2", V2_AT("/", "/cg"), "0::/x\n", "" },
		{ "bind mount of our group", V1_AT("/docker/abc", "/m", "memory"), "4:memory:/docker/abc\n", "memory /m" },
		{ "bind mount of another", V1_AT("/docker/x", "/m", "memory"), "4:memory:/docker/abc\n", "" },
		{ "the second mount shows us", V1_AT("/x", "/m", "memory") V1_AT("/", "/n", "memory"), "4:memory:/a\n",
			"memory /n/a" },
		{ "a colon in the path", V1_AT("/", "/m", "memory"), "4:memory:/a:b\n", "memory /m/a:b" },
		{ "removed", V1_AT("/", "/m", "memory"), "4:memory:/a (deleted)\n", "" },
		{ "not mounted", V1_AT("/", "/p", "pids"), "4:memory:/a\n2:pids:/b\n", "pids /p/b" },
		{ "read-only", "33 31 0:30 / /m ro - cgroup cgroup rw,memory\n", "4:memory:/\n", "memory /m ro" },
		{ "cut off", V1_AT("/", "/m", "memory"), "4:memory\n4\n\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows_v1); i++) {
		char dir[PATH_MAX], text[1000] = "";
		CLEANUP(freep) struct mounts_v1 *found = NULL;
		size_t used = 0;
		int n;

		files_begin(dir);
		files_put(dir, "mountinfo", rows_v1[i].mountinfo);
		files_put(dir, "cgroup", rows_v1[i].cgroup);
		n = mounts_read_v1_of(dir, dir, &found);
		for (int k = 0; k < n; k++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %.100s%.100s%s", k ? ", " : "",
					found[k].controllers, found[k].point, found[k].own, found[k].read_only ? " ro" : "");
		assert_row(n >= 0 && strcmp(text, rows_v1[i].found) == 0, "%s: \"%s\"", rows_v1[i].name, text);
		files_end(dir);
	}
}

static void test_missing_files(void **state)
{
	struct mounts found;
	char dir[PATH_MAX];

	(void)state;
	files_begin(dir);
	assert_int_equal(mounts_read(dir, &found), -ENOENT);
	/* A kernel without cgroups. */
	files_put(dir, "mountinfo", ROOT);
	assert_int_equal(mounts_read(dir, &found), 0);
	assert_false(found.v1 || found.v2 || found.own_known);
	files_end(dir);
}

/* A directory opens like a file and can't be read: then nothing is known, and not that there are no cgroups. */
static void test_FB16_what_cant_be_read_isnt_the_end(void **state)
{
	static const char *const unread[] = { "mountinfo", "cgroup" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unread); i++) {
		struct mounts found;
		struct mounts_v1 *v1 = NULL;
		char dir[PATH_MAX], inside[64];

		files_begin(dir);
		(void)snprintf(inside, sizeof(inside), "%s/x", unread[i]);
		files_put(dir, inside, "");
		files_put(dir, unread[!i], i ? V1 V2_AT("/", "/cg") : "4:cpu:/m\n0::/\n");
		assert_row(mounts_read(dir, &found) == -EISDIR, "%s", unread[i]);
		assert_row(mounts_read_v1_of(dir, dir, &v1) == -EISDIR, "v1, %s", unread[i]);
		free(v1);
		files_end(dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_v1),
		cmocka_unit_test(test_missing_files),
		cmocka_unit_test(test_FB16_what_cant_be_read_isnt_the_end),
	};

	return cmocka_run_group_tests_name("mounts", tests, NULL, NULL);
}
