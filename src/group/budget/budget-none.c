/* SPDX-License-Identifier: MIT */
/*
 * budget-none.c - budgets where there are no groups: there is none
 */
#include <errno.h>
#include <stdlib.h>

#include "host/host.h"
#include "ration.h"
#include "util/error.h"

int ration_budget_set(const struct ration_host *host, const char *text, struct ration_error *reterr)
{
	int r = ration_budget_check(text, reterr);

	return r < 0 ? r : error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NO_CGROUP, "there can be no budget: %s",
			host_now(host)->facts.base_reason);
}

int ration_budget_new(const struct ration_host *host, const char *tenant, struct ration_budget **ret_budget,
		struct ration_error *reterr)
{
	(void)host;
	(void)tenant;
	/* It has no content; it only can be freed. */
	*ret_budget = malloc(1);
	return *ret_budget ? 0 : error_oom(reterr);
}

struct ration_budget *ration_budget_free(struct ration_budget *budget)
{
	free(budget);
	return NULL;
}

size_t ration_budget_count(const struct ration_budget *budget)
{
	(void)budget;
	return 0;
}

const struct ration_budget_item *ration_budget_item(const struct ration_budget *budget, size_t i)
{
	(void)budget;
	(void)i;
	return NULL;
}

const char *ration_budget_text(const struct ration_budget *budget)
{
	(void)budget;
	return "";
}

int ration_waiters_new(const struct ration_host *host, struct ration_waiters **ret_waiters, struct ration_error *reterr)
{
	(void)host;
	*ret_waiters = malloc(1);
	return *ret_waiters ? 0 : error_oom(reterr);
}

struct ration_waiters *ration_waiters_free(struct ration_waiters *waiters)
{
	free(waiters);
	return NULL;
}

size_t ration_waiters_count(const struct ration_waiters *waiters)
{
	(void)waiters;
	return 0;
}

const struct ration_waiter *ration_waiters_item(const struct ration_waiters *waiters, size_t i)
{
	(void)waiters;
	(void)i;
	return NULL;
}
