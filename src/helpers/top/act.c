/* SPDX-License-Identifier: MIT */
/*
 * act.c - what can be done to a group from the live view
 */
#include "helpers/top/act.h"

#include <stdio.h>

#include "group/handle.h"
#include "util/cleanup.h"

/* Nothing else is shown meanwhile. */
#define WITHIN_USEC 2000000

static const char *const names[] = { [ACT_FREEZE] = "freeze", [ACT_THAW] = "thaw", [ACT_KILL] = "kill" };
static const char *const done[] = { [ACT_FREEZE] = "frozen", [ACT_THAW] = "thawed", [ACT_KILL] = "killed" };

const char *act_name(enum act act)
{
	return names[act];
}

static int carry_out(struct ration_group *group, enum act act, struct ration_error *reterr)
{
	switch (act) {
	case ACT_FREEZE:
		return ration_group_freeze(group, WITHIN_USEC, reterr);
	case ACT_THAW:
		return ration_group_thaw(group, WITHIN_USEC, reterr);
	case ACT_KILL:
		return ration_group_kill(group, WITHIN_USEC, NULL, reterr);
	}
	return 0;
}

void act_do(const struct ration_host *host, enum act act, const char *address, char *ret_said, size_t size)
{
	CLEANUP(handle_freep) struct ration_group *group = NULL;
	struct ration_error error;
	int r = ration_group_open(host, address, &group, &error);

	if (r >= 0)
		r = carry_out(group, act, &error);
	if (r < 0)
		(void)snprintf(ret_said, size, "%s", error.message);
	else
		(void)snprintf(ret_said, size, "%s: %s", address, done[act]);
}
