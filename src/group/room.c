/* SPDX-License-Identifier: MIT */
/*
 * room.c - why the kernel lets nobody make another group
 *
 * It says EAGAIN if this group or any above has as many groups below it as
 * cgroup.max.descendants allows, or if the new one would be deeper than
 * cgroup.max.depth allows. So each is looked at, upwards.
 */
#include "group/room.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/cgroup.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

struct full {
	const char *file;
	uint64_t limit;
};

/* Is it this group's limit? `level`: of the new group, below it. */
static bool is_full(int fd, uint64_t level, struct full *ret)
{
	char text[2048]; /* two lines a controller since 6.12 */
	uint64_t n = 0;

	*ret = (struct full) { .file = "cgroup.max.descendants" };
	if (cg_read_u64(fd, ret->file, &ret->limit) == 0 && cg_read(fd, "cgroup.stat", text, sizeof(text)) > 0 &&
			cg_text_key(text, "nr_descendants", &n) == 0 && n >= ret->limit)
		return true;
	ret->file = "cgroup.max.depth";
	return cg_read_u64(fd, ret->file, &ret->limit) == 0 && level > ret->limit;
}

/* Another kind of file system has no groups: there the last one was the root. */
static int open_above(int fd)
{
	struct stat here, above;
	int up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (up < 0 || fstat(fd, &here) < 0 || fstat(up, &above) < 0 || here.st_dev != above.st_dev ||
			here.st_ino == above.st_ino)
		up = close_fd(up);
	return up;
}

static const char *path_of(int fd, char *buf, size_t size)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	return text_escape(buf, size, path);
}

static int tell(int fd, const char *address, const struct full *full, struct ration_error *reterr)
{
	char path[400];

	(void)path_of(fd, path, sizeof(path));
	(void)error_set(reterr, -EAGAIN, RATION_CAUSE_IN_USE, "can't create the group %s: %s of %s is %" PRIu64, address,
			full->file, path, full->limit);
	return error_hint(reterr, -EAGAIN, "ration gc removes groups that nobody uses; or write a higher number to "
					   "that file, or max");
}

int room_error(int dir_fd, const char *address, struct ration_error *reterr)
{
	CLEANUP(closep) int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct full full;

	for (uint64_t level = 1; fd >= 0; level++) {
		int above;

		if (is_full(fd, level, &full))
			return tell(fd, address, &full, reterr);
		above = open_above(fd);
		(void)close_fd(fd);
		fd = above;
	}
	/* Above what can be seen from here, or gone meanwhile. */
	(void)error_set(reterr, -EAGAIN, RATION_CAUSE_IN_USE, "can't create the group %s: %s", address,
			error_text(-EAGAIN));
	return error_hint(reterr, -EAGAIN, "cgroup.max.descendants or cgroup.max.depth of a group above is reached");
}
