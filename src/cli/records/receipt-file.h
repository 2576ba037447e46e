/* SPDX-License-Identifier: MIT */
/*
 * receipt-file.h - where a receipt, or a recording, is written to
 */
#ifndef RATION_CLI_RECORDS_RECEIPT_FILE_H
#define RATION_CLI_RECORDS_RECEIPT_FILE_H

#include <stdbool.h>

#include "ration.h"

struct receipt_file {
	const char *flag;   /* the option that names it: --receipt */
	const char *target; /* as it was written, for messages */
	int fd;             /* or -EBADF: no receipt is wanted */
	int dir_fd;         /* of the directory where it has its name, or -EBADF: it is an fd */
	int fds_fd;         /* while it has no name: /proc/self/fd, as it was before the command could mount anything there */
	bool in_place;      /* a file that is there is overwritten */
	bool unnamed;       /* `temporary` is only what it will be called */
	char *name;         /* its last name, below dir_fd, or NULL */
	char *temporary;    /* what it is called until it is complete */
};

#define RECEIPT_FILE_NONE { .flag = "--receipt", .fd = -EBADF, .dir_fd = -EBADF, .fds_fd = -EBADF }

/*
 * Opens what `FLAG TARGET` means, so that what can't be written is known
 * before anything is started. A file appears under its name when it is
 * complete, not before; devices, pipes and links are written to directly.
 * Waits five seconds for the reader of a fifo.
 * Errors: -EINVAL (-, a bad fd), -EPERM (somebody else's link, device or fifo), -ENXIO (a fifo
 * without a reader), and those of open(2).
 */
int receipt_file_open(struct receipt_file *file, const char *target, struct ration_error *reterr);

/*
 * Removes what an earlier run has left under the name, right before the command starts: what
 * is there from now on is this run's, or nothing. Errors: those of unlink(2) and ftruncate(2).
 */
int receipt_file_begin(struct receipt_file *file, struct ration_error *reterr);

/* Gives it its name now, for what is written as it comes. Errors: -ESTALE (somebody else has put another there). */
int receipt_file_name(struct receipt_file *file, struct ration_error *reterr);

/* Writes the whole text, and gives the file its name. Errors: those of write(2) and rename(2). */
int receipt_file_write(struct receipt_file *file, const char *text, struct ration_error *reterr);

/* Closes it; one that wasn't written leaves nothing behind. */
void receipt_file_done(struct receipt_file *file);

#endif
