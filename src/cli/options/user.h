/* SPDX-License-Identifier: MIT */
/*
 * user.h - users and their groups by name
 */
#ifndef RATION_CLI_OPTIONS_USER_H
#define RATION_CLI_OPTIONS_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "ration.h"

/* What chown(2) takes for "as it is". */
#define USER_SAME UINT32_MAX

/*
 * Reads "USER", "USER:GROUP", each a name or a number. Without GROUP, it is the
 * user's own as in /etc/passwd, or USER_SAME where that knows none.
 * Errors: -EINVAL; the message names `flag`.
 */
int user_parse(const char *flag, const char *text, uint32_t *ret_uid, uint32_t *ret_gid,
		struct ration_error *reterr);

/* Reads a number that can be an id. */
bool user_is_id(const char *text, uint32_t *ret_id);

/* Finds a user by name or, for the group alone, by number: USER_SAME where it has none. */
bool user_find(const char *name, uint32_t *uid, uint32_t *ret_gid);
bool user_find_group(const char *name, uint32_t *ret_gid);

/* Returns the home directory of a user, which is the caller's to free; NULL: it isn't known. */
char *user_home(uint32_t uid);

#endif
