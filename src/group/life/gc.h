/* SPDX-License-Identifier: MIT */
/*
 * gc.h - remove the groups whose owner is dead
 */
#ifndef RATION_GROUP_LIFE_GC_H
#define RATION_GROUP_LIFE_GC_H

#include "group/place.h"

/* How many groups of the tenant a start checks for dead owners: a few, because other starts do so, too. */
#define GC_SWEEP_AT_START 8

/*
 * Each run does this for its tenant: looks at `examine_max` of its groups, and removes those whose owner is
 * dead. ration_gc() looks at all of them, and takes its time.
 */
void gc_sweep(const struct place *place, uint64_t examine_max);

#endif
