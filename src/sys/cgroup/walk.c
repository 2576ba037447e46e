/* SPDX-License-Identifier: MIT */
/*
 * walk.c - the groups below a group
 *
 * A walk stands in one directory. It reads all names there at once, since a place in
 * a directory is a hash of the next name in these file systems, and two names can be
 * made that have the same one. It goes down by name and up by "..", which takes no
 * more fds in a hundred levels than in one. On the way up the directory must be the
 * one that it came from.
 */
#include "sys/cgroup/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/cgroup/cgroup.h"
#include "sys/syscalls.h"
#include "util/array.h"
#include "util/cleanup.h"

/* Removing 10,000 groups takes a second, or a minute on an emulated machine: then others make more of them. */
#define REMOVE_USEC 60000000

/* ------------------------------------------------------------------- names */

/* Names, one behind the other, each with its NUL. */
struct names {
	char *text;
	size_t used, allocated;
};

static void names_free(struct names *names)
{
	free(names->text);
}

static int names_push(struct names *names, const char *name)
{
	size_t length = strlen(name) + 1;

	if (names->used + length > names->allocated) {
		size_t allocated = 2 * (names->used + length) + 1000;
		char *text = realloc(names->text, allocated);

		if (!text)
			return -ENOMEM;
		names->text = text;
		names->allocated = allocated;
	}
	(void)memcpy(names->text + names->used, name, length);
	names->used += length;
	return 0;
}

