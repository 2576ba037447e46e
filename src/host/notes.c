/* SPDX-License-Identifier: MIT */
/*
 * notes.c - what is remembered of a group, on the group itself
 */
#include "host/notes.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "util/cleanup.h"

/* The user's, and root's. */
#define NAMES(NAME) { "user.ration." NAME, "trusted.ration." NAME }

static const char *const names[][2] = {
	[NOTE_OWNER] = NAMES("owner"),
	[NOTE_KEEP] = NAMES("keep"),
	[NOTE_MADE] = NAMES("made"),
	[NOTE_BASE] = NAMES("base"),
	[NOTE_CREATED] = NAMES("created"),
	[NOTE_COMMAND] = NAMES("command"),
	[NOTE_LIMITS] = NAMES("limits"),
	[NOTE_FROM] = NAMES("from"),
	[NOTE_STOP] = NAMES("stop"),
	[NOTE_V1] = NAMES("v1"),
	[NOTE_BUDGET] = NAMES("budget"),
};

/*
 * Tells whether this process is root of the initial user namespace, with CAP_SYS_ADMIN. Only the kernel
 * knows: it hides every trusted.* from anybody else, and even refuses to remove a name that never exists. On
 * a read-only mount it answers that first; but a process that isn't root finds no trusted.* there, either.
 */
static bool roots(int dir_fd)
{
	return geteuid() == 0 && (fremovexattr(dir_fd, "trusted.ration.none") == 0 || errno != EPERM);
}

static int write_as(int dir_fd, bool trusted, enum note note, const char *text)
{
	const char *name = names[note][trusted];

	if (!*text)
		return fremovexattr(dir_fd, name) < 0 && errno != ENODATA ? -errno : 0;
	return fsetxattr(dir_fd, name, text, strlen(text), 0) < 0 ? -errno : 0;
}

int notes_write(int dir_fd, enum note note, const char *text)
{
	int r = geteuid() == 0 ? write_as(dir_fd, true, note, text) : -EPERM;

	/*
	 * EPERM: this process isn't root of the machine, whatever its uid, so it writes user.*. Root of the
	 * machine doesn't: nobody would believe that.
	 */
	return r == -EPERM && !roots(dir_fd) ? write_as(dir_fd, false, note, text) : r;
}

int notes_leave(int dir_fd, enum note note, const char *text)
{
	struct stat st;

	/* The owner may read this one, but nobody else believes it. */
	if (roots(dir_fd) && fstat(dir_fd, &st) == 0 && st.st_uid != geteuid())
		(void)write_as(dir_fd, false, note, text);
	return notes_write(dir_fd, note, text);
}

int notes_mark(int dir_fd, enum note note)
{
	return notes_write(dir_fd, note, "1");
}

static bool is_own(const struct stat *st, uid_t uid)
{
	return st->st_uid == uid && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

bool notes_own(const struct stat *st)
{
	return is_own(st, geteuid());
}

/* Tells whether only we can have written user.* of a directory. `st` may be NULL. */
static bool users_count(int dir_fd, const struct stat *st, uid_t uid)
{
	struct stat found;

	if (st)
		return is_own(st, uid);
	/* Try twice, because notes that aren't believed are as good as none. */
	return (fstat(dir_fd, &found) == 0 || fstat(dir_fd, &found) == 0) && is_own(&found, uid);
}

static ssize_t read_as(int dir_fd, bool trusted, enum note note, char *buffer, size_t size)
{
	ssize_t n = fgetxattr(dir_fd, names[note][trusted], buffer, size);

	return n < 0 ? -errno : n;
}

static void know_roots(struct notes_reader *reader, int dir_fd)
{
	if (!reader->roots_known)
		reader->roots = roots(dir_fd);
	reader->roots_known = true;
}

/*
 * Like fgetxattr(2), but only finds notes that can be believed. Root only sees notes that only root can have
 * written.
 */
static ssize_t believed(struct notes_reader *reader, int dir_fd, const struct stat *st, enum note note, char *buffer,
		size_t size)
{
	ssize_t n;

	if (!reader->uid_known)
		reader->uid = geteuid();
	reader->uid_known = true;
	n = reader->uid == 0 ? read_as(dir_fd, true, note, buffer, size) : -ENODATA;
	if (n != -ENODATA)
		return n;
	/* For a single directory, check whether notes are believed only if there is one. */
	if (reader->many)
		know_roots(reader, dir_fd);
	if (reader->roots || !users_count(dir_fd, st, reader->uid))
		return -ENODATA;
	n = read_as(dir_fd, false, note, buffer, size);
	if (n != -ENODATA)
		know_roots(reader, dir_fd);
	return reader->roots ? -ENODATA : n;
}

int notes_read_by(struct notes_reader *reader, int dir_fd, const struct stat *st, enum note note, char *buffer, size_t size)
{
	ssize_t n = believed(reader, dir_fd, st, note, buffer, size - 1);

	if (n >= 0)
		buffer[n] = '\0';
	return (int)n;
}

int notes_read(int dir_fd, enum note note, char *buffer, size_t size)
{
	return notes_read_by(&(struct notes_reader) { .many = false }, dir_fd, NULL, note, buffer, size);
}

bool notes_has(int dir_fd, enum note note)
{
	return believed(&(struct notes_reader) { .many = false }, dir_fd, NULL, note, NULL, 0) >= 0;
}

static bool is_one(int dir_fd, const char *name)
{
	char value[8];

	return fgetxattr(dir_fd, name, value, sizeof(value)) == 1 && value[0] == '1';
}

bool notes_delegated(int dir_fd)
{
	struct stat st;

	/*
	 * systemd writes both. Only root sees the first; anybody with write access to the directory can forge
	 * the second.
	 */
	if (is_one(dir_fd, "trusted.delegate"))
		return true;
	if (fstat(dir_fd, &st) < 0 || (st.st_uid != 0 && st.st_uid != geteuid()) || st.st_mode & (S_IWGRP | S_IWOTH))
		return false;
	return is_one(dir_fd, "user.delegate");
}
