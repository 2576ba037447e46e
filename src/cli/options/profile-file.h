/* SPDX-License-Identifier: MIT */
/*
 * profile-file.h - find a profile and read it
 */
#ifndef RATION_CLI_OPTIONS_PROFILE_FILE_H
#define RATION_CLI_OPTIONS_PROFILE_FILE_H

#include "ration.h"

/* A profile is at most this long. */
#define PROFILE_MAX_BYTES 65536

/* Its path as messages show it: what tells two apart is at the end. */
#define PROFILE_SHOWN_MAX 200

/*
 * Reads the profile that is called `name`: with a slash, a file; else one in the directories of the user, the
 * machine and the package, in this order. Both results are the caller's.
 * Errors: -EINVAL (no name, not a regular file, too long, a NUL), -ENOENT, -EPERM (root only: another uid can write to
 * it, or to a directory or link on the way), -ENOMEM, those of open(2) and read(2).
 */
int profile_file_read(const char *name, char **ret_path, char **ret_text, struct ration_error *reterr);

#endif
