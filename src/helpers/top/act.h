/* SPDX-License-Identifier: MIT */
/*
 * act.h - what can be done to a group from the live view
 */
#ifndef RATION_HELPERS_TOP_ACT_H
#define RATION_HELPERS_TOP_ACT_H

#include <stddef.h>

#include "ration.h"

enum act {
	ACT_FREEZE,
	ACT_THAW,
	ACT_KILL,
};

/* "freeze", "thaw", "kill". */
const char *act_name(enum act act);

/* Does it, and says in one line what has come of it. Takes two seconds at most. */
void act_do(const struct ration_host *host, enum act act, const char *address, char *ret_said, size_t size);

#endif
