/* SPDX-License-Identifier: MIT */
/*
 * program.h - sub-commands that are programs of their own, in packages of their own
 */
#ifndef RATION_CLI_COMMANDS_PROGRAM_H
#define RATION_CLI_COMMANDS_PROGRAM_H

#include <stddef.h>

#include "ration.h"

struct options;

/* The words for such a program. All zero but `words`: none. */
struct program {
	char **words; /* room for all, and NULL */
	size_t n;
	bool failed;
};

/* Adds "--flag", or "--flag=VALUE"; nothing if `flag` is NULL. */
void program_add(struct program *program, const char *flag, const char *value);

/*
 * Becomes the program `name`, which stands where the helper programs are, with what says where the groups are,
 * and the words. Returns on failure only, and frees the words: -ENOENT (it isn't installed; `package` has it),
 * -ENOMEM, those of execve(2).
 */
int program_become(struct program *program, const struct options *options, const char *name, const char *package,
		struct ration_error *reterr);

#endif
