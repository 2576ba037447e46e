/* SPDX-License-Identifier: MIT */
/*
 * accounts.c - users and groups as the files of /etc have them
 */
#include "sys/accounts.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/parse.h"

/* Pointers into a reader's line are valid until its next line. */
struct line_of_group {
	const char *name;
	char *members;
	gid_t gid;
};

/* One of the files, and its current line. */
struct reader {
	FILE *file;
	char *line;
	size_t size;
};

static void reader_done(struct reader *reader)
{
	if (reader->file)
		(void)fclose(reader->file);
	free(reader->line);
}

static int reader_open(struct reader *reader, const char *etc, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", etc, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	reader->file = fopen(path, "re");
	return reader->file ? 0 : -errno;
}

/*
 * Cuts the next line that has `n` fields or more into fields; 0, or -ENOENT at the end. Skips comments,
 * broken lines, and entries that begin with + or -, which refer to NIS: that isn't used.
 */
static int next_line(struct reader *reader, char **fields, size_t n)
{
	for (;;) {
		size_t found = 0;
		char *rest;

		errno = 0;
		if (getline(&reader->line, &reader->size, reader->file) < 0)
			return ferror(reader->file) || errno == ENOMEM ? -(errno ? errno : EIO) : -ENOENT;
		rest = reader->line;
		rest[strcspn(rest, "\n")] = '\0';
		while (found < n && rest)
			fields[found++] = strsep(&rest, ":");
		if (found == n && !strchr("#+-", fields[0][0]))
			return 0;
	}
}

/* A uid or gid: (uid_t)-1 is nobody's. */
static bool read_id(const char *text, uint32_t *ret)
{
	uint64_t id;

	if (parse_count(text, &id) < 0 || id >= UINT32_MAX)
		return false;
	*ret = (uint32_t)id;
	return true;
}

/* name:password:uid:gid:comment:home:shell */
static int next_user(struct reader *reader, struct account *entry)
{
	char *fields[7];
	int r;

	do {
		r = next_line(reader, fields, ARRAY_SIZE(fields));
	} while (r == 0 && (!read_id(fields[2], &entry->uid) || !read_id(fields[3], &entry->gid)));
	if (r < 0)
		return r;
	entry->name = fields[0];
	entry->home = fields[5];
	entry->shell = fields[6];
	return 0;
}

/* name:password:gid:member,member */
static int next_group(struct reader *reader, struct line_of_group *entry)
{
	char *fields[4];
	int r;

	do {
		r = next_line(reader, fields, ARRAY_SIZE(fields));
	} while (r == 0 && !read_id(fields[2], &entry->gid));
	if (r < 0)
		return r;
	entry->name = fields[0];
	entry->members = fields[3];
	return 0;
}

void account_done(struct account *account)
{
	free(account->name);
	free(account->home);
	free(account->shell);
	*account = (struct account) { .name = NULL };
}

static int copy(const struct account *entry, struct account *ret)
{
	struct account account = { .uid = entry->uid, .gid = entry->gid, .name = strdup(entry->name),
		.home = strdup(entry->home), .shell = strdup(entry->shell) };

	if (!account.name || !account.home || !account.shell) {
		account_done(&account);
		return -ENOMEM;
	}
	*ret = account;
	return 0;
}

int account_find(const char *etc, const char *name, uid_t uid, struct account *ret_account)
{
	CLEANUP(reader_done) struct reader reader = { .file = NULL };
	struct account entry = { .uid = 0 };
	int r = reader_open(&reader, etc, "passwd");

	while (r == 0 && (r = next_user(&reader, &entry)) == 0) {
		if (name ? strcmp(entry.name, name) == 0 : entry.uid == uid)
			return copy(&entry, ret_account);
	}
	return r;
}

int account_group(const char *etc, const char *name, gid_t *ret_gid)
{
	CLEANUP(reader_done) struct reader reader = { .file = NULL };
	struct line_of_group entry;
	int r = reader_open(&reader, etc, "group");

	while (r == 0 && (r = next_group(&reader, &entry)) == 0) {
		if (strcmp(entry.name, name) == 0) {
			*ret_gid = entry.gid;
			return 0;
		}
	}
	return r;
}

static bool has_member(struct line_of_group *entry, const char *name)
{
	char *member;

	while ((member = strsep(&entry->members, ",")) != NULL) {
		if (strcmp(member, name) == 0)
			return true;
	}
	return false;
}

static int add(gid_t **groups, size_t *n, gid_t gid)
{
	gid_t *more;

	for (size_t i = 0; i < *n; i++) {
		if ((*groups)[i] == gid)
			return 0;
	}
	if (*n == NGROUPS_MAX)
		return -E2BIG;
	more = reallocarray(*groups, *n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	more[(*n)++] = gid;
	*groups = more;
	return 0;
}

int account_groups(const char *etc, const char *name, gid_t gid, gid_t **ret_groups, size_t *ret_n)
{
	CLEANUP(reader_done) struct reader reader = { .file = NULL };
	CLEANUP(freep) gid_t *groups = NULL;
	struct line_of_group entry;
	size_t n = 0;
	int r = add(&groups, &n, gid);

	if (r == 0)
		r = name ? reader_open(&reader, etc, "group") : -ENOENT;
	while (r == 0 && (r = next_group(&reader, &entry)) == 0) {
		if (has_member(&entry, name) && (r = add(&groups, &n, entry.gid)) < 0)
			return r;
	}
	if (r != -ENOENT)
		return r;
	*ret_groups = TAKE_PTR(groups);
	*ret_n = n;
	return 0;
}
