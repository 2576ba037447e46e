/* SPDX-License-Identifier: MIT */
/*
 * gc.h - remove the groups whose owner is dead
 */
#ifndef RATION_GROUP_GC_H
#define RATION_GROUP_GC_H

#include "group/place.h"

/* Groups of the tenant that a start looks at for dead owners: a few, since others do so, too. */
#define GC_SWEEP_AT_START 8

/*
 * What each run does for the tenant that it joins: looks at `examine_max` of its
 * groups, and removes those whose owner is dead. For all of them there is
 * ration_gc(), which nobody needs to wait for.
 */
void gc_sweep(const struct place *place, uint64_t examine_max);

#endif
