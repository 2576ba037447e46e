/* SPDX-License-Identifier: MIT */
/*
 * budgets.c - the budgets of tenants and of the namespace
 */
#include "helpers/metrics/budgets.h"

static const struct {
	enum family limit, taken;
	unsigned decimals;
} families[] = {
	[RATION_RESOURCE_RUNS] = { FAMILY_BUDGET_RUNS, FAMILY_BUDGET_RUNS_TAKEN, DECIMALS_NONE },
	[RATION_RESOURCE_MEMORY] = { FAMILY_BUDGET_MEMORY, FAMILY_BUDGET_MEMORY_TAKEN, DECIMALS_NONE },
	[RATION_RESOURCE_CPUS] = { FAMILY_BUDGET_CPUS, FAMILY_BUDGET_CPUS_TAKEN, DECIMALS_CPUS },
};

int budgets_tell(const struct ration_host *host, const char *tenant, const char *shown, struct exposition *exposition)
{
	const struct label labels[] = { { "tenant", shown }, { NULL, NULL } };
	const struct ration_budget_item *item;
	struct ration_budget *budget = NULL;
	int r = ration_budget_new(host, tenant, &budget, NULL);

	for (size_t i = 0; r >= 0 && (item = ration_budget_item(budget, i)); i++) {
		exposition_add(exposition, families[item->resource].limit, labels, item->limit, families[item->resource].decimals);
		/* Without a limit of its own, a group has taken any amount: there is no number for it. */
		if (item->taken != RATION_UNLIMITED)
			exposition_add(exposition, families[item->resource].taken, labels, item->taken, families[item->resource].decimals);
	}
	budget = ration_budget_free(budget);
	return r;
}
