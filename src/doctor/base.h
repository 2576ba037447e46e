/* SPDX-License-Identifier: MIT */
/*
 * base.h - why there is no BASE, or less than a whole one
 */
#ifndef RATION_DOCTOR_BASE_H
#define RATION_DOCTOR_BASE_H

#include "doctor/rule.h"

/* Up to one without an id. The first that holds is told, if there is something to tell. */
extern const struct rule base_rules[];

#endif
