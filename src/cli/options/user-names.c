/* SPDX-License-Identifier: MIT */
/*
 * user-names.c - users and groups as the system's directory has them
 */
#include "cli/options/user.h"

#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>

bool user_find(const char *name, uint32_t *uid, uint32_t *ret_gid)
{
	bool is_number = user_is_id(name, uid);
	const struct passwd *user = is_number ? getpwuid((uid_t)*uid) : getpwnam(name);

	*ret_gid = user ? (uint32_t)user->pw_gid : USER_SAME;
	if (user)
		*uid = (uint32_t)user->pw_uid;
	return user || is_number;
}

bool user_find_group(const char *name, uint32_t *ret_gid)
{
	const struct group *group;

	if (user_is_id(name, ret_gid))
		return true;
	group = getgrnam(name);
	if (group)
		*ret_gid = (uint32_t)group->gr_gid;
	return group != NULL;
}

char *user_home(uint32_t uid)
{
	const struct passwd *user = getpwuid((uid_t)uid);

	return user ? strdup(user->pw_dir) : NULL;
}
