/* SPDX-License-Identifier: MIT */
/*
 * accounts-names.c - users and groups as the system's directory has them
 */
#include "sys/accounts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

#define ENTRY_MAX (1u << 20)
#define GROUPS_MAX 1024

void account_done(struct account *account)
{
	free(account->name);
	free(account->home);
	free(account->shell);
	*account = (struct account) { .name = NULL };
}

int account_find(const char *etc, const char *name, uid_t uid, struct account *ret_account)
{
	CLEANUP(freep) char *buf = malloc(ENTRY_MAX);
	struct account account;
	struct passwd entry, *found = NULL;
	int r;

	(void)etc;
	if (!buf)
		return -ENOMEM;
	r = name ? getpwnam_r(name, &entry, buf, ENTRY_MAX, &found) : getpwuid_r(uid, &entry, buf, ENTRY_MAX, &found);
	if (r != 0 || !found)
		return r != 0 ? -r : -ENOENT;
	account = (struct account) { .uid = entry.pw_uid, .gid = entry.pw_gid, .name = strdup(entry.pw_name),
		.home = strdup(entry.pw_dir), .shell = strdup(entry.pw_shell) };
	if (!account.name || !account.home || !account.shell) {
		account_done(&account);
		return -ENOMEM;
	}
	*ret_account = account;
	return 0;
}

int account_group(const char *etc, const char *name, gid_t *ret_gid)
{
	CLEANUP(freep) char *buf = malloc(ENTRY_MAX);
	struct group entry, *found = NULL;
	int r;

	(void)etc;
	if (!buf)
		return -ENOMEM;
	r = getgrnam_r(name, &entry, buf, ENTRY_MAX, &found);
	if (r != 0 || !found)
		return r != 0 ? -r : -ENOENT;
	*ret_gid = entry.gr_gid;
	return 0;
}

#ifdef __APPLE__
typedef int list_id;
#else
typedef gid_t list_id;
#endif

int account_groups(const char *etc, const char *name, gid_t gid, gid_t **ret_groups, size_t *ret_n)
{
	CLEANUP(freep) list_id *list = calloc(GROUPS_MAX, sizeof(*list));
	gid_t *groups = calloc(GROUPS_MAX, sizeof(*groups));
	int n = GROUPS_MAX;

	(void)etc;
	if (!list || !groups) {
		free(groups);
		return -ENOMEM;
	}
	list[0] = (list_id)gid;
	if (!name)
		n = 1;
	else if (getgrouplist(name, (list_id)gid, list, &n) < 0)
		n = -1;
	for (int i = 0; i < n; i++)
		groups[i] = (gid_t)list[i];
	if (n < 0) {
		free(groups);
		return -E2BIG;
	}
	*ret_groups = groups;
	*ret_n = (size_t)n;
	return 0;
}
