/* SPDX-License-Identifier: MIT */
/*
 * patience.h - tells a terminal what a command waits for
 */
#ifndef RATION_CLI_PATIENCE_H
#define RATION_CLI_PATIENCE_H

struct command;

/*
 * After two seconds, if standard error is a terminal, prints what `command` waits for
 * (command.waits, of `operands`). One at a time: what was waited for before isn't any more. Where
 * there can be no thread, nothing is said.
 */
void patience_begin(const struct command *command, char *const *operands);

/* And for something else than all of the command does. */
void patience_begin_for(const struct command *command, const char *what);

/* It waits no longer. May be called without a beginning, and again. */
void patience_end(void);

#endif
