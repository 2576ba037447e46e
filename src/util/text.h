/* SPDX-License-Identifier: MIT */
/*
 * text.h - showing text that may be hostile
 */
#ifndef RATION_UTIL_TEXT_H
#define RATION_UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Room for a value as messages show it: about 60 characters, with the final NUL. */
#define TEXT_SHOWN_MAX 64

/* What is longer is no receipt: in a file of one, and as a line of a journal. */
#define TEXT_RECEIPT_MAX (16u << 20)

/*
 * Writes `text` (NULL: nothing) so that it fits `size` bytes (at least 8) and is harmless
 * on a terminal and in a log: everything but printable ASCII, and the backslash,
 * as \n, \t, \\ or \xNN, what is too long cut off with "...". Returns buf.
 */
const char *text_escape(char *buf, size_t size, const char *text);

/*
 * The same for what the caller itself has typed: printable characters of UTF-8 stay as they are.
 * What others have named goes through text_escape(): not every terminal reads UTF-8.
 */
const char *text_show(char *buf, size_t size, const char *text);

/* Tells whether a text ends within the `size` bytes of its array, which somebody else has filled. */
bool text_ends(const char *text, size_t size);

/* Returns the length of the printable character beyond ASCII that `text` begins with in UTF-8; else 0. */
size_t text_printable(const char *text);

/* Returns the length of the dash beyond ASCII that `text` begins with, e.g. an en dash; else 0. */
size_t text_dash(const char *text);

/*
 * Makes a sentence with paths and words of others in it harmless, in place: each control
 * character, and each byte that isn't UTF-8, becomes "?". Returns text.
 */
char *text_clean(char *text);

/*
 * Returns a copy of JSON text in which each character of a string that can't be seen, or that tells a terminal something,
 * is written as \uXXXX: to who reads it as JSON it is the same. `json` has its control characters below U+0020 escaped.
 * The caller frees it. NULL: there is no memory.
 */
char *text_json(const char *json);

#endif
