/* SPDX-License-Identifier: MIT */
/*
 * accounts.c - users and groups as the files of /etc have them
 */
#include "sys/accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

/* A group's line has all its members. */
#define LINE_FIRST 4096
#define LINE_MAX_BYTES (16u << 20)

/* One of the files, and room for an entry of it. */
struct reader {
	FILE *file;
	char *buf;
	size_t size;
};

static void reader_done(struct reader *reader)
{
	if (reader->file)
		(void)fclose(reader->file);
	free(reader->buf);
}

static int reader_open(struct reader *reader, const char *etc, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", etc, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	reader->file = fopen(path, "re");
	if (!reader->file)
		return -errno;
	reader->size = LINE_FIRST;
	reader->buf = malloc(reader->size);
	return reader->buf ? 0 : -ENOMEM;
}

/* After an entry that was too long for the buffer: goes back to where it begins. */
static int reader_grow(struct reader *reader, off_t at)
{
	char *more = reader->size < LINE_MAX_BYTES ? realloc(reader->buf, 2 * reader->size) : NULL;

	if (!more)
		return reader->size < LINE_MAX_BYTES ? -ENOMEM : -E2BIG;
	if (fseeko(reader->file, at, SEEK_SET) < 0)
		return -errno;
	reader->buf = more;
	reader->size *= 2;
	return 0;
}

/* 0, or -ENOENT at the end. Entries that begin with + or - are NIS's, which isn't asked. */
static int next_user(struct reader *reader, struct passwd *entry)
{
	struct passwd *found;
	int r;

	for (;;) {
		off_t at = ftello(reader->file);

		r = fgetpwent_r(reader->file, entry, reader->buf, reader->size, &found);
		if (r == ERANGE)
			r = -reader_grow(reader, at);
		else if (r == 0 && entry->pw_name[0] != '+' && entry->pw_name[0] != '-')
			return 0;
		if (r != 0)
			return -r;
	}
}

static int next_group(struct reader *reader, struct group *entry)
{
	struct group *found;
	int r;

	for (;;) {
		off_t at = ftello(reader->file);

		r = fgetgrent_r(reader->file, entry, reader->buf, reader->size, &found);
		if (r == ERANGE)
			r = -reader_grow(reader, at);
		else if (r == 0 && entry->gr_name[0] != '+' && entry->gr_name[0] != '-')
			return 0;
		if (r != 0)
			return -r;
	}
}

void account_done(struct account *account)
{
	free(account->name);
	free(account->home);
	free(account->shell);
	*account = (struct account) { .name = NULL };
}

static int copy(const struct passwd *entry, struct account *ret)
{
	struct account account = { .uid = entry->pw_uid, .gid = entry->pw_gid, .name = strdup(entry->pw_name),
		.home = strdup(entry->pw_dir), .shell = strdup(entry->pw_shell) };

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
	struct passwd entry;
	int r = reader_open(&reader, etc, "passwd");

	while (r == 0 && (r = next_user(&reader, &entry)) == 0) {
		if (name ? strcmp(entry.pw_name, name) == 0 : entry.pw_uid == uid)
			return copy(&entry, ret_account);
	}
	return r;
}

int account_group(const char *etc, const char *name, gid_t *ret_gid)
{
	CLEANUP(reader_done) struct reader reader = { .file = NULL };
	struct group entry;
	int r = reader_open(&reader, etc, "group");

	while (r == 0 && (r = next_group(&reader, &entry)) == 0) {
		if (strcmp(entry.gr_name, name) == 0) {
			*ret_gid = entry.gr_gid;
			return 0;
		}
	}
	return r;
}

static bool has_member(const struct group *entry, const char *name)
{
	for (char **member = entry->gr_mem; *member; member++) {
		if (strcmp(*member, name) == 0)
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
	struct group entry;
	size_t n = 0;
	int r = add(&groups, &n, gid);

	if (r == 0)
		r = name ? reader_open(&reader, etc, "group") : -ENOENT;
	while (r == 0 && (r = next_group(&reader, &entry)) == 0) {
		if (has_member(&entry, name) && (r = add(&groups, &n, entry.gr_gid)) < 0)
			return r;
	}
	if (r != -ENOENT)
		return r;
	*ret_groups = TAKE_PTR(groups);
	*ret_n = n;
	return 0;
}
