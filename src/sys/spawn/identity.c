/* SPDX-License-Identifier: MIT */
/*
 * identity.c - as whom a command runs, if not as its caller
 */
#include "sys/spawn/identity.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"

/* Where ids once had 16 bits, the calls with 32 bits have another name. */
#ifdef SYS_setresuid32
#define CALL_SETGROUPS SYS_setgroups32
#define CALL_SETRESGID SYS_setresgid32
#define CALL_SETRESUID SYS_setresuid32
#else
#define CALL_SETGROUPS SYS_setgroups
#define CALL_SETRESGID SYS_setresgid
#define CALL_SETRESUID SYS_setresuid
#endif

const char *identity_step_name(int step)
{
	static const char *const names[] = {
		[IDENTITY_STEP_GROUPS] = "setgroups",
		[IDENTITY_STEP_GID] = "setresgid",
		[IDENTITY_STEP_UID] = "setresuid",
		[IDENTITY_STEP_CAPABILITIES] = "capset",
		[IDENTITY_STEP_NO_NEW_PRIVS] = "no_new_privs",
		[IDENTITY_STEP_CHECK] = "the check of its ids",
		[IDENTITY_STEP_KEYRING] = "a new session keyring",
		[IDENTITY_STEP_WAIT] = "the start",
	};

	return step >= 0 && step < (int)ARRAY_SIZE(names) ? names[step] : "";
}

static int fail(int step, int *ret_step)
{
	*ret_step = step;
	return -errno;
}

/* Groups first, as that takes a privilege; the uid last, which gives it up. */
static int set_ids(const struct identity *identity, int *ret_step)
{
	if (syscall(CALL_SETGROUPS, identity->n_groups, identity->groups) < 0)
		return fail(IDENTITY_STEP_GROUPS, ret_step);
	if (syscall(CALL_SETRESGID, identity->gid, identity->gid, identity->gid) < 0)
		return fail(IDENTITY_STEP_GID, ret_step);
	if (syscall(CALL_SETRESUID, identity->uid, identity->uid, identity->uid) < 0)
		return fail(IDENTITY_STEP_UID, ret_step);
	return 0;
}

/*
 * The kernel takes capabilities away from a process that stops being uid 0, but not from other callers, and
 * not inheritable ones.
 */
static int drop_capabilities(int *ret_step)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	/* EINVAL before 4.3, which has none. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return fail(IDENTITY_STEP_CAPABILITIES, ret_step);
	return syscall(SYS_capset, &header, none) < 0 ? fail(IDENTITY_STEP_CAPABILITIES, ret_step) : 0;
}

bool identity_is_ours(const struct identity *identity)
{
	uid_t uid[3];
	gid_t gid[3];

	if (getresuid(&uid[0], &uid[1], &uid[2]) < 0 || getresgid(&gid[0], &gid[1], &gid[2]) < 0)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (uid[i] != identity->uid || gid[i] != identity->gid)
			return false;
	}
	return true;
}

/* Checks that the change has happened and can't be undone. */
static int check(const struct identity *identity, int *ret_step)
{
	bool right = identity_is_ours(identity) &&
		(identity->unchanged || getgroups(0, NULL) == (int)identity->n_groups);

	if (right && (identity->uid == 0 || syscall(CALL_SETRESUID, 0, 0, 0) < 0))
		return 0;
	errno = EPERM;
	return fail(IDENTITY_STEP_CHECK, ret_step);
}

/* The caller's keys aren't for it. If a filter refuses this call, it refuses it to the command as well. */
static int new_keyring(int *ret_step)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 || errno == ENOSYS || errno == EPERM ||
			errno == EACCES)
		return 0;
	return fail(IDENTITY_STEP_KEYRING, ret_step);
}

int identity_become(const struct identity *identity, int *ret_step)
{
	int r = identity->unchanged ? 0 : set_ids(identity, ret_step);

	if (r == 0 && identity->uid != 0)
		r = drop_capabilities(ret_step);
	if (r == 0 && !identity->new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = fail(IDENTITY_STEP_NO_NEW_PRIVS, ret_step);
	if (r == 0)
		r = check(identity, ret_step);
	return r == 0 && !identity->unchanged ? new_keyring(ret_step) : r;
}

static bool has_capability(unsigned capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	return syscall(SYS_capget, &header, data) == 0 &&
		data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

const char *identity_lacks_switch(void)
{
	if (!has_capability(CAP_SETUID))
		return "CAP_SETUID";
	return has_capability(CAP_SETGID) ? NULL : "CAP_SETGID";
}

const char *identity_lacks_override(void)
{
	return geteuid() != 0 || has_capability(CAP_DAC_OVERRIDE) ? NULL : "CAP_DAC_OVERRIDE";
}
