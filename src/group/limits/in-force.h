/* SPDX-License-Identifier: MIT */
/*
 * in-force.h - which limit the kernel holds a group to, by its own file
 */
#ifndef RATION_GROUP_LIMITS_IN_FORCE_H
#define RATION_GROUP_LIMITS_IN_FORCE_H

#include <stdint.h>

#include "group/place.h"
#include "ration.h"

/*
 * Reads a limit that is a number from its kernel file, in the unit of its row.
 * -ENOENT: there is no such file; -EBADMSG.
 */
int in_force_read(int group_fd, const struct ration_limit_info *info, uint64_t *ret);

/* Which file of cgroup v1 has a limit as it was asked for, or NULL: there is none for swap alone. */
const char *in_force_v1_file(enum ration_limit limit);

/* The same from a directory in the hierarchy of its controller. -EOPNOTSUPP: no such file. */
int in_force_read_v1(int dir_fd, const struct ration_limit_info *info, uint64_t *ret);

/*
 * The limit of the group itself, as a number, and what enforces it; levels above can allow less. -ENOENT: it
 * has none; -EBADMSG, and errors of reading it.
 */
int in_force_read_own(const struct place *place, const struct ration_limit_info *info, uint64_t *ret,
		enum ration_mechanism *ret_mechanism);

#endif
