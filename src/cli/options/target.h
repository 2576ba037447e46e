/* SPDX-License-Identifier: MIT */
/*
 * target.h - the tenant or group that a command is about
 */
#ifndef RATION_CLI_OPTIONS_TARGET_H
#define RATION_CLI_OPTIONS_TARGET_H

#include "ration.h"

struct options;

struct target {
	struct ration_host *host;
	struct ration_group *group;
};

#define TARGET_NONE ((struct target) { .host = NULL })

/* Opens the host that the options mean, and on it what has this address. Errors as ration_group_open(). */
int target_open(struct target *target, const struct options *options, const char *address,
		struct ration_error *reterr);

/* Closes both; for CLEANUP(). */
void target_done(struct target *target);

#endif
