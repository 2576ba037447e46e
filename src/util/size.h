/* SPDX-License-Identifier: MIT */
/*
 * size.h - structs of the public interface that begin with their size
 *
 * A program and the library can have different versions, and the newer struct is longer. The
 * rule is that of clone3(2) and openat2(2): fields that a shorter struct lacks are zero, and a
 * longer one is accepted if all unknown fields are zero. Results are filled in as far as both
 * sides know them.
 */
#ifndef RATION_UTIL_SIZE_H
#define RATION_UTIL_SIZE_H

#include "ration.h"

/*
 * Copies what a caller has filled in, `from`, to a struct of `size` bytes; what `from` is too
 * short for becomes zero. `from` may be NULL: all is zero. `name` is the struct's.
 * Errors: -EINVAL (no size), -E2BIG (a longer struct with something in it that isn't known here).
 */
int size_take(void *to, size_t size, const void *from, const char *name, struct ration_error *reterr);

/*
 * Copies a result of `size` bytes to a caller's struct, whose own size stays and is never
 * exceeded. What a longer struct has behind it becomes zero. `to` may be NULL.
 * Errors: -EINVAL (no size).
 */
int size_give(void *to, const void *from, size_t size, const char *name, struct ration_error *reterr);

/* Checks a struct for a result, before there is one. `to` may be NULL. Errors: -EINVAL. */
int size_check(const void *to, const char *name, struct ration_error *reterr);

/* The same for a type, "struct ration_run_options": of two types there would be a warning. */
#define TAKE_OPTIONS(type, to, from, reterr) \
	size_take(1 ? (to) : (type *)NULL, sizeof(type), 1 ? (from) : (const type *)NULL, #type, (reterr))
#define GIVE_RESULT(type, to, from, reterr) \
	size_give(1 ? (to) : (type *)NULL, 1 ? (from) : (const type *)NULL, sizeof(type), #type, (reterr))
#define CHECK_RESULT(type, to, reterr) size_check(1 ? (to) : (const type *)NULL, #type, (reterr))

#endif
