/* SPDX-License-Identifier: MIT */
/*
 * files.h - a temporary directory, and files in it
 */
#ifndef RATION_TESTS_FILES_H
#define RATION_TESTS_FILES_H

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline void files_begin(char dir[PATH_MAX])
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(dir, PATH_MAX, "%s/ration-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
}

/* Writes `text` to `path` below `dir`, and makes the directories on the way. NULL: a directory only. */
static inline void files_put(const char *dir, const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *file;

	assert_true(snprintf(full, sizeof(full), "%s/%s", dir, path) < (int)sizeof(full));
	for (char *at = full + strlen(dir) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
		*at = '/';
	}
	if (!text) {
		assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
		return;
	}
	file = fopen(full, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline int files_remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	/* What the test has started may be removing it as well. */
	return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

static inline void files_end(const char *dir)
{
	int r;

	do
		r = nftw(dir, files_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	while (r != 0 && errno == ENOENT && access(dir, F_OK) == 0);
	assert_true(access(dir, F_OK) < 0);
}

#endif
