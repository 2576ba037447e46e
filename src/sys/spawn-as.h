/* SPDX-License-Identifier: MIT */
/*
 * spawn-as.h - what takes place as another user before there is a command
 *
 * Processes of that user can stop such a child at any moment, and its files can hang. So no
 * parent waits for it without an end, nor in its memory.
 */
#ifndef RATION_SYS_SPAWN_AS_H
#define RATION_SYS_SPAWN_AS_H

#include "sys/identity.h"

/*
 * spawn_resolve() as that user, in a child: what can be found and executed is judged by the
 * user's rights. Errors: those of spawn_resolve(), with a `ret_step` of -1; or why the child
 * couldn't become the user, with the step.
 */
int spawn_resolve_as(const struct identity *identity, const char *argv0, char **ret_path, int *ret_step);

#endif
