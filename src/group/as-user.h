/* SPDX-License-Identifier: MIT */
/*
 * as-user.h - the user that a caller asks a command to run as
 */
#ifndef RATION_GROUP_AS_USER_H
#define RATION_GROUP_AS_USER_H

#include "ration.h"
#include "sys/accounts.h"
#include "sys/spawn/identity.h"

/* A user as `ration run --user` has it, looked up. */
struct as_user {
	struct identity identity;
	struct account account;     /* its `name` is NULL where there is no entry for the uid */
	char *variables[4];         /* of its environment: HOME, SHELL, USER, LOGNAME; NULL: that isn't set */
};

/*
 * Looks up "NAME", "UID", "NAME:GROUP", "UID:GID", … in the folder `etc`, and checks that this process can
 * become that user. The caller calls as_user_done(), after a failure as well.
 * Errors: -EINVAL (malformed, unknown), -EPERM, -ENOMEM, -EACCES, … (the files can't be read).
 */
int as_user_find(const char *etc, const char *text, struct as_user *user, struct ration_error *reterr);
void as_user_done(struct as_user *user);

/*
 * Makes the user's environment, of pointers to strings of `envp` and `user`; the caller frees the array. If
 * `envp` is NULL, it is that of this process with the user's variables instead of our own; otherwise `envp`
 * plus the variables that it lacks. -ENOMEM.
 */
int as_user_environment(const struct as_user *user, char *const *envp, char ***ret_envp);

/* Says that a command can't become `user` for failing at a step. Returns `code`. */
int as_user_error(const struct identity *identity, int step, int code, struct ration_error *reterr);

#endif
