/* SPDX-License-Identifier: MIT */
/*
 * table.c - the mechanisms by their enum
 */
#include "plan/mech/table.h"

#include "util/cleanup.h"

static const struct mech_ops *const table[] = {
	[RATION_MECHANISM_CGROUP2] = &mech_cgroup2,
	[RATION_MECHANISM_CGROUP1] = &mech_cgroup1,
	[RATION_MECHANISM_RLIMIT] = &mech_rlimit,
	[RATION_MECHANISM_AFFINITY] = &mech_affinity,
	[RATION_MECHANISM_NICE] = &mech_nice,
	[RATION_MECHANISM_WATCH] = &mech_watch,
};

const struct mech_ops *mech_ops(enum ration_mechanism mechanism)
{
	return (size_t)mechanism < ARRAY_SIZE(table) ? table[mechanism] : NULL;
}
