/* SPDX-License-Identifier: MIT */
/*
 * bare.h - one run by system calls alone: the floor that ration is compared with
 *
 * What any program has to do that promises the same: a group of its own, born inside, nothing that
 * outlives the run or its supervisor, limits, notes that other programs can trust, and the counters for
 * a receipt. No option, no plan, no check of what is known here. bare.c says of each call what it is for.
 */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stdbool.h>
#include <sys/types.h>

#define BARE_V1_MAX 3

/* Where the groups are made: BASE/nspace/tenant, as ration's are. Set up once for many runs. */
struct bare {
	int base_fd, proc_fd;
	const char *nspace, *tenant;
	bool limited;        /* memory, swap, tasks, CPUs and time */
	bool controllers;    /* cgroup2 enforces them; else cgroup v1, in the directories below */
	int v1_fd[BARE_V1_MAX], n_v1;
	int helper_fd;       /* the socket of the helper that ends all if we die */
	pid_t helper;
	char owner[128];     /* the note that says whose a group is */
	unsigned runs;
};

/* Ends the program with the name of what has failed, unless `ok`. */
void bare_must(bool ok, const char *what);

/*
 * Opens BASE, creates the nodes, forks the helper. With `limited` the directories of cgroup v1 as well where
 * cgroup2 lacks the controllers; false: nothing enforces limits here.
 */
bool bare_open(struct bare *bare, const char *base, const char *tenant, bool limited);

/* Ends the helper and removes the nodes. */
void bare_close(struct bare *bare);

/* Runs a command, whose path is argv[0], and waits for the end of all of it. Returns its wait status. */
int bare_run(struct bare *bare, char **argv);

/* The same in two steps. With `kill` it doesn't wait for the command, but kills all of it. */
struct bare_run *bare_start(struct bare *bare, char **argv);
int bare_finish(struct bare *bare, struct bare_run *run, bool kill);

/* Opens `name` below `at`, reads it once, closes it. One that isn't there is no error. */
void bare_read(int at, const char *name);

/* The same to write; it has to be there. */
void bare_write(int at, const char *name, const char *value);

#endif
