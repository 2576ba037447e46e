/* SPDX-License-Identifier: MIT */
/*
 * overflow.h - size arithmetic that says when it doesn't fit
 *
 * Both return 0, or -ERANGE with `ret` left as it was.
 */
#ifndef RATION_UTIL_OVERFLOW_H
#define RATION_UTIL_OVERFLOW_H

#include <errno.h>
#include <stdint.h>

static inline int add_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
	uint64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return -ERANGE;
	*ret = sum;
	return 0;
}

static inline int multiply_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
	uint64_t product;

	if (__builtin_mul_overflow(a, b, &product))
		return -ERANGE;
	*ret = product;
	return 0;
}

#endif
