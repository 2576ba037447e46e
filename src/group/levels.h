/* SPDX-License-Identifier: MIT */
/*
 * levels.h - the groups above a group, as far as this process can see them
 *
 * A limit holds at the lowest level that has one, and a counter says something
 * only together with the level at which it moved.
 */
#ifndef RATION_GROUP_LEVELS_H
#define RATION_GROUP_LEVELS_H

#include "group/place.h"
#include "ration.h"

/* `where` is the path of the group below the mount of the hierarchy; "/" is the mount itself. */
typedef void level_visitor(void *data, int fd, enum ration_level level, const char *where);

/*
 * Visits the tenant, the nodes above it, BASE, and what lies above that up to the
 * mount of the hierarchy: in a container that is the container's own group.
 */
void levels_walk(const struct place *place, level_visitor *visit, void *data);

/* The same from our own group upwards, where runs stay that have none. */
void levels_walk_own(const struct host_snapshot *host, level_visitor *visit, void *data);

#endif
