/* SPDX-License-Identifier: MIT */
/*
 * words.h - the words that a program beside the command is executed with
 *
 * The command has read and checked what was typed (cli/commands/program.h): here each option is one word, --name or --name=VALUE.
 */
#ifndef RATION_HELPERS_WORDS_H
#define RATION_HELPERS_WORDS_H

#include <stddef.h>

/* Where a word's value goes: a const char * of a struct. Of --name alone it is "". */
struct word {
	const char *name;
	size_t offset;
};

/* Takes all words behind the first; those that aren't given are left as they are. -EINVAL: there is another one. */
int words_take(void *settings, const struct word *words, size_t n, char **argv);

#endif
