/* SPDX-License-Identifier: MIT */
/*
 * wait.h - --wait: one's turn for room in a budget
 */
#ifndef RATION_CLI_COMMANDS_WAIT_H
#define RATION_CLI_COMMANDS_WAIT_H

#include "cli/options/options.h"

extern const struct option_set options_room;

/*
 * Waits its turn for what `plan` asks for, if --wait was given, and says on a terminal what for. `ret_admission` is NULL
 * without --wait. A signal ends this process, and nothing is left of its place.
 */
int wait_for_room(const struct options *options, const struct ration_host *host, const struct ration_plan *plan,
		const char *tenant, struct ration_admission **ret_admission, struct ration_error *reterr);

/* The same for a group by its address. A tenant waits for nothing. */
int wait_for_group(const struct options *options, const struct ration_host *host, const struct ration_plan *plan,
		const char *address, struct ration_admission **ret_admission, struct ration_error *reterr);

#endif
