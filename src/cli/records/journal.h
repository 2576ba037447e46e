/* SPDX-License-Identifier: MIT */
/*
 * journal.h - the file to which each run adds one line
 */
#ifndef RATION_CLI_RECORDS_JOURNAL_H
#define RATION_CLI_RECORDS_JOURNAL_H

#include "ration.h"

struct journal {
	const char *target; /* as it was written, for messages; NULL: none is wanted */
	int dir_fd;         /* of the directory where it has its name */
	char *name;         /* below dir_fd */
	int fd;
};

#define JOURNAL_NONE { .dir_fd = -EBADF, .fd = -EBADF }

/*
 * Opens what `--journal TARGET` means, and makes it, so that what can't be written is known before
 * anything is started.
 * Errors: -EINVAL (it is no regular file), -EPERM (another user's, or one that has other names), and those
 * of open(2).
 */
int journal_open(struct journal *journal, const char *target, struct ration_error *reterr);

/*
 * Adds a line, with its end: whole, whoever else does so at the same time. To the file that has the name now:
 * it may have been rotated. Errors: as journal_open(), and those of write(2).
 */
int journal_add(struct journal *journal, const char *line, struct ration_error *reterr);

void journal_done(struct journal *journal);

#endif
