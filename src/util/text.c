/* SPDX-License-Identifier: MIT */
/*
 * text.c - showing text that may be hostile
 *
 * Messages contain refused values, and go to terminals, logs and JSON. Bytes above
 * ASCII are escaped, too: they can be invalid UTF-8, and some are control
 * characters where a terminal doesn't read UTF-8. What the caller has typed stays
 * as it was typed, if it can be seen.
 */
#include "util/text.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/buffer.h"
#include "util/cleanup.h"

static const char ellipsis[] = "...";

/* Writes one byte's escape into `buf`. Returns its length, at most 4. */
static size_t escape_byte(char buf[4], unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	static const char letters[][2] = { { '\n', 'n' }, { '\t', 't' }, { '\r', 'r' }, { '\\', '\\' } };

	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
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

/*
 * Reads the character beyond ASCII at `text`. Returns its length, or 0 if it isn't one in
 * UTF-8: a byte alone, a longer form than is needed, a surrogate, or above U+10FFFF.
 */
static size_t decode(const char *text, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *at = (const unsigned char *)text;
	size_t n = at[0] >= 0xf8 ? 0 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc0 ? 2 : 0;
	uint32_t value = n > 0 ? at[0] & (0x7fu >> n) : 0;

	for (size_t i = 1; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3fu);
	}
	if (n == 0 || value < least[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*ret = value;
	return n;
}

struct range {
	uint32_t first, last;
};

static bool is_among(const struct range *ranges, size_t n, uint32_t value)
{
	for (size_t i = 0; i < n; i++) {
		if (value >= ranges[i].first && value <= ranges[i].last)
			return true;
	}
	return false;
}

size_t text_printable(const char *text)
{
	/* Controls, spaces that aren't one, what turns the direction of writing, what can't be seen, private use. */
	static const struct range hidden[] = {
		{ 0x80, 0xa0 }, { 0xad, 0xad }, { 0x34f, 0x34f }, { 0x600, 0x605 }, { 0x61c, 0x61c },
		{ 0x6dd, 0x6dd }, { 0x70f, 0x70f }, { 0x890, 0x891 }, { 0x8e2, 0x8e2 }, { 0x115f, 0x1160 },
		{ 0x1680, 0x1680 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x2000, 0x200f },
		{ 0x2028, 0x202f }, { 0x205f, 0x206f }, { 0x2800, 0x2800 }, { 0x3000, 0x3000 },
		{ 0x3164, 0x3164 }, { 0xe000, 0xf8ff }, { 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0xfffe, 0xffff }, { 0x110bd, 0x110bd },
		{ 0x110cd, 0x110cd }, { 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
		{ 0xe0000, 0x10ffff },
	};
	uint32_t value = 0;
	size_t n = decode(text, &value);

	/* The last two of each plane are no characters. */
	if (n == 0 || (value & 0xfffe) == 0xfffe || is_among(hidden, ARRAY_SIZE(hidden), value))
		return 0;
	return n;
}

size_t text_dash(const char *text)
{
	static const struct range dashes[] = {
		{ 0x2010, 0x2015 }, { 0x2212, 0x2212 }, { 0xfe58, 0xfe58 }, { 0xfe63, 0xfe63 }, { 0xff0d, 0xff0d },
	};
	uint32_t value = 0;
	size_t n = decode(text, &value);

	return n > 0 && is_among(dashes, ARRAY_SIZE(dashes), value) ? n : 0;
}

static const char *show(char *buf, size_t size, const char *text, bool typed)
{
	size_t used = 0, cut = 0, taken;

	assert(size >= 8);
	for (; text && *text; text += taken) {
		char piece[4];
		size_t n = typed ? text_printable(text) : 0;

		taken = n > 0 ? n : 1;
		if (n > 0)
			memcpy(piece, text, n);
		else
			n = escape_byte(piece, (unsigned char)*text);
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

const char *text_escape(char *buf, size_t size, const char *text)
{
	return show(buf, size, text, false);
}

const char *text_show(char *buf, size_t size, const char *text)
{
	return show(buf, size, text, true);
}

bool text_ends(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

char *text_clean(char *text)
{
	for (char *at = text; *at;) {
		size_t n = *at >= ' ' && *at <= '~' ? 1 : text_printable(at);

		if (n == 0)
			*at = '?';
		at += n > 0 ? n : 1;
	}
	return text;
}

/* "\u009b", or beyond U+FFFF the two that stand for it. */
static void put_escaped(struct buffer *buffer, uint32_t value)
{
	if (value > 0xffff)
		buffer_printf(buffer, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((value - 0x10000) >> 10)),
				(unsigned)(0xdc00 + (value & 0x3ff)));
	else
		buffer_printf(buffer, "\\u%04x", (unsigned)value);
}

char *text_json(const char *json)
{
	CLEANUP(buffer_done) struct buffer buffer = { .text = NULL };
	const char *plain = json;

	while (*json) {
		uint32_t value = 0x7f;
		size_t n = (unsigned char)*json < 0x7f ? 1 : text_printable(json);

		if (n == 0) {
			(void)buffer_add(&buffer, plain, (size_t)(json - plain));
			n = *json == 0x7f ? 1 : decode(json, &value);
			if (n > 0)
				put_escaped(&buffer, value);
			plain = json + n;
			/* A byte that isn't UTF-8, which no JSON has, stays as it is. */
			n = n > 0 ? n : 1;
		}
		json += n;
	}
	(void)buffer_add(&buffer, plain, (size_t)(json - plain));
	return buffer_take(&buffer);
}
