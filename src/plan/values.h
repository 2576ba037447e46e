/* SPDX-License-Identifier: MIT */
/*
 * values.h - values of limits, worked out for a host
 */
#ifndef RATION_PLAN_VALUES_H
#define RATION_PLAN_VALUES_H

#include "host/facts.h"
#include "plan/limits.h"

bool value_asked(const struct ration_limits *limits, enum ration_limit limit);

/* The hard value. Percent values are of what a group may use here: hundredths of a percent. */
uint64_t value_resolve(const struct limit_value *value, enum ration_limit limit, const struct host_facts *facts);

/* Tells whether the kernel has huge pages of this size. */
bool value_has_page_size(const struct host_facts *facts, uint64_t bytes);

#endif
