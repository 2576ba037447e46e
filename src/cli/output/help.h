/* SPDX-License-Identifier: MIT */
/*
 * help.h - the help texts
 */
#ifndef RATION_CLI_OUTPUT_HELP_H
#define RATION_CLI_OUTPUT_HELP_H

#include <stdio.h>

struct command;

/* Prints on standard error how the command is called, and what is missing there: "COMMAND", with an example, or NULL. */
void help_missing(const struct command *command, const char *missing, const char *example);

/* Prints what `ration --help` says. */
void help_overview(FILE *file);

/* Prints what `ration COMMAND --help` says. */
void help_command(FILE *file, const struct command *command);

#endif
