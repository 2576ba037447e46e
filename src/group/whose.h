/* SPDX-License-Identifier: MIT */
/*
 * whose.h - whose a directory is, and whether anything may be put below it
 *
 * A uid that can write to a directory of the cgroup tree can take controllers away from groups
 * below, move their processes out, and end or freeze them. So the caller believes nothing that
 * another uid can write, and puts nothing below it. The checks are made on an open directory,
 * because its name may belong to another by now.
 */
#ifndef RATION_GROUP_WHOSE_H
#define RATION_GROUP_WHOSE_H

#include <stdbool.h>
#include <sys/types.h>

#include "ration.h"

enum whose {
	WHOSE_OWN,       /* the caller's uid owns it, and no other uid but root's can write to it */
	WHOSE_DELEGATED, /* another uid owns it, but its limits are files of the caller's */
	WHOSE_OTHER,     /* another uid's, or nobody knows */
};

/* Tells whose a directory is; `ret_uid`, may be NULL, is who owns it. */
enum whose whose_is(int fd, uid_t *ret_uid);

struct stat;

/* The same of a directory whose fstat(2) is `st`. */
enum whose whose_of(int fd, const struct stat *st);

/* Tells whether a file of a directory is the caller's: a limit counts by its file's owner. */
bool whose_file_is_own(int dir_fd, const char *file);

/* No uid: see whose_check(). */
#define WHOSE_NOBODY ((uid_t)-1)

/*
 * -EPERM, with a way out, if a uid other than the caller's, root's and `allowed` can write to a directory.
 * `where` is its path.
 */
int whose_check(int fd, const char *where, uid_t allowed, struct ration_error *reterr);

#endif
