/* SPDX-License-Identifier: MIT */
/*
 * budget-gate.h - whether anything may be started now
 */
#ifndef RATION_GROUP_BUDGET_BUDGET_GATE_H
#define RATION_GROUP_BUDGET_BUDGET_GATE_H

#include "group/budget/budget-account.h"

/* -EDQUOT: the tenant or the namespace waits for memory, or the machine would have too little left. */
int budget_gate(const struct budget_node *node, const struct budget *budget, const struct budget_ask *ask,
		struct ration_error *reterr);

/* Room for what budget_gate_doubt() writes. */
#define BUDGET_DOUBT_MAX 256

/*
 * Returns why the pressure there isn't known, so that everything is admitted; "" if it is known or isn't
 * needed. Returns buf.
 */
const char *budget_gate_doubt(char buf[BUDGET_DOUBT_MAX], const struct budget_node *node, const struct budget *budget);

#endif
