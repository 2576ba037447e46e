/* SPDX-License-Identifier: MIT */
/*
 * groups.h - what the commands about groups have in common
 */
#ifndef RATION_CLI_COMMANDS_GROUPS_H
#define RATION_CLI_COMMANDS_GROUPS_H

#include "cli/options/options.h"

/* --ignore-missing: for groups_each(). */
extern const struct option_set options_missing;

/* --timeout of what is waited for: `timeout_usec`. */
extern const struct option_set options_wait_end, options_wait_freeze;

/* What is to be done with one group; `address` is the operand that named it. */
typedef int group_function(struct options *options, struct ration_group *group, const char *address,
		void *data, struct ration_error *reterr);

/*
 * Opens each group of `addresses` (up to NULL) and calls `function` with it. Failures are printed on standard
 * error, and the other groups are done all the same. Returns 0, or EXIT_RATION if one failed; groups that
 * groups_may_miss() allows don't count.
 */
int groups_each(struct options *options, char **addresses, group_function *function, void *data);

/* Whether `error` says that it isn't there, or went meanwhile, and --ignore-missing or a pattern lets that be. */
bool groups_may_miss(const struct options *options, const char *address, const struct ration_error *error);

/*
 * Opens the group that a process is to be put into with the limits of `plan`.
 * Where there is no cgroup, and the policy lets the process's own limits do, it
 * says so on standard error and returns a handle that has none.
 * Errors as ration_group_open().
 */
int groups_open_for(const struct options *options, const struct ration_host *host, const char *address,
		const struct ration_plan *plan, struct ration_group **ret_group, struct ration_error *reterr);

/* "process" or "processes". */
const char *groups_processes(uint64_t n);

#endif
