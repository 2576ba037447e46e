/* SPDX-License-Identifier: MIT */
/*
 * buffer.h - a text that grows, whole or not there
 *
 * What didn't fit for want of memory spoils the whole text, which is told once, at its end.
 * open_memstream() isn't used for this: its stream forgets a write that found no memory
 * (glibc 2.36 and musl 1.2.3), and the text goes on behind the gap.
 */
#ifndef RATION_UTIL_BUFFER_H
#define RATION_UTIL_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* All zero: nothing is in it. */
struct buffer {
	char *text; /* always ends in a NUL, if it is there */
	size_t length, size;
	bool failed;
};

/* Appends `n` bytes. Returns 0 or -ENOMEM, which buffer_take() repeats. */
int buffer_add(struct buffer *buffer, const char *bytes, size_t n);

void buffer_put(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Returns the text, which is the caller's to free, and leaves nothing; NULL: it isn't whole. */
char *buffer_take(struct buffer *buffer);

/* For CLEANUP(). */
void buffer_done(struct buffer *buffer);

#endif
