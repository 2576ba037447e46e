/* SPDX-License-Identifier: MIT */
/*
 * named-file.c - a file and the directory in which it has its name
 */
#include "cli/records/named-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

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

int named_file_refuse(const char *flag, const char *path, int code, const char *why, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];

	return error_set(reterr, code, RATION_CAUSE_INVALID, "%s %s: %s", flag, text_show(shown, sizeof(shown), path), why);
}

int named_file_refuse_write(const char *flag, const char *path, int code, struct ration_error *reterr)
{
	char why[96];

	(void)snprintf(why, sizeof(why), "can't be written: %s", error_text(code));
	return named_file_refuse(flag, path, code, why, reterr);
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
