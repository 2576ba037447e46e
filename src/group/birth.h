/* SPDX-License-Identifier: MIT */
/*
 * birth.h - nobody waits for ever for a child that is frozen before it is the command
 *
 * The parent waits until its child has execed (spawn.h). If a level above the group is
 * frozen in that moment, the child never does. So the parent looks once a second, which no
 * start takes, and kills the child if that is so.
 */
#ifndef RATION_GROUP_BIRTH_H
#define RATION_GROUP_BIRTH_H

#include <stdbool.h>

#include "group/place.h"
#include "ration.h"
#include "sys/spawn.h"

/* At the same place until the start has returned. */
struct birth {
	const struct place *place;
	bool killed;
};

/* Before spawn_start() of a child in the group at `place`: opens what the child joins in cgroup v1, and minds it. */
int birth_begin(struct birth *birth, const struct place *place, struct spawn *spawn, struct ration_error *reterr);

/*
 * spawn_start() has returned `r`, or birth_begin() or what was done instead has failed with it. Returns it, or
 * -EBUSY: the group was frozen, and the child, if there was one, has been killed: it is to be reaped.
 */
int birth_end(const struct birth *birth, struct spawn *spawn, int r, struct ration_error *reterr);

#endif
