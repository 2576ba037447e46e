/* SPDX-License-Identifier: MIT */
/*
 * error.c - filling in a struct ration_error
 */
#include "util/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/compat.h"
#include "util/text.h"

int error_set(struct ration_error *reterr, int code, enum ration_cause cause, const char *format, ...)
{
	va_list args;

	if (!reterr)
		return code;
	reterr->code = code;
	reterr->cause = cause;
	reterr->hint[0] = '\0';
	va_start(args, format);
	(void)vsnprintf(reterr->message, sizeof(reterr->message), format, args);
	va_end(args);
	(void)text_clean(reterr->message);
	return code;
}

int error_hint(struct ration_error *reterr, int code, const char *format, ...)
{
	va_list args;

	if (!reterr)
		return code;
	va_start(args, format);
	(void)vsnprintf(reterr->hint, sizeof(reterr->hint), format, args);
	va_end(args);
	(void)text_clean(reterr->hint);
	return code;
}

const char *error_text(int code)
{
	/* strerror() may share a buffer between threads; this table doesn't. */
	const char *text = strerrordesc_np(-code);

	return text ? text : "unknown error";
}

int error_check_enum(const char *name, int value, int max, struct ration_error *reterr)
{
	if (value >= 0 && value <= max)
		return 0;
	return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s is %d: range 0 to %d", name, value, max);
}

int error_check_null(const char *name, const void *pointer, struct ration_error *reterr)
{
	return pointer ? 0 : error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s is NULL", name);
}

int error_oom(struct ration_error *reterr)
{
	return error_set(reterr, -ENOMEM, RATION_CAUSE_NO_MEMORY, "out of memory");
}
