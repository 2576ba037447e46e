/* SPDX-License-Identifier: MIT */
/*
 * array.c - an array that grows
 */
#include "util/array.h"

#include <stdlib.h>

#include "util/compat.h"

#define FIRST 16

void *array_grow(void *array, size_t n, size_t *room, size_t size)
{
	size_t more = *room > 0 ? 2 * *room : FIRST;
	void *grown;

	if (n < *room)
		return array;
	grown = reallocarray(array, more, size);
	if (grown)
		*room = more;
	return grown;
}
