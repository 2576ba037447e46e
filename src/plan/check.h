/* SPDX-License-Identifier: MIT */
/*
 * check.h - limits that contradict each other or this host
 */
#ifndef RATION_PLAN_CHECK_H
#define RATION_PLAN_CHECK_H

#include "host/facts.h"
#include "plan/limits.h"

/* Each value alone is in range. -EINVAL, -ERANGE: the message names the two, or what is here. */
int check_limits(const struct ration_limits *limits, const struct host_facts *facts, struct ration_error *reterr);

#endif
