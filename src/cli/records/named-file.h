/* SPDX-License-Identifier: MIT */
/*
 * named-file.h - a file and the directory in which it has its name
 *
 * Others may write to that directory: what was opened there and what has the name later can be two
 * files.
 */
#ifndef RATION_CLI_RECORDS_NAMED_FILE_H
#define RATION_CLI_RECORDS_NAMED_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "ration.h"

/*
 * Opens the directory of `path`, and copies the name below it, which the caller frees, also after a failure.
 * -EISDIR: there is none. -ENOENT: the path is empty. -ENOMEM, and those of open(2).
 */
int named_file_split(const char *path, int *ret_dir_fd, char **ret_name);

/* Says what is wrong with the file of an option: "--receipt /r: isn't read by anybody". Returns the code. */
int named_file_refuse(const char *flag, const char *path, int code, const char *why, struct ration_error *reterr);

/* The same of a call that has failed: "… can't be written: No space left on device". */
int named_file_refuse_write(const char *flag, const char *path, int code, struct ration_error *reterr);

/* Whether what has the name is what was opened. */
bool named_file_is_there(int dir_fd, const char *name, int fd);

/* Whether the file, or directory, is our own or root's. */
bool named_file_is_ours(const struct stat *st);

#endif
