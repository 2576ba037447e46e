/* SPDX-License-Identifier: MIT */
/*
 * errno-names.h - "ENOENT"
 */
#ifndef RATION_UTIL_ERRNO_NAMES_H
#define RATION_UTIL_ERRNO_NAMES_H

/* NULL: a number that has no name. */
const char *errno_name(int error);

#endif
