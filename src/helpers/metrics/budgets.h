/* SPDX-License-Identifier: MIT */
/*
 * budgets.h - the budgets of tenants and of the namespace
 */
#ifndef RATION_HELPERS_METRICS_BUDGETS_H
#define RATION_HELPERS_METRICS_BUDGETS_H

#include "helpers/metrics/exposition.h"
#include "ration.h"

/*
 * Tells the budget of a tenant, or of the namespace if it is NULL, and what is taken of it; nothing where there is none.
 * `shown` is the tenant's label. Errors: those of ration_budget_new().
 */
int budgets_tell(const struct ration_host *host, const char *tenant, const char *shown, struct exposition *exposition);

#endif
