/* SPDX-License-Identifier: MIT */
/*
 * whose.c - whose a directory is, and whether anything may be put below it
 */
#include "group/whose.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/notes.h"
#include "util/error.h"

bool whose_file_is_own(int dir_fd, const char *file)
{
	struct stat st;

	return fstatat(dir_fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && notes_own(&st);
}

/*
 * A delegated directory keeps its limits' files. A uid that makes a directory owns all of them, and can't
 * give any away. The first of these files is in cgroup2 (since 4.14), the other in v1.
 */
static bool limits_are_own(int fd)
{
	return whose_file_is_own(fd, "cgroup.max.descendants") || whose_file_is_own(fd, "notify_on_release");
}

enum whose whose_of(int fd, const struct stat *st)
{
	if (notes_own(st))
		return WHOSE_OWN;
	return st->st_uid != geteuid() && limits_are_own(fd) ? WHOSE_DELEGATED : WHOSE_OTHER;
}

enum whose whose_is(int fd, uid_t *ret_uid)
{
	struct stat st;

	/* Once more, since what is ours stays if it is taken for somebody else's. */
	if (fstat(fd, &st) < 0 && fstat(fd, &st) < 0)
		st.st_uid = (uid_t)-1;
	if (ret_uid)
		*ret_uid = st.st_uid;
	return st.st_uid == (uid_t)-1 ? WHOSE_OTHER : whose_of(fd, &st);
}

static int mode_error(const struct stat *st, const char *where, struct ration_error *reterr)
{
	(void)error_set(reterr, -EPERM, RATION_CAUSE_NOT_DELEGATED,
			"nothing is put below %.300s: other users can write to it (mode %04o)", where,
			(unsigned)st->st_mode & 07777);
	return error_hint(reterr, -EPERM, "chmod go-w %.300s", where);
}

int whose_check(int fd, const char *where, uid_t allowed, struct ration_error *reterr)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't look at %.300s: %s", where,
				error_text(-errno));
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return mode_error(&st, where, reterr);
	if (st.st_uid == 0 || st.st_uid == geteuid() || st.st_uid == allowed)
		return 0;
	(void)error_set(reterr, -EPERM, RATION_CAUSE_NOT_DELEGATED, "nothing is put below %.300s: uid %u can write to it",
			where, (unsigned)st.st_uid);
	return error_hint(reterr, -EPERM, "do it as that user, e.g. ration exec --user %u GROUP -- COMMAND",
			(unsigned)st.st_uid);
}
