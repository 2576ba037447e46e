/* SPDX-License-Identifier: MIT */
/*
 * words.c - the words that a program beside the command is executed with
 */
#include "helpers/words.h"

#include <errno.h>
#include <string.h>

static int take_word(void *settings, const struct word *words, size_t n, const char *given)
{
	size_t length = strcspn(given, "=");

	for (size_t i = 0; i < n; i++) {
		if (strlen(words[i].name) != length || strncmp(words[i].name, given, length) != 0)
			continue;
		*(const char **)((char *)settings + words[i].offset) = given + length + (given[length] == '=');
		return 0;
	}
	return -EINVAL;
}

int words_take(void *settings, const struct word *words, size_t n, char **argv)
{
	for (argv += *argv != NULL; *argv; argv++) {
		if (take_word(settings, words, n, *argv) < 0)
			return -EINVAL;
	}
	return 0;
}
