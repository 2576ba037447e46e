/* SPDX-License-Identifier: MIT */
/*
 * given.h - the name that the user gave for an option: a flag or a variable
 */
#ifndef RATION_CLI_OPTIONS_GIVEN_H
#define RATION_CLI_OPTIONS_GIVEN_H

#include "ration.h"

struct options;

/* Looks which options have their value from the environment. To be called when they are read. */
void given_note(const struct options *options);

/* Names the variable in a message about its option, and in the hint. */
void given_reword(struct ration_error *error);

/* Returns the name of the variable, or of the option. */
const char *given_name(const char *flag);

/* Has the message begin with `flag` in the place of its first word: the library doesn't know where a name was given. */
void given_as(struct ration_error *error, const char *flag);

#endif
