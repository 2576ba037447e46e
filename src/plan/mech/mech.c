/* SPDX-License-Identifier: MIT */
/*
 * mech.c - the table of mechanisms
 */
#include "plan/mech/mech.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

static const struct mech_ops *const table[] = {
	[RATION_MECHANISM_CGROUP2] = &mech_cgroup2,
	[RATION_MECHANISM_CGROUP1] = &mech_cgroup1,
	[RATION_MECHANISM_RLIMIT] = &mech_rlimit,
	[RATION_MECHANISM_AFFINITY] = &mech_affinity,
	[RATION_MECHANISM_NICE] = &mech_nice,
	[RATION_MECHANISM_WATCH] = &mech_watch,
};

const struct mech_ops *mech_ops(enum ration_mechanism mechanism)
{
	return (size_t)mechanism < ARRAY_SIZE(table) ? table[mechanism] : NULL;
}

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

	answer->holds = false;
	va_start(args, format);
	(void)vsnprintf(answer->reason, sizeof(answer->reason), format, args);
	va_end(args);
	(void)snprintf(answer->fix, sizeof(answer->fix), "%s", fix);
}

void mech_yes(struct mech_answer *answer, enum ration_scope scope, const char *note)
{
	answer->holds = true;
	answer->scope = scope;
	(void)snprintf(answer->reason, sizeof(answer->reason), "%s", note);
}
