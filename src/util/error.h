/* SPDX-License-Identifier: MIT */
/*
 * error.h - filling in a struct ration_error
 *
 * Every function that can fail in front of a user ends in
 *
 *     return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "…", …);
 *
 * which returns the code, whether or not the caller wanted to know more.
 */
#ifndef RATION_UTIL_ERROR_H
#define RATION_UTIL_ERROR_H

#include "ration.h"

/*
 * Fills in `reterr` (may be NULL) with a sentence, and empties the hint, but for that of short fds.
 * Returns `code`, a negative errno. The errno's own text isn't added: say it
 * with %s and error_text() where it tells something.
 */
int error_set(struct ration_error *reterr, int code, enum ration_cause cause, const char *format, ...)
		__attribute__((format(printf, 4, 5)));

/* Says what to do about the error that error_set() has filled in; where fds are short it has done so. Returns its code. */
int error_hint(struct ration_error *reterr, int code, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

/* The kernel's words for a negative errno ("Permission denied"). Thread-safe, never NULL. */
const char *error_text(int code);

/* Refuses what isn't one of a caller's enum, whose values are 0 to `max`; `name`: the field or parameter. 0 or -EINVAL. */
int error_check_enum(const char *name, int value, int max, struct ration_error *reterr);

/* Refuses NULL where a caller must pass something. 0 or -EINVAL. */
int error_check_null(const char *name, const void *pointer, struct ration_error *reterr);

/* Shorthand for the one error that needs no explanation. Returns -ENOMEM. */
int error_oom(struct ration_error *reterr);

#endif
