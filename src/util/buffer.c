/* SPDX-License-Identifier: MIT */
/*
 * buffer.c - a text that grows, whole or not there
 */
#include "util/buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

#define SIZE_MIN 256

/* Makes room for `n` bytes more and a NUL. */
static int grow(struct buffer *buffer, size_t n)
{
	size_t size = buffer->size < SIZE_MIN ? SIZE_MIN : buffer->size;
	char *text;

	if (n >= SIZE_MAX / 4 - buffer->length)
		return -ENOMEM;
	while (size <= buffer->length + n)
		size *= 2;
	if (size == buffer->size)
		return 0;
	text = realloc(buffer->text, size);
	if (!text)
		return -ENOMEM;
	buffer->text = text;
	buffer->size = size;
	return 0;
}

int buffer_add(struct buffer *buffer, const char *bytes, size_t n)
{
	if (buffer->failed || grow(buffer, n) < 0) {
		buffer->failed = true;
		return -ENOMEM;
	}
	memcpy(buffer->text + buffer->length, bytes, n);
	buffer->length += n;
	buffer->text[buffer->length] = '\0';
	return 0;
}

void buffer_put(struct buffer *buffer, const char *text)
{
	(void)buffer_add(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	CLEANUP(freep) char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		text = NULL;
		buffer->failed = true;
		return;
	}
	(void)buffer_add(buffer, text, (size_t)n);
}

char *buffer_take(struct buffer *buffer)
{
	char *text;

	(void)buffer_add(buffer, "", 0);
	text = buffer->failed ? NULL : TAKE_PTR(buffer->text);
	buffer_done(buffer);
	return text;
}

void buffer_done(struct buffer *buffer)
{
	free(buffer->text);
	*buffer = (struct buffer) { .text = NULL };
}
