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

/* What stood in the way was none of what the caller was about, whatever that was. NULL: it may have been. */
static const char *way_out(int code)
{
	if (code == -EMFILE)
		return "this process has no fd to spare: raise its limit, e.g. ulimit -n 1024";
	return code == -ENFILE ? "the machine has no open file to spare: see fs.file-max" : NULL;
}

int error_set(struct ration_error *reterr, int code, enum ration_cause cause, const char *format, ...)
{
	const char *hint = way_out(code);
	va_list args;

	if (!reterr)
		return code;
	reterr->code = code;
	reterr->cause = cause;
	(void)snprintf(reterr->hint, sizeof(reterr->hint), "%s", hint ? hint : "");
	va_start(args, format);
	(void)vsnprintf(reterr->message, sizeof(reterr->message), format, args);
	va_end(args);
	(void)text_clean(reterr->message);
	return code;
}

int error_hint(struct ration_error *reterr, int code, const char *format, ...)
{
	va_list args;

	if (!reterr || way_out(code))
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
