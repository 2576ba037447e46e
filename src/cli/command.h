/* SPDX-License-Identifier: MIT */
/*
 * command.h - the sub-commands
 *
 * One sub-command, one file, one row: commands/cmd-NAME.c defines `cmd_NAME`,
 * commands/commands.c lists it. The row says everything that the parser, the help texts
 * and the completions need.
 */
#ifndef RATION_CLI_COMMAND_H
#define RATION_CLI_COMMAND_H

#include <stdbool.h>

#include "ration.h"

struct option_set;
struct options;

/* What `ration` itself exits with; everything else is the command's own. */
enum {
	EXIT_NO_ROOM = 122,     /* a budget is full now, and nothing was started: try again */
	EXIT_NO_RECEIPT = 123,  /* the command ran, and its receipt couldn't be written */
	EXIT_RATION = 125,      /* ration failed, and the command didn't run */
	EXIT_CANNOT_EXECUTE = 126,
	EXIT_NOT_FOUND = 127,
};

struct command {
	const char *name;
	const char *arguments;  /* what follows the name in the usage line */
	const char *help;       /* one line, no final full stop */
	const char *details;    /* paragraphs below the usage line, separated by '\n', or NULL */
	bool limits;            /* takes flags of the table of limits: */
	enum ration_purpose purpose; /* those that can be asked for then */
	const struct option_set *const *sets; /* its other options, up to NULL, or NULL */
	const char *const *common; /* flags that its help shows first, up to NULL, or NULL */
	const char *operand;    /* what its operands are called, or NULL: it takes none */
	unsigned min_operands, max_operands; /* how many; a maximum of 0: any number */
	const char *verb;       /* what it does to groups that match a pattern: "kill"; NULL: it takes no patterns */
	bool foreign;           /* its operands are somebody else's command: the first ends the options */
	const char *waits;      /* what it may wait for: "% to freeze", % its operand, @ its first one; or NULL */
	/* Does it. `operands` ends in NULL. Returns the exit status. */
	int (*function)(struct options *options, char **operands);
};

extern const struct command cmd_run;
extern const struct command cmd_plan;
extern const struct command cmd_doctor;
extern const struct command cmd_create;
extern const struct command cmd_set;
extern const struct command cmd_show;
extern const struct command cmd_rm;
extern const struct command cmd_ls;
extern const struct command cmd_attach;
extern const struct command cmd_exec;
extern const struct command cmd_stat;
extern const struct command cmd_freeze;
extern const struct command cmd_thaw;
extern const struct command cmd_kill;
extern const struct command cmd_stop;
extern const struct command cmd_reclaim;
extern const struct command cmd_receipt;
extern const struct command cmd_record;
extern const struct command cmd_plot;
extern const struct command cmd_gc;
extern const struct command cmd_guard;
extern const struct command cmd_metrics;
extern const struct command cmd_top;
extern const struct command cmd_vm;
extern const struct command cmd_wrap;
extern const struct command cmd_help;

extern const struct command *const commands[]; /* all of them, up to NULL */

/* The exit status for an error after which the command of somebody else didn't run. */
int command_failed(const struct ration_error *error);

/* Finds a command by its name. Errors: -EINVAL; the message names the nearest. */
int command_find(const char *name, const struct command **ret_command, struct ration_error *reterr);

#endif
