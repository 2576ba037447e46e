/* SPDX-License-Identifier: MIT */
/*
 * mech.c - what mechanisms answer and write
 */
#include "plan/mech/mech.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

int mech_write(struct group_writes *writes, enum ration_limit limit, const char *file, const char *format, ...)
{
	struct group_write *write = &writes->write[writes->n];
	va_list args;
	int n;

	if (writes->n == ARRAY_SIZE(writes->write))
		return -E2BIG;
	*write = (struct group_write) { .limit = limit };
	if ((size_t)snprintf(write->file, sizeof(write->file), "%s", file) >= sizeof(write->file))
		return -E2BIG;
	va_start(args, format);
	n = vsnprintf(write->value, sizeof(write->value), format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(write->value))
		return -E2BIG;
	writes->n++;
	return 0;
}

int mech_write_keyed(struct group_writes *writes, enum ration_limit limit, const char *file, const char *key,
		const char *field, uint64_t value)
{
	struct group_write *write = &writes->write[writes->n];
	int r;

	if (strlen(key) >= sizeof(write->key) || strlen(field) >= sizeof(write->field))
		return -E2BIG;
	r = value == RATION_UNLIMITED ? mech_write(writes, limit, file, "%s %s=max", key, field) :
		mech_write(writes, limit, file, "%s %s=%" PRIu64, key, field, value);
	if (r < 0)
		return r;
	(void)strcpy(write->key, key);
	(void)strcpy(write->field, field);
	return 0;
}

void mech_no(struct mech_answer *answer, const char *fix, const char *format, ...)
{
	va_list args;

	answer->enforces = false;
	va_start(args, format);
	(void)vsnprintf(answer->reason, sizeof(answer->reason), format, args);
	va_end(args);
	(void)snprintf(answer->fix, sizeof(answer->fix), "%s", fix);
}

void mech_yes(struct mech_answer *answer, enum ration_scope scope, const char *note)
{
	answer->enforces = true;
	answer->scope = scope;
	(void)snprintf(answer->reason, sizeof(answer->reason), "%s", note);
}
