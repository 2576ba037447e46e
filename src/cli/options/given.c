/* SPDX-License-Identifier: MIT */
/*
 * given.c - the name that the user gave for an option: a flag or a variable
 *
 * The library's messages name options. A user who has set a variable of the environment, perhaps long ago,
 * hasn't typed that option.
 */
#include "cli/options/given.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/options.h"
#include "util/cleanup.h"

static struct {
	const char *flag, *variable;
	bool given; /* by the variable */
} variables[] = {
	{ "--base", "RATION_BASE", false },
	{ "--namespace", "RATION_NAMESPACE", false },
	{ "--journal", "RATION_JOURNAL", false },
};

void given_note(const struct options *options)
{
	const char *const values[] = { options->base, options->nspace, options->journal };

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		variables[i].given = values[i] && values[i] == getenv(variables[i].variable);
}

/* Puts `variable` and `joint` in the place of the flag and of the space behind it. */
static void replace(char *buf, size_t size, char *at, const char *flag, const char *variable, char joint)
{
	CLEANUP(freep) char *rest = strdup(at + strlen(flag) + 1);

	if (rest)
		(void)snprintf(at, size - (size_t)(at - buf), "%s%c%s", variable, joint, rest);
}

void given_reword(struct ration_error *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *flag = variables[i].flag, *variable = variables[i].variable;
		size_t length = strlen(flag);
		char *hint = strstr(error->hint, flag);

		if (!variables[i].given || strncmp(error->message, flag, length) != 0 || error->message[length] != ' ')
			continue;
		replace(error->message, sizeof(error->message), error->message, flag, variable, ' ');
		if (hint && hint[length] == ' ')
			replace(error->hint, sizeof(error->hint), hint, flag, variable, '=');
	}
}

const char *given_name(const char *flag)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		if (variables[i].given && strcmp(variables[i].flag, flag) == 0)
			return variables[i].variable;
	}
	return flag;
}

void given_as(struct ration_error *error, const char *flag)
{
	char rest[sizeof(error->message)];

	(void)snprintf(rest, sizeof(rest), "%s", error->message + strcspn(error->message, " "));
	(void)snprintf(error->message, sizeof(error->message), "%s%.*s", flag, (int)(sizeof(rest) - strlen(flag) - 1),
			rest);
}
