/* SPDX-License-Identifier: MIT */
/*
 * beside.c - helper programs in the folder of the command itself, as in a build tree
 *
 * The environment isn't used: under sudo, another user controls it. Only a user who
 * could replace the command itself can place a helper beside it; in a directory such
 * as /tmp everybody can create a file of that name.
 */
#include "cli/beside.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static bool is_beside(const char *folder, const char *name, uid_t owner)
{
	char path[4200];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == owner;
}

const char *beside_us(char *buf, size_t size)
{
	struct stat program, folder;
	ssize_t n = readlink("/proc/self/exe", buf, size - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	buf[n] = '\0';
	slash = strrchr(buf, '/');
	if (!slash || slash == buf || stat("/proc/self/exe", &program) < 0)
		return NULL;
	*slash = '\0';
	if (lstat(buf, &folder) < 0 || folder.st_uid != program.st_uid || folder.st_mode & S_IWOTH)
		return NULL;
	return is_beside(buf, "ration-unit", program.st_uid) ? buf : NULL;
}
