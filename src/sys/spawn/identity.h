/* SPDX-License-Identifier: MIT */
/*
 * identity.h - as whom a command runs, if not as its caller
 *
 * Names are looked up before anything is started; between fork and exec there are system
 * calls only. Those are made directly: the functions of the C library change all threads of
 * a program, which a child that was cloned from one of them mustn't try.
 */
#ifndef RATION_SYS_SPAWN_IDENTITY_H
#define RATION_SYS_SPAWN_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct identity {
	uid_t uid;
	gid_t gid;
	gid_t *groups;        /* supplementary ones, with `gid` */
	size_t n_groups;
	bool unchanged;       /* it is this process's own: neither ids nor groups are set */
	bool new_privileges;  /* set-user-ID programs may give it more: no_new_privs isn't set */
};

/* What a child fails at. */
enum identity_step {
	IDENTITY_STEP_GROUPS,
	IDENTITY_STEP_GID,
	IDENTITY_STEP_UID,
	IDENTITY_STEP_CAPABILITIES,
	IDENTITY_STEP_NO_NEW_PRIVS,
	IDENTITY_STEP_CHECK,
	IDENTITY_STEP_KEYRING,
	IDENTITY_STEP_WAIT,     /* its parent has waited in vain for it */
};

/* The name of the system call, or what was tried. */
const char *identity_step_name(int step);

/*
 * Becomes it, for good: supplementary groups, gid, uid; no capabilities but for uid 0;
 * no_new_privs; a new session keyring. Then checks that all this is so, and that there is no
 * way back. 0, or a negative errno, with the step.
 */
int identity_become(const struct identity *identity, int *ret_step);

/* Tells whether this process is that already: its ids, real, effective and saved. */
bool identity_is_ours(const struct identity *identity);

/*
 * Which privileges it takes to become another user, and which uid 0 needs to write against modes and owners.
 * Returns the first capability that this process lacks, "CAP_SETUID", or NULL; the second function only for
 * uid 0.
 */
const char *identity_lacks_switch(void);
const char *identity_lacks_override(void);

#endif
