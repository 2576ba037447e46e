/* SPDX-License-Identifier: MIT */
/*
 * profile-file.c - find a profile and read it
 *
 * A profile can set variables of the command's environment: who writes one executes what he
 * likes as who reads it. So the working directory isn't searched, and root reads nothing
 * that another uid can write: every directory and every link on the way is opened by hand, one
 * after the other, and looked at. In a directory with the sticky bit only the owner of an entry
 * can exchange it, and that is looked at as well.
 *
 * Nothing here waits: what isn't a regular file is refused before it is opened.
 */
#include "cli/options/profile-file.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/options/user.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

#ifndef RATION_PROFILES_DIR
#define RATION_PROFILES_DIR "/usr/share/ration/profiles"
#endif

#define LINKS_MAX 40

static int refuse(const char *path, int code, const char *why, struct ration_error *reterr)
{
	char shown[PROFILE_SHOWN_MAX];

	return error_set(reterr, code, RATION_CAUSE_INVALID, "--profile %s: %s",
			text_show(shown, sizeof(shown), path), why);
}

static int refuse_read(const char *path, int code, struct ration_error *reterr)
{
	char why[96];

	(void)snprintf(why, sizeof(why), "can't be read: %s", error_text(code));
	return refuse(path, code, why, reterr);
}

static int refuse_kind(const char *path, mode_t mode, struct ration_error *reterr)
{
	(void)refuse(path, -EINVAL, S_ISDIR(mode) ? "is a directory" : S_ISFIFO(mode) ? "is a pipe" :
			"isn't a regular file", reterr);
	return error_hint(reterr, -EINVAL, "a profile is a regular file, one option a line, e.g. memory = 512M");
}

/* -------------------------------------------------------------------- trust */

/* On the way to a file: a directory, and what is left of the path. */
struct way {
	const char *path;       /* for messages */
	int fd;
	char rest[PATH_MAX];
	unsigned links;
};

/* `part` is what of the path it is, or NULL: where the path begins. */
static int check(const struct way *way, const char *part, const struct stat *st, struct ration_error *reterr)
{
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);
	bool others = st->st_mode & (S_IWGRP | S_IWOTH) && !sticky && !S_ISLNK(st->st_mode);
	char shown[TEXT_SHOWN_MAX], why[TEXT_SHOWN_MAX + 96];

	(void)text_show(shown, sizeof(shown), part ? part : way->rest[0] == '/' ? "/" : "the working directory");
	if (st->st_uid != 0 && st->st_uid != geteuid())
		(void)snprintf(why, sizeof(why), "%s belongs to uid %u", shown, (unsigned)st->st_uid);
	else if (others)
		(void)snprintf(why, sizeof(why), "other users can write to %s (mode %04o)", shown,
				(unsigned)st->st_mode & 07777);
	else
		return 0;
	(void)refuse(way->path, -EPERM, why, reterr);
	return error_hint(reterr, -EPERM, "root reads profiles that only root can write; put it into /etc/ration");
}