static bool is_child(const struct dirent64 *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Whether a directory is to be visited, by whoever may know it. NULL: it is. */
struct sieve {
	int (*known)(const char *name, uint64_t inode, void *data);
	void *data;
};

static int names_take(struct names *names, const struct dirent64 *entry, const struct sieve *sieve)
{
	int r;

	if (!is_child(entry))
		return 0;
	r = sieve ? sieve->known(entry->d_name, entry->d_ino, sieve->data) : 0;
	return r == 0 ? names_push(names, entry->d_name) : r;
}

/* Adds the names of the directories in `fd`, which nobody has read yet. */
static int names_read(struct names *names, int fd, const struct sieve *sieve)
{
	_Alignas(struct dirent64) char buf[4096];
	long n;

	while ((n = syscall(SYS_getdents64, fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		/* Removed: nothing is in it. */
		if (n < 0)
			return errno == ENOENT ? 0 : -errno;
		for (long at = 0; at < n;) {
			const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buf + at);
			int r = names_take(names, entry, sieve);

			if (r < 0)
				return r;
			at += entry->d_reclen;
		}
	}
	return 0;
}

static int open_again(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* ---------------------------------------------------------------- children */

int cg_each_child_from(int dir_fd, uint64_t first, int (*visit)(int dir_fd, const char *name, void *data), void *data)
{
	CLEANUP(closep) int fd = open_again(dir_fd);
	CLEANUP(names_free) struct names names = { .text = NULL };
	int r = fd < 0 ? fd : names_read(&names, fd, NULL);
	uint64_t n = 0;
	size_t start = 0, at;

	if (r < 0 || names.used == 0)
		return r;
	for (at = 0; at < names.used; at += strlen(names.text + at) + 1)
		n++;
	for (uint64_t i = 0; i < first % n; i++)
		start += strlen(names.text + start) + 1;
	at = start;
	do {
		r = visit(fd, names.text + at, data);
		at += strlen(names.text + at) + 1;
		if (at == names.used)
			at = 0;
	} while (r == 0 && at != start);
	return r;
}

int cg_each_child_but(int dir_fd, int (*known)(const char *name, uint64_t inode, void *data),
		int (*visit)(int dir_fd, const char *name, void *data), void *data)
{
	CLEANUP(closep) int fd = open_again(dir_fd);
	CLEANUP(names_free) struct names names = { .text = NULL };
	int r = fd < 0 ? fd : names_read(&names, fd, &(struct sieve){ known, data });

	for (size_t at = 0; r == 0 && at < names.used; at += strlen(names.text + at) + 1)
		r = visit(fd, names.text + at, data);
	return r;
}

int cg_each_child(int dir_fd, int (*visit)(int dir_fd, const char *name, void *data), void *data)
{
	return cg_each_child_from(dir_fd, 0, visit, data);
}

/* ------------------------------------------------------------------- walks */

/* A directory on the path from the first to the one in which the walk stands. */
struct level {
	dev_t device;
	ino_t inode;
	size_t next, begin; /* of its names: the one that is next, and the first */
};

struct walk {
	int fd; /* the directory in which it stands */
	struct names names;
	struct level *levels; /* the last is that of `fd` */
	size_t n, allocated;
};

static void walk_free(struct walk *walk)
{
	(void)close_fd(walk->fd);
	names_free(&walk->names);
	free(walk->levels);
}

static int push_level(struct walk *walk, const struct level *level)
{
	struct level *levels = array_grow(walk->levels, walk->n, &walk->allocated, sizeof(*levels));

	if (!levels)
		return -ENOMEM;
	walk->levels = levels;
	walk->levels[walk->n++] = *level;
	return 0;
}

/* Goes into a directory, whose fd is the walk's from now on; not when this fails. */
static int stand_in(struct walk *walk, int fd)
{
	struct level level = { .next = walk->names.used, .begin = walk->names.used };
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	level.device = st.st_dev;
	level.inode = st.st_ino;
	r = names_read(&walk->names, fd, NULL);
	if (r == 0)
		r = push_level(walk, &level);
	if (r < 0) {
		walk->names.used = level.begin;
		return r;
	}
	(void)close_fd(walk->fd);
	walk->fd = fd;
	return 0;
}

/* The next name in the directory in which the walk stands, or NULL. */
static const char *next_name(const struct walk *walk)
{
	size_t next = walk->levels[walk->n - 1].next;

	return next < walk->names.used ? walk->names.text + next : NULL;
}

static void skip_name(struct walk *walk)
{
	walk->levels[walk->n - 1].next += strlen(next_name(walk)) + 1;
}

/* -ENOENT: it is gone. */
static int go_down(struct walk *walk)
{
	CLEANUP(closep) int fd = cg_open_dir(walk->fd, next_name(walk));
	int r = fd < 0 ? fd : stand_in(walk, fd);

	if (r == 0)
		(void)TAKE_FD(fd);
	return r;
}

/* Back to where the name of the directory is the next one. Its names are done with. */
static int go_up(struct walk *walk)
{
	CLEANUP(closep) int fd = openat(walk->fd, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct level *above = &walk->levels[walk->n - 2];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != above->device || st.st_ino != above->inode)
		return -ESTALE;
	walk->names.used = walk->levels[--walk->n].begin;
	(void)close_fd(walk->fd);
	walk->fd = TAKE_FD(fd);
	return 0;
}

static int begin(struct walk *walk, int fd)
{
	int r = fd < 0 ? fd : stand_in(walk, fd);

	if (r < 0)
		(void)close_fd(fd);
	return r;
}

/* ------------------------------------------------------------------- visit */

/* Up, and past the directory from which it came. */
static int go_back(struct walk *walk)
{
	int r = go_up(walk);

	if (r == 0)
		skip_name(walk);
	return r;
}

static int visit_next(struct walk *walk, int (*visit)(int dir_fd, void *data), void *data)
{
	int r = go_down(walk);

	if (r == -ENOENT) {
		skip_name(walk);
		return 0;
	}
	if (r == 0)
		r = visit(walk->fd, data);
	return r == CG_WALK_PAST ? go_back(walk) : r;
}

int cg_each_group(int dir_fd, int (*visit)(int dir_fd, void *data), void *data)
{
	CLEANUP(walk_free) struct walk walk = { .fd = -EBADF };
	int r = visit(dir_fd, data);

	if (r != 0)
		return r == CG_WALK_PAST ? 0 : r;
	r = begin(&walk, open_again(dir_fd));
	while (r == 0 && (next_name(&walk) || walk.n > 1))
		r = next_name(&walk) ? visit_next(&walk, visit, data) : go_back(&walk);
	return r;
}

/* ------------------------------------------------------------------ remove */

/* Removes the next one, or goes into it. */
static int remove_next(struct walk *walk)
{
	int r = cg_rmdir(walk->fd, next_name(walk));

	if (r == -EBUSY) {
		r = go_down(walk);
		if (r == 0)
			return 0;
	}
	skip_name(walk);
	return r == -ENOENT ? 0 : r;
}

/* What is below the next one has been seen to. */
static int remove_seen(struct walk *walk)
{
	int r = cg_rmdir(walk->fd, next_name(walk));

	skip_name(walk);
	return r;
}

/* Removes what is in the directory in which the walk stands. Returns what failed first. */
static int remove_below(struct walk *walk)
{
	uint64_t end_usec = sys_now_usec() + REMOVE_USEC;
	int result = 0;

	while (next_name(walk) || walk->n > 1) {
		bool down = next_name(walk);
		int r = down ? 0 : go_up(walk);

		if (r < 0)
			return r;
		if (sys_now_usec() > end_usec)
			return -ETIMEDOUT;
		r = down ? remove_next(walk) : remove_seen(walk);
		if (r < 0 && result == 0)
			result = r;
	}
	return result;
}

int cg_rmdir_tree(int dir_fd, const char *name)
{
	CLEANUP(walk_free) struct walk walk = { .fd = -EBADF };
	int r = cg_rmdir(dir_fd, name);

	if (r != -EBUSY)
		return r;
	r = begin(&walk, cg_open_dir(dir_fd, name));
	if (r == 0)
		r = remove_below(&walk);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return cg_rmdir(dir_fd, name);
}

int cg_rmdir_tree_of(int fd, int dir_fd, const char *name)
{
	if (cg_is(fd, dir_fd, name))
		return cg_rmdir_tree(dir_fd, name);
	/* Still there, under something that is mounted over it: the kernel removes neither. */
	return sys_access(fd, "cgroup.procs", F_OK) == 0 ? -EXDEV : 0;
}
