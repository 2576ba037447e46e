/* SPDX-License-Identifier: MIT */
/*
 * named-file.c - a file and the directory in which it has its name
 */
#include "cli/named-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"

int named_file_split(const char *path, int *ret_dir_fd, char **ret_name)
{
	const char *slash = strrchr(path, '/');
	CLEANUP(freep) char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");

	*ret_name = strdup(slash ? slash + 1 : path);
	if (!directory || !*ret_name)
		return -ENOMEM;
	*ret_dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir_fd < 0)
		return -errno;
	if (!**ret_name)
		return path[0] ? -EISDIR : -ENOENT;
	return 0;
}

bool named_file_is_there(int dir_fd, const char *name, int fd)
{
	struct stat opened, found;

	return fstat(fd, &opened) == 0 && fstatat(dir_fd, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
		opened.st_dev == found.st_dev && opened.st_ino == found.st_ino;
}

bool named_file_is_ours(const struct stat *st)
{
	return st->st_uid == geteuid() || st->st_uid == 0;
}