/* Goes to where the rest of the path begins. */
static int begin(struct way *way, struct ration_error *reterr)
{
	struct stat st;

	way->fd = close_fd(way->fd);
	way->fd = open(way->rest[0] == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (way->fd < 0 || fstat(way->fd, &st) < 0)
		return refuse_read(way->path, -errno, reterr);
	return check(way, NULL, &st, reterr);
}

/* Takes the first part off the rest. False: there is none. */
static bool next_part(struct way *way, char part[NAME_MAX + 1])
{
	const char *at = way->rest + strspn(way->rest, "/");
	size_t length = strcspn(at, "/");

	if (length == 0 || length > NAME_MAX)
		return false;
	(void)snprintf(part, NAME_MAX + 1, "%.*s", (int)length, at);
	memmove(way->rest, at + length, strlen(at + length) + 1);
	return true;
}

/* Puts what the link says before the rest. */
static int follow(struct way *way, const char *part, struct ration_error *reterr)
{
	char target[PATH_MAX], joined[2 * PATH_MAX];
	ssize_t n = readlinkat(way->fd, part, target, sizeof(target) - 1);

	if (n < 0)
		return refuse_read(way->path, -errno, reterr);
	target[n] = '\0';
	if (++way->links > LINKS_MAX)
		return refuse_read(way->path, -ELOOP, reterr);
	if (snprintf(joined, sizeof(joined), "%s%s", target, way->rest) >= PATH_MAX)
		return refuse_read(way->path, -ENAMETOOLONG, reterr);
	(void)strcpy(way->rest, joined);
	return target[0] == '/' ? begin(way, reterr) : 0;
}

/* One part of the path: a link, a directory, or the file, which `ret_fd` is then. */
static int step(struct way *way, const char *part, int *ret_fd, struct ration_error *reterr)
{
	bool last = way->rest[strspn(way->rest, "/")] == '\0';
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	CLEANUP(closep) int fd = -EBADF;
	struct stat st;
	int r;

	if (fstatat(way->fd, part, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return refuse_read(way->path, -errno, reterr);
	r = check(way, part, &st, reterr);
	if (r < 0 || S_ISLNK(st.st_mode))
		return r < 0 ? r : follow(way, part, reterr);
	if (last && !S_ISREG(st.st_mode))
		return refuse_kind(way->path, st.st_mode, reterr);
	fd = openat(way->fd, part, last ? flags : flags | O_DIRECTORY);
	/* Again: this one it is, whatever was exchanged. */
	if (fd < 0 || fstat(fd, &st) < 0)
		return refuse_read(way->path, -errno, reterr);
	r = check(way, part, &st, reterr);
	if (r < 0)
		return r;
	if (last) {
		*ret_fd = TAKE_FD(fd);
		return 0;
	}
	(void)close_fd(way->fd);
	way->fd = TAKE_FD(fd);
	return 0;
}

static int open_trusted(const char *path, int *ret_fd, struct ration_error *reterr)
{
	struct way way = { .path = path, .fd = -EBADF };
	char part[NAME_MAX + 1];
	int r, fd = -EBADF;

	if (snprintf(way.rest, sizeof(way.rest), "%s", path) >= (int)sizeof(way.rest))
		return refuse_read(path, -ENAMETOOLONG, reterr);
	r = begin(&way, reterr);
	while (r == 0 && fd < 0) {
		if (next_part(&way, part))
			r = step(&way, part, &fd, reterr);
		else
			r = refuse_kind(path, S_IFDIR, reterr);
	}
	way.fd = close_fd(way.fd);
	*ret_fd = fd;
	return r;
}

/* --------------------------------------------------------------------- read */

static int open_file(const char *path, int *ret_fd, struct ration_error *reterr)
{
	struct stat st;

	/* For the message: a link to a pipe leads nowhere. */
	if (stat(path, &st) < 0)
		return refuse_read(path, -errno, reterr);
	if (!S_ISREG(st.st_mode))
		return refuse_kind(path, st.st_mode, reterr);
	if (geteuid() == 0)
		return open_trusted(path, ret_fd, reterr);
	*ret_fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*ret_fd < 0)
		return refuse_read(path, -errno, reterr);
	return fstat(*ret_fd, &st) == 0 && S_ISREG(st.st_mode) ? 0 : refuse_kind(path, st.st_mode, reterr);
}

static int read_text(int fd, const char *path, char *text, struct ration_error *reterr)
{
	size_t used = 0;
	ssize_t n;
	char why[64];

	do {
		n = read(fd, text + used, PROFILE_MAX_BYTES + 1 - used);
		if (n < 0 && errno != EINTR)
			return refuse_read(path, -errno, reterr);
		used += n > 0 ? (size_t)n : 0;
	} while (n != 0 && used <= PROFILE_MAX_BYTES);
	text[used] = '\0';
	(void)snprintf(why, sizeof(why), "is longer than %d KiB", PROFILE_MAX_BYTES / 1024);
	if (used > PROFILE_MAX_BYTES)
		return refuse(path, -EINVAL, why, reterr);
	return strlen(text) == used ? 0 : refuse(path, -EINVAL, "contains a NUL byte: it isn't a text", reterr);
}

static int read_path(const char *path, char **ret_path, char **ret_text, struct ration_error *reterr)
{
	CLEANUP(freep) char *text = malloc(PROFILE_MAX_BYTES + 2);
	CLEANUP(freep) char *copy = strdup(path);
	CLEANUP(closep) int fd = -EBADF;
	int r = text && copy ? open_file(path, &fd, reterr) : error_oom(reterr);

	if (r >= 0)
		r = read_text(fd, path, text, reterr);
	if (r < 0)
		return r;
	*ret_path = TAKE_PTR(copy);
	*ret_text = TAKE_PTR(text);
	return 0;
}

/* --------------------------------------------------------------------- find */

/*
 * Whether the environment is the caller's own. Below sudo and its like it may be that of who called it: as root that
 * isn't asked where profiles are.
 */
static bool environment_is_own(void)
{
	static const char *const traces[] = { "SUDO_UID", "DOAS_USER", "PKEXEC_UID" };

	if (getuid() != geteuid() || getgid() != getegid())
		return false;
	for (size_t i = 0; geteuid() == 0 && i < ARRAY_SIZE(traces); i++) {
		if (getenv(traces[i]))
			return false;
	}
	return true;
}

/* Writes the user's directory, or "" if there is none. A relative one counts as not set, as XDG has it. */
static void users_directory(char *buf, size_t size)
{
	bool own = environment_is_own();
	const char *config = own ? getenv("XDG_CONFIG_HOME") : NULL, *home = own ? getenv("HOME") : NULL;
	CLEANUP(freep) char *known = NULL;

	*buf = '\0';
	if (config && config[0] == '/') {
		(void)snprintf(buf, size, "%s/ration", config);
		return;
	}
	if (!home || home[0] != '/')
		home = known = user_home((uint32_t)geteuid());
	if (home && home[0] == '/')
		(void)snprintf(buf, size, "%s/.config/ration", home);
}

static bool is_name(const char *name)
{
	if (!isalnum((unsigned char)name[0]) || strlen(name) > NAME_MAX)
		return false;
	for (const char *at = name; *at; at++) {
		if (!isalnum((unsigned char)*at) && !strchr("_.:@-", *at))
			return false;
	}
	return true;
}

static int refuse_name(const char *name, struct ration_error *reterr)
{
	(void)refuse(name, -EINVAL, "invalid name of a profile", reterr);
	return error_hint(reterr, -EINVAL,
			"letters, digits and _.:@-, e.g. --profile judge; or a file, with a slash: ./judge");
}

int profile_file_read(const char *name, char **ret_path, char **ret_text, struct ration_error *reterr)
{
	char users[PATH_MAX - NAME_MAX - 1], path[PATH_MAX], shown[TEXT_SHOWN_MAX];
	const char *const directories[] = { users, "/etc/ration", RATION_PROFILES_DIR };

	if (strchr(name, '/'))
		return read_path(name, ret_path, ret_text, reterr);
	if (!is_name(name))
		return refuse_name(name, reterr);
	users_directory(users, sizeof(users));
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		struct stat st;

		(void)snprintf(path, sizeof(path), "%s/%s", directories[i], name);
		/* What can't be looked at is there, and isn't another. */
		if (directories[i][0] && (lstat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR)))
			return read_path(path, ret_path, ret_text, reterr);
	}
	(void)error_set(reterr, -ENOENT, RATION_CAUSE_INVALID, "--profile %s: no such profile in %s%s%s or %s",
			text_show(shown, sizeof(shown), name), users, *users ? ", " : "", directories[1], directories[2]);
	return error_hint(reterr, -ENOENT, "a file has a slash, e.g. --profile ./%s", name);
}
