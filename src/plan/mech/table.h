/* SPDX-License-Identifier: MIT */
/*
 * table.h - the mechanisms by their enum
 */
#ifndef RATION_PLAN_MECH_TABLE_H
#define RATION_PLAN_MECH_TABLE_H

#include "plan/mech/mech.h"

/* Returns the operations of a mechanism, or NULL: NONE has none. */
const struct mech_ops *mech_ops(enum ration_mechanism mechanism);

#endif
