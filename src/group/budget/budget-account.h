/* SPDX-License-Identifier: MIT */
/*
 * budget-account.h - what the groups that live have taken
 */
#ifndef RATION_GROUP_BUDGET_BUDGET_ACCOUNT_H
#define RATION_GROUP_BUDGET_BUDGET_ACCOUNT_H

#include "group/budget/budget-text.h"
#include "group/place.h"

/* The two levels that can have one. */
struct budget_node {
	const struct host_snapshot *host;
	const char *tenant; /* NULL: it is the namespace */
	int fd;
};

/* What a group is going to take; RATION_UNLIMITED: it has no such limit. */
struct budget_ask {
	uint64_t amount[BUDGET_RESOURCES];
	uint64_t had[BUDGET_RESOURCES]; /* for an existing group: what it has already; 0 for a new one */
};

/* The groups that take most of a resource, for a message. */
#define BUDGET_HOLDERS 3

struct budget_holders {
	size_t n;
	struct {
		char address[PLACE_ADDRESS_MAX];
		uint64_t amount;
	} at[BUDGET_HOLDERS];
};

struct budget_account {
	size_t groups;
	uint64_t taken[BUDGET_RESOURCES]; /* RATION_UNLIMITED: a group has no such limit */
	struct budget_holders holders[BUDGET_RESOURCES];
};

/* The limit of a group, by its kernel's file or by what was asked for. Errors: of reading these. */
int budget_amount_of(int fd, enum ration_resource resource, uint64_t *ret);

/* Counts what `budget` has, and the groups. Errors: of opening and reading them. */
int budget_account(const struct budget_node *node, const struct budget *budget, struct budget_account *ret);

/* What a part of a budget comes to here, in the unit of its resource; and whose the base is. */
struct budget_base {
	uint64_t base, limit;
	const char *source, *where;
};

void budget_resolve(const struct budget_node *node, enum ration_resource resource, const struct budget_part *part,
		struct budget_base *ret);

#endif
