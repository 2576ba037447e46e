/* SPDX-License-Identifier: MIT */
/*
 * shortage-none.c - where there are no groups, none is full
 */
#include "group/shortage.h"

#include <errno.h>

#include "group/command.h"
#include "util/error.h"

int shortage_start_error(const struct place *place, const struct spawn *spawn, int code, struct ration_error *reterr)
{
	(void)place;
	return command_spawn_error(spawn, code, reterr);
}

int shortage_fork_error(const struct host_snapshot *host, const char *what, int code, struct ration_error *reterr)
{
	(void)host;
	(void)error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't %s: %s", what, error_text(code));
	return code == -EAGAIN ? error_hint(reterr, code, "the tasks of this user (ulimit -u) or of the machine are used up") :
		code;
}
