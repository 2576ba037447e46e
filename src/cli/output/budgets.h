/* SPDX-License-Identifier: MIT */
/*
 * budgets.h - budgets, and what of them is taken, for people and for programs
 */
#ifndef RATION_CLI_OUTPUT_BUDGETS_H
#define RATION_CLI_OUTPUT_BUDGETS_H

#include <stdio.h>

#include "cli/options/options.h"

/* --budget. */
int option_set_budget(struct options *options, const struct option *row, const char *value, struct ration_error *reterr);

/* Prints the budget of a tenant, or of the namespace if that is NULL, if there is one. */
int budgets_print(const struct options *options, const struct ration_host *host, const char *tenant,
		struct ration_error *reterr);

/* The same of all tenants of a list, and of the namespace. */
int budgets_print_all(const struct options *options, const struct ration_host *host, const struct ration_list *list,
		struct ration_error *reterr);

/* The tenant of "TENANT[/NAME]". To be freed; NULL: there is no memory. */
char *budgets_tenant(const char *address);

#endif
