/* SPDX-License-Identifier: MIT */
/*
 * user.c - users and their groups by name
 */
#include "cli/options/user.h"

#include <errno.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/text.h"

/* Reads a number that can be an id. */
bool user_is_id(const char *text, uint32_t *ret_id)
{
	uint64_t id;

	if (parse_count(text, &id) < 0 || id >= USER_SAME)
		return false;
	*ret_id = (uint32_t)id;
	return true;
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
	if (!user_find(user, &uid, &gid))
		unknown = "user";
	else if (group && !user_find_group(group + 1, &gid))
		unknown = "group";
	if (unknown) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s %s: no such %s", flag,
				text_show(shown, sizeof(shown), text), unknown);
		return error_hint(reterr, -EINVAL, "a name or a number, e.g. %s 1000 or %s www-data:www-data",
				flag, flag);
	}
	*ret_uid = uid;
	*ret_gid = gid;
	return 0;
}
