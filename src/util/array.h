/* SPDX-License-Identifier: MIT */
/*
 * array.h - an array that grows
 */
#ifndef RATION_UTIL_ARRAY_H
#define RATION_UTIL_ARRAY_H

#include <stddef.h>

/*
 * Room for one more behind `n` elements of `size` bytes, of which `array` has room for `*room`: twice as much when it is
 * full. Returns the array, which may have moved; NULL if there is no memory, and `array` is as it was.
 */
void *array_grow(void *array, size_t n, size_t *room, size_t size);

#endif
