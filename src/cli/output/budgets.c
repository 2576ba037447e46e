/* SPDX-License-Identifier: MIT */
/*
 * budgets.c - budgets, and what of them is taken, for people and for programs
 */
#include "cli/output/budgets.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/given.h"
#include "cli/output/json-build.h"
#include "cli/output/output.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

char *budgets_tenant(const char *address)
{
	return strndup(address, strcspn(address, "/"));
}

int option_set_budget(struct options *options, const struct option *row, const char *value, struct ration_error *reterr)
{
	int r = ration_budget_check(value, reterr);

	if (r < 0) {
		given_as(reterr, row->flag);
		return r;
	}
	*(const char **)((char *)options + row->offset) = value;
	return 0;
}

static const char *amount(char buf[OUTPUT_VALUE_MAX], enum ration_resource resource, uint64_t value)
{
	if (value == RATION_UNLIMITED)
		(void)snprintf(buf, OUTPUT_VALUE_MAX, "no limit");
	else if (resource == RATION_RESOURCE_RUNS)
		(void)snprintf(buf, OUTPUT_VALUE_MAX, "%" PRIu64, value);
	else
		(void)output_limit_value(buf, ration_limit_info(resource == RATION_RESOURCE_MEMORY ? RATION_LIMIT_MEMORY :
				RATION_LIMIT_CPUS), value);
	return buf;
}

static void print_item(const struct ration_budget_item *item)
{
	char taken[OUTPUT_VALUE_MAX], limit[OUTPUT_VALUE_MAX], base[OUTPUT_VALUE_MAX], where[TEXT_SHOWN_MAX];

	(void)printf("  %-6s  %s of %s taken", ration_resource_name(item->resource), amount(taken, item->resource, item->taken),
			amount(limit, item->resource, item->limit));
	if (item->overcommit_pct != 100)
		(void)printf(", overcommit %.2f of %s", (double)item->overcommit_pct / 100, amount(base, item->resource, item->base));
	if (item->share_pct100 > 0)
		(void)printf(" (%.4g%% of the %s%s%s)", (double)item->share_pct100 / 100, item->source, *item->where ? " of " : "",
				text_escape(where, sizeof(where), item->where));
	(void)printf("\n");
}

int budgets_print(const struct options *options, const struct ration_host *host, const char *tenant,
		struct ration_error *reterr)
{
	const struct ration_budget_item *item;
	struct ration_budget *budget;
	int r = ration_budget_new(host, tenant, &budget, reterr);

	if (r < 0)
		return r;
	if (*ration_budget_text(budget)) {
		(void)printf("budget of %s %s: %s\n", tenant ? "tenant" : "namespace",
				tenant ? tenant : options->nspace ? options->nspace : "ration", ration_budget_text(budget));
		for (size_t i = 0; (item = ration_budget_item(budget, i)); i++)
			print_item(item);
	}
	budget = ration_budget_free(budget);
	return 0;
}

int budgets_print_all(const struct options *options, const struct ration_host *host, const struct ration_list *list,
		struct ration_error *reterr)
{
	const struct ration_list_item *item;
	int r = 0;

	for (size_t i = 0; r >= 0 && (item = ration_list_item(list, i)); i++) {
		/* Names of others aren't ours to look for. */
		if (item->is_tenant && !strchr(item->address, '\\'))
			r = budgets_print(options, host, item->address, reterr);
	}
	return r < 0 ? r : budgets_print(options, host, NULL, reterr);
}

/* ---------------------------------------------------------------------- JSON */

static json_t *item_object(struct builder *builder, const struct ration_budget_item *item)
{
	json_t *object = json_object();
	const struct ration_limit_info *cpus = ration_limit_info(RATION_LIMIT_CPUS);
	bool whole = item->resource != RATION_RESOURCE_CPUS;

	build_put(builder, object, "resource", json_string(ration_resource_name(item->resource)));
	build_put(builder, object, "limit", whole ? build_number(item->limit) : build_limit_value(cpus, item->limit));
	build_put(builder, object, "taken", whole ? build_number(item->taken) : build_limit_value(cpus, item->taken));
	build_put(builder, object, "base", whole ? build_number(item->base) : build_limit_value(cpus, item->base));
	build_put(builder, object, "overcommit", json_real((double)item->overcommit_pct / 100));
	build_put(builder, object, "source", json_string(item->source));
	build_put_text(builder, object, "where", item->where);
	return object;
}

void build_put_budget(struct builder *builder, json_t *object, const struct ration_host *host, const char *tenant)
{
	const struct ration_budget_item *item;
	struct ration_budget *budget;
	struct ration_error ignored;
	json_t *array;

	/* What can't be read isn't there. */
	if (ration_budget_new(host, tenant, &budget, &ignored) < 0)
		return;
	if (*ration_budget_text(budget)) {
		array = json_array();
		for (size_t i = 0; (item = ration_budget_item(budget, i)); i++)
			build_add(builder, array, item_object(builder, item));
		build_put(builder, object, tenant ? "budget" : "namespace_budget", array);
	}
	budget = ration_budget_free(budget);
}
