/* SPDX-License-Identifier: MIT */
/*
 * text.c - showing text that may be hostile
 *
 * Messages contain refused values, and go to terminals, logs and JSON. Bytes above
 * ASCII are escaped, too: they can be invalid UTF-8, or letters that look like
 * digits, which the reader has to notice.
 */
#include "util/text.h"

#include <assert.h>
#include <string.h>

static const char ellipsis[] = "...";

/* Writes one byte's escape into `buf`. Returns its length, at most 4. */
static size_t escape_byte(char buf[4], unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	static const char letters[][2] = { { '\n', 'n' }, { '\t', 't' }, { '\r', 'r' }, { '\\', '\\' } };

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if ((char)byte == letters[i][0]) {
			buf[0] = '\\';
			buf[1] = letters[i][1];
			return 2;
		}
	}
	if (byte >= 0x20 && byte < 0x7f) {
		buf[0] = (char)byte;
		return 1;
	}
	buf[0] = '\\';
	buf[1] = 'x';
	buf[2] = hex[byte >> 4];
	buf[3] = hex[byte & 15];
	return 4;
}

const char *text_escape(char *buf, size_t size, const char *text)
{
	size_t used = 0, cut = 0;

	assert(size >= 8);
	for (; text && *text; text++) {
		char piece[4];
		size_t n = escape_byte(piece, (unsigned char)*text);

		if (used + n >= size) {
			memcpy(buf + cut, ellipsis, sizeof(ellipsis));
			return buf;
		}
		memcpy(buf + used, piece, n);
		used += n;
		/* The last end of a whole piece that leaves room for the dots. */
		if (used + sizeof(ellipsis) <= size)
			cut = used;
	}
	buf[used] = '\0';
	return buf;
}
