/* SPDX-License-Identifier: MIT */
/*
 * accounts.h - users and groups by name
 *
 * On Linux the files in /etc are read: a static program can't load what is installed for NSS,
 * and a library doesn't want to talk to a directory server for its caller.
 */
#ifndef RATION_SYS_ACCOUNTS_H
#define RATION_SYS_ACCOUNTS_H

#include <stddef.h>
#include <sys/types.h>

struct account {
	uid_t uid;
	gid_t gid;
	char *name, *home, *shell;
};

void account_done(struct account *account);

/*
 * Finds a user by `name` or, where that is NULL, by `uid`, in the folder `etc`.
 * -ENOENT: there is no such. Others: the file can't be read, and nothing is known.
 */
int account_find(const char *etc, const char *name, uid_t uid, struct account *ret_account);

/* Finds a group. Errors as account_find(). */
int account_group(const char *etc, const char *name, gid_t *ret_gid);

/* The groups of user `name`, with `gid`, each once, in a new array. Errors as account_find(), but for -ENOENT. */
int account_groups(const char *etc, const char *name, gid_t gid, gid_t **ret_groups, size_t *ret_n);

#endif
