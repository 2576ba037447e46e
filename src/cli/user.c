/* SPDX-License-Identifier: MIT */
/*
 * user.c - users and their groups by name
 *
 * The files themselves are read: the command is linked statically, and the
 * library's own look-up would load what is installed for NSS.
 */
#include "cli/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/text.h"

static void fclosep(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

/* Reads a number that can be an id. */
static bool is_id(const char *text, uint32_t *ret_id)
{
	uint64_t id;

	if (parse_count(text, &id) < 0 || id >= USER_SAME)
		return false;
	*ret_id = (uint32_t)id;
	return true;
}

/* Finds a user by name or, for the group alone, by number. */
static bool find_user(const char *name, uint32_t *uid, uint32_t *ret_gid)
{
	CLEANUP(fclosep) FILE *file = fopen("/etc/passwd", "re");
	bool is_number = is_id(name, uid);
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

static bool find_group(const char *name, uint32_t *ret_gid)
{
	CLEANUP(fclosep) FILE *file = fopen("/etc/group", "re");
	const struct group *group;

	if (is_id(name, ret_gid))
		return true;
	while (file && (group = fgetgrent(file))) {
		if (strcmp(group->gr_name, name) == 0) {
			*ret_gid = group->gr_gid;
			return true;
		}
	}
	return false;
}

int user_parse(const char *flag, const char *text, uint32_t *ret_uid, uint32_t *ret_gid,
		struct ration_error *reterr)
{
	CLEANUP(freep) char *user = strndup(text, strcspn(text, ":"));
	const char *group = strchr(text, ':');
	char shown[TEXT_SHOWN_MAX];
	uint32_t uid = 0, gid = 0;
	const char *unknown = NULL;

	if (!user)
		return error_oom(reterr);
	if (!find_user(user, &uid, &gid))
		unknown = "user";
	else if (group && !find_group(group + 1, &gid))
		unknown = "group";
	if (unknown) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %s: there is no such %s", flag,
				text_escape(shown, sizeof(shown), text), unknown);
		return error_hint(reterr, -EINVAL, "a name or a number, e.g. %s 1000 or %s www-data:www-data",
				flag, flag);
	}
	*ret_uid = uid;
	*ret_gid = gid;
	return 0;
}
