/* SPDX-License-Identifier: MIT */
/*
 * options.h - what an option is, and the values of all
 *
 * An option is a row: its name, its argument, its help, and the function that
 * takes its value. Rows that belong together form a set with a title; a command
 * lists the sets that it takes. The flags of limits aren't written down here:
 * their rows are made from ration_limit_info().
 */
#ifndef RATION_CLI_OPTIONS_OPTIONS_H
#define RATION_CLI_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ration.h"

struct command;
struct option;
struct patterns;

/* An option that was given, with the word of argv that is its value. */
struct option_given {
	const char *flag, *value;
};

/* Some words of a command line, and for which command they were read: NULL, before its name. */
struct option_part {
	const struct command *command;
	char **words;
};

/* Before the command's name, behind it, and behind an operand. */
#define OPTION_PARTS_MAX 3

/* A file of the command; without a path it is ration's own. */
struct option_file {
	const char *path;
	bool append;
	bool merged; /* it is what stdout is */
};

/* The parsed command line. */
struct options {
	/* every command */
	const struct command *command;
	struct option_given *given; /* those that may be given once; room for each argument */
	size_t n_given;
	struct option_part part[OPTION_PARTS_MAX]; /* what has been read, in this order */
	size_t n_parts;
	int n_words;            /* argc, or more */
	const char *profile;    /* --profile as given, or NULL */
	char *profile_file;     /* the path that it was found at, or NULL; owned */
	char *profile_text;     /* what other members point to; owned */
	const char *base, *nspace, *parent; /* NULL: not given */
	const char *helpers;       /* "none": use no helper program */
	bool no_create;
	bool help, version, json;
	/* what is to be enforced */
	struct ration_limits *limits;
	int policy;             /* enum ration_policy, of all limits that have none of their own */
	const char *enforce;    /* --enforce as given, or NULL */
	int accel;              /* enum ration_accel */
	struct ration_vm vm;
	/* tenants and groups by hand */
	bool exist_ok, has_owner, force, release, ignore_missing, dry_run, all, effective;
	const char *budget, *namespace_budget; /* NULL: not given */
	uint64_t wait_usec;     /* for room in a budget; 0: not at all, RATION_UNLIMITED: for ever */
	bool waiting;
	uint32_t uid, gid;      /* USER_SAME: as it is */
	uint64_t deadline_usec; /* 0: the default */
	bool yes;
	struct patterns *patterns; /* what operands that are patterns match, or NULL; owned: patterns_done() */
	/* groups that live */
	uint64_t timeout_usec, interval_usec; /* 0: the default; RATION_UNLIMITED: for ever */
	bool watch;
	/* run */
	const char *tenant, *name, *receipt, *journal;
	const char *group;      /* tenant and name in one */
	int signal;             /* 0: the default */
	uint64_t kill_after_usec;
	int output_mode;        /* enum ration_output_mode */
	int no_oom_group;       /* a bool */
	bool preserve_status, wait_all, verbose, quiet, clear_env, exec;
	const char *user;       /* as whom the command runs; NULL: as we do */
	int new_privileges;     /* a bool: no_new_privs isn't set for it */
	const char *cwd;        /* NULL: ours */
	bool set_umask;
	unsigned umask;
	struct option_file file[3];
	bool foreground;
	int *pass_fds;          /* room for each argument */
	size_t n_pass_fds;
	char **env;             /* "NAME=VALUE", as many as n_env; room for each argument */
	size_t n_env;
	/* guard */
	unsigned guard_share_pct; /* 0: not given */
	uint64_t guard_duration_usec;
	char **avoid;           /* names of groups up to NULL; room for each argument */
	size_t n_avoid;
	bool once;
	/* metrics */
	bool openmetrics;
	const char *textfile, *listen;
	/* top */
	bool ascii;
	int sort;               /* what --sort was given, from 1 on; 0: nothing */
	const char *filter;     /* NULL: all */
	uint64_t width;         /* in columns; 0: the terminal's */
	/* receipt */
	bool kv, csv, summary, merge;
	/* record, and run --record */
	bool progress;
	const char *record;     /* the file, or NULL */
	uint64_t record_interval_usec, record_for_usec; /* 0: the default; for ever */
	int dump;               /* enum recording_dump */
	/* wrap */
	int os;                 /* enum ration_os */
	bool no_cpu_time;
};

/* One of the words that an option takes, and what it stores. */
struct option_word {
	const char *word; /* NULL ends the list */
	int value;
};

typedef int option_setter(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr);

struct option {
	const char *flag;       /* "--signal" */
	const char *letter;     /* "-v", or NULL */
	const char *argument;   /* "SIG", or one of `words` as well; NULL: it takes none, or one of `words` */
	bool optional;          /* its argument can be left out, and is never the next word: --wait[=DURATION] */
	bool repeats;           /* it may be given several times, each with a value of its own */
	const char *help;       /* one line, no final full stop */
	const char *details;    /* lines of help below, separated by '\n', or NULL */
	option_setter *set;
	size_t offset;          /* the field of struct options that `set` writes */
	const struct option_word *words;      /* for option_set_word() */
	const struct ration_limit_info *info; /* the row is that of a limit */
};

struct option_set {
	const char *title;
	const struct option *rows; /* up to one without a flag */
};

/*
 * Makes `options` ready, with what the environment says. `n_words` is argc.
 * Errors: -ENOMEM.
 */
int options_init(struct options *options, int n_words, struct ration_error *reterr);
void options_done(struct options *options);

/* Returns what an option was given, or NULL. */
const struct option_given *options_given(const struct options *options, const char *flag);

/* Writes "SIG", "strict|fallback|any", "FILE|null" or "" for a row. Returns buf. */
const char *option_argument(char *buf, size_t size, const struct option *row);

/* Returns the word that stores `value`, or NULL. */
const char *option_word_of(const struct option_word *words, int value);

#endif
