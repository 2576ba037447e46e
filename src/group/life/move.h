/* SPDX-License-Identifier: MIT */
/*
 * move.h - this process moves into a group, whose checks its caller has made
 */
#ifndef RATION_GROUP_LIFE_MOVE_H
#define RATION_GROUP_LIFE_MOVE_H

#include "group/handle.h"

/* Errors: of ration_group_attach(). */
int move_self(struct ration_group *group, struct ration_error *reterr);

#endif
