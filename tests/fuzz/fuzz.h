/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what all harnesses have: what must hold, and a tree of files out of an input
 *
 * An input of many files is text that a person can read, and that can be cut anywhere:
 *
 *     == memory.max
 *     67108864
 *     == cgroup.events
 *     populated 1
 *
 * A file's contents go up to the next line that begins with "== "; a path that ends in a
 * slash is a directory.
 */
#ifndef RATION_TESTS_FUZZ_H
#define RATION_TESTS_FUZZ_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "ration.h"

/* A machine that has a bit of everything, as an input of many files. */
#define FUZZ_MACHINE \
	"== proc/self/mountinfo\n37 23 0:33 / /cg rw,relatime - cgroup2 cgroup2 rw\n" \
	"== proc/self/cgroup\n0::/\n" \
	"== proc/meminfo\nMemTotal: 67108864 kB\nSwapTotal: 1048576 kB\n" \
	"== proc/sys/kernel/osrelease\n6.12.0\n" \
	"== cg/cgroup.controllers\ncpuset cpu io memory hugetlb pids\n" \
	"== cg/cgroup.procs\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(): it must hold in release builds, too. */
#define MUST(condition)                                                                        \
	do {                                                                                   \
		if (!(condition)) {                                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);        \
			abort();                                                               \
		}                                                                              \
	} while (0)

/* A NUL-terminated copy in memory of exactly that size, so that a read beyond it is seen. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	MUST(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* ------------------------------------------------------------------- text */

/* The length of the UTF-8 character there, which isn't a control character; 0: there is none. */
static inline size_t fuzz_character(const unsigned char *at)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0x20 }, { 0xe0, 0xc0, 0xa0 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	for (size_t n = 0; n < sizeof(forms) / sizeof(forms[0]); n++) {
		uint32_t value = at[0] & (unsigned char)~forms[n].mask;

		if ((at[0] & forms[n].mask) != forms[n].lead)
			continue;
		for (size_t i = 1; i <= n; i++) {
			if ((at[i] & 0xc0) != 0x80)
				return 0;
			value = value << 6 | (at[i] & 0x3f);
		}
		return value >= forms[n].least && value != 0x7f && value <= 0x10ffff && (value & 0xfffff800) != 0xd800 ?
			n + 1 : 0;
	}
	return 0;
}

/* What is shown to people: UTF-8 without control characters. */
static inline void must_be_clean(const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		size_t n = fuzz_character(at);

		MUST(n > 0);
		at += n;
	}
}

static inline void must_be_clean_error(const struct ration_error *error)
{
	MUST(error->message[0] && memchr(error->message, '\0', sizeof(error->message)));
	MUST(memchr(error->hint, '\0', sizeof(error->hint)));
	must_be_clean(error->message);
	must_be_clean(error->hint);
}

/* Takes the text, which a function of cli/output/json.h has made. */
static inline void must_be_json(char *text)
{
	json_t *document;

	MUST(text);
	document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	MUST(document && json_is_object(document));
	json_decref(document);
	free(text);
}

/* ------------------------------------------------------------------- tree */

#define FUZZ_ENTRIES_MAX 256

struct fuzz_tree {
	char root[PATH_MAX];
	int fd;
	size_t n_entries;
	char *entry[FUZZ_ENTRIES_MAX]; /* what an input has made, and is removed after it */
};

static inline void fuzz_mkdirs(int fd, const char *path)
{
	char copy[PATH_MAX];

	MUST(snprintf(copy, sizeof(copy), "%s/", path) < (int)sizeof(copy));
	for (char *at = copy; (at = strchr(at, '/')); *at++ = '/') {
		*at = '\0';
		MUST(mkdirat(fd, copy, 0755) == 0 || errno == EEXIST);
	}
}

static char fuzz_tree_root[PATH_MAX];

/* Its directories only: what an input has made is gone. */
static inline void fuzz_tree_gone(void)
{
	char command[PATH_MAX + 16];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", fuzz_tree_root);
	(void)!system(command);
}

/* Makes it once for a process, with these directories, up to NULL. */
static inline void fuzz_tree_begin(struct fuzz_tree *tree, const char *const *dirs)
{
	const char *tmp = getenv("TMPDIR");

	if (tree->fd > 0)
		return;
	(void)snprintf(tree->root, sizeof(tree->root), "%s/ration-fuzz-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	MUST(mkdtemp(tree->root));
	(void)strcpy(fuzz_tree_root, tree->root);
	(void)atexit(fuzz_tree_gone);
	tree->fd = open(tree->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(tree->fd > 0);
	for (; *dirs; dirs++)
		fuzz_mkdirs(tree->fd, *dirs);
}

/* Only what lies in the tree, and in a directory that is there, is made. */
static inline void fuzz_tree_put(struct fuzz_tree *tree, const char *path, const char *text, size_t size)
{
	size_t length = strlen(path);
	int fd;

	if (length == 0 || path[0] == '/' || strstr(path, "..") || tree->n_entries == FUZZ_ENTRIES_MAX)
		return;
	if (path[length - 1] == '/') {
		if (mkdirat(tree->fd, path, 0755) == 0)
			MUST((tree->entry[tree->n_entries++] = strdup(path)));
		return;
	}
	fd = openat(tree->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	MUST(write(fd, text, size) == (ssize_t)size);
	MUST(close(fd) == 0);
	MUST((tree->entry[tree->n_entries++] = strdup(path)));
}

static inline const char *fuzz_next_file(const char *text, const char *end)
{
	for (const char *at = text; end - at >= 3; at++) {
		if (memcmp(at, "== ", 3) == 0 && (at == text || at[-1] == '\n'))
			return at;
		at = memchr(at, '\n', (size_t)(end - at));
		if (!at)
			break;
	}
	return end;
}

static inline void fuzz_tree_fill(struct fuzz_tree *tree, const uint8_t *data, size_t size)
{
	const char *end = (const char *)data + size, *at = fuzz_next_file((const char *)data, end);

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at)), *next;
		char path[PATH_MAX];

		if (!newline)
			break;
		next = fuzz_next_file(newline + 1, end);
		if (newline - at - 3 < (ptrdiff_t)sizeof(path)) {
			(void)snprintf(path, sizeof(path), "%.*s", (int)(newline - at - 3), at + 3);
			fuzz_tree_put(tree, path, newline + 1, (size_t)(next - newline - 1));
		}
		at = next;
	}
}

static inline void fuzz_tree_clear(struct fuzz_tree *tree)
{
	while (tree->n_entries > 0) {
		char *path = tree->entry[--tree->n_entries];

		(void)unlinkat(tree->fd, path, path[strlen(path) - 1] == '/' ? AT_REMOVEDIR : 0);
		free(path);
	}
}

#endif
