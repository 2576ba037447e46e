/* SPDX-License-Identifier: MIT */
/*
 * table.c - the mechanisms by their enum
 */
#include "plan/mech/table.h"


const struct mech_ops *mech_ops(enum ration_mechanism mechanism)
{
	switch (mechanism) {
	case RATION_MECHANISM_NONE:
		return NULL;
	case RATION_MECHANISM_CGROUP2:
		return &mech_cgroup2;
	case RATION_MECHANISM_CGROUP1:
		return &mech_cgroup1;
	case RATION_MECHANISM_RLIMIT:
		return &mech_rlimit;
	case RATION_MECHANISM_AFFINITY:
		return &mech_affinity;
	case RATION_MECHANISM_NICE:
		return &mech_nice;
	case RATION_MECHANISM_WATCH:
		return &mech_watch;
	}
	return NULL;
}
