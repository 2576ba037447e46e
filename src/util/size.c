/* SPDX-License-Identifier: MIT */
/*
 * size.c - structs of the public interface that begin with their size
 */
#include "util/size.h"

#include <errno.h>
#include <string.h>

#include "util/error.h"

/* What a struct says of itself; 0 where that isn't even room for saying it. */
static size_t size_of(const void *at)
{
	size_t size;

	(void)memcpy(&size, at, sizeof(size));
	return size < sizeof(size) ? 0 : size;
}

static int no_size(const char *name, struct ration_error *reterr)
{
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s: its size isn't set", name);
	return error_hint(reterr, -EINVAL, "set the field `size` to sizeof(%s)", name);
}

static bool all_zero(const unsigned char *at, size_t n)
{
	size_t i = 0;

	while (i < n && at[i] == 0)
		i++;
	return i == n;
}

int size_take(void *to, size_t size, const void *from, const char *name, struct ration_error *reterr)
{
	size_t given = from ? size_of(from) : size;

	if (given == 0)
		return no_size(name, reterr);
	if (given > size && !all_zero((const unsigned char *)from + size, given - size)) {
		(void)error_set(reterr, -E2BIG, RATION_CAUSE_INVALID,
				"%s has %zu bytes, and something is set after the %zu that libration %s knows", name,
				given, size, ration_version());
		return error_hint(reterr, -E2BIG, "the program takes a newer libration");
	}
	(void)memset(to, 0, size);
	if (from)
		(void)memcpy(to, from, given < size ? given : size);
	(void)memcpy(to, &size, sizeof(size));
	return 0;
}

int size_check(const void *to, const char *name, struct ration_error *reterr)
{
	return to && size_of(to) == 0 ? no_size(name, reterr) : 0;
}

int size_give(void *to, const void *from, size_t size, const char *name, struct ration_error *reterr)
{
	size_t room = to ? size_of(to) : 0;
	int r = size_check(to, name, reterr);

	if (r < 0 || !to)
		return r;
	(void)memcpy(to, from, room < size ? room : size);
	if (room > size)
		(void)memset((unsigned char *)to + size, 0, room - size);
	(void)memcpy(to, &room, sizeof(room));
	return 0;
}
