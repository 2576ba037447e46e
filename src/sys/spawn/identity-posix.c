/* SPDX-License-Identifier: MIT */
/*
 * identity-posix.c - as whom a command runs: where there are no capabilities
 */
#include "sys/spawn/identity.h"

#include <errno.h>
#include <grp.h>
#include <unistd.h>

#include "util/cleanup.h"

const char *identity_step_name(int step)
{
	static const char *const names[] = {
		[IDENTITY_STEP_GROUPS] = "setgroups",
		[IDENTITY_STEP_GID] = "setgid",
		[IDENTITY_STEP_UID] = "setuid",
		[IDENTITY_STEP_CHECK] = "the check of its ids",
		[IDENTITY_STEP_WAIT] = "the start",
	};

	return step >= 0 && step < (int)ARRAY_SIZE(names) && names[step] ? names[step] : "";
}

static int fail(int step, int *ret_step)
{
	*ret_step = step;
	return -errno;
}

bool identity_is_ours(const struct identity *identity)
{
	return getuid() == identity->uid && geteuid() == identity->uid && getgid() == identity->gid &&
		getegid() == identity->gid;
}

/* setuid(2) of root sets all three ids. There is nothing like no_new_privs. */
int identity_become(const struct identity *identity, int *ret_step)
{
	if (!identity->unchanged) {
		if (setgroups((int)identity->n_groups, identity->groups) < 0)
			return fail(IDENTITY_STEP_GROUPS, ret_step);
		if (setgid(identity->gid) < 0)
			return fail(IDENTITY_STEP_GID, ret_step);
		if (setuid(identity->uid) < 0)
			return fail(IDENTITY_STEP_UID, ret_step);
	}
	if (identity_is_ours(identity) && (identity->uid == 0 || setuid(0) < 0))
		return 0;
	errno = EPERM;
	return fail(IDENTITY_STEP_CHECK, ret_step);
}

const char *identity_lacks_switch(void)
{
	return geteuid() == 0 ? NULL : "root's privileges";
}

const char *identity_lacks_override(void)
{
	return NULL;
}
