/* SPDX-License-Identifier: MIT */
/*
 * room.h - why the kernel lets nobody make another group
 */
#ifndef RATION_GROUP_ROOM_H
#define RATION_GROUP_ROOM_H

#include "ration.h"

/*
 * For an mkdir(2) in `dir_fd` that has failed with -EAGAIN: names the group, this one or one
 * above, that has as many groups below it, or as many levels, as it may have. Returns -EAGAIN.
 */
int room_error(int dir_fd, const char *address, struct ration_error *reterr);

#endif
