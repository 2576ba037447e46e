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

static const char *const names[] = {
	[NOTE_OWNER] = "user.ration.owner",
	[NOTE_KEEP] = "user.ration.keep",
	[NOTE_MADE] = "user.ration.made",
	[NOTE_BASE] = "user.ration.base",
	[NOTE_CREATED] = "user.ration.created",
	[NOTE_COMMAND] = "user.ration.command",
	[NOTE_LIMITS] = "user.ration.limits",
	[NOTE_FROM] = "user.ration.from",
	[NOTE_V1] = "user.ration.v1",
};

int notes_write(int dir_fd, enum note note, const char *text)
{
	if (!*text)
		return fremovexattr(dir_fd, names[note]) < 0 && errno != ENODATA ? -errno : 0;
	return fsetxattr(dir_fd, names[note], text, strlen(text), 0) < 0 ? -errno : 0;
}

int notes_mark(int dir_fd, enum note note)
{
	return notes_write(dir_fd, note, "1");
}

int notes_read(int dir_fd, enum note note, char *buffer, size_t size)
{
	ssize_t n = fgetxattr(dir_fd, names[note], buffer, size - 1);

	if (n < 0)
		return -errno;
	buffer[n] = '\0';
	return (int)n;
}

bool notes_has(int dir_fd, enum note note)
{
	return fgetxattr(dir_fd, names[note], NULL, 0) >= 0;
}

bool notes_are_ours(int dir_fd)
{
	struct stat st;

	return fstat(dir_fd, &st) == 0 && st.st_uid == geteuid();
}

bool notes_delegated(int dir_fd)
{
	static const char *const systemds[] = { "user.delegate", "trusted.delegate" };
	char value[8];

	for (size_t i = 0; i < ARRAY_SIZE(systemds); i++) {
		if (fgetxattr(dir_fd, systemds[i], value, sizeof(value)) == 1 && value[0] == '1')
			return true;
	}
	return false;
}
