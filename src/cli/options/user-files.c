/* SPDX-License-Identifier: MIT */
/*
 * user-files.c - users and groups as /etc has them
 *
 * The files themselves are read: the command is linked statically, and the
 * library's own look-up would load what is installed for NSS.
 */
#include "cli/options/user.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

static void fclosep(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

/* Finds a user by name or, for the group alone, by number. */
bool user_find(const char *name, uint32_t *uid, uint32_t *ret_gid)
{
	CLEANUP(fclosep) FILE *file = fopen("/etc/passwd", "re");
	bool is_number = user_is_id(name, uid);
	const struct passwd *user;

	while (file && (user = fgetpwent(file))) {
		if (is_number ? user->pw_uid != *uid : strcmp(user->pw_name, name) != 0)
			continue;
		*uid = user->pw_uid;
		*ret_gid = user->pw_gid;
		return true;
	}
	*ret_gid = USER_SAME;
	return is_number;
}

bool user_find_group(const char *name, uint32_t *ret_gid)
{
	CLEANUP(fclosep) FILE *file = fopen("/etc/group", "re");
	const struct group *group;

	if (user_is_id(name, ret_gid))
		return true;
	while (file && (group = fgetgrent(file))) {
		if (strcmp(group->gr_name, name) == 0) {
			*ret_gid = group->gr_gid;
			return true;
		}
	}
	return false;
}

char *user_home(uint32_t uid)
{
	CLEANUP(fclosep) FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *user;

	while (file && (user = fgetpwent(file))) {
		if (user->pw_uid == uid)
			return strdup(user->pw_dir);
	}
	return NULL;
}
