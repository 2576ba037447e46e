/* SPDX-License-Identifier: MIT */
/*
 * budget-account.c - what the groups that live have taken
 *
 * The limit of a group is what its kernel file says. If there is no such file, because cgroup v1 or
 * a supervisor enforces the limit, the note on the group says what was asked for. A delegated
 * tenant counts as one, by its own limits: its user decides what is in it.
 */
#include "group/budget/budget-account.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "group/leaf.h"
#include "group/limits/in-force.h"
#include "group/nodes.h"
#include "group/owner.h"
#include "group/record.h"
#include "group/whose.h"
#include "host/facts.h"
#include "host/notes.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/members.h"
#include "sys/cgroup/walk.h"
#include "util/cleanup.h"
#include "util/overflow.h"

struct counting {
	const struct budget_node *node;
	const struct budget *budget;
	const char *tenant;   /* that is being visited */
	uint64_t above[BUDGET_RESOURCES]; /* its own limits */
	struct budget_account *account;
};

static void add_holder(struct budget_holders *holders, const char *tenant, const char *name, uint64_t amount)
{
	size_t i = holders->n;

	if (holders->n < BUDGET_HOLDERS)
		holders->n++;
	else if (holders->at[i - 1].amount >= amount)
		return;
	else
		i--;
	for (; i > 0 && holders->at[i - 1].amount < amount; i--)
		holders->at[i] = holders->at[i - 1];
	(void)snprintf(holders->at[i].address, sizeof(holders->at[i].address), "%.128s%s%.128s", tenant, name ? "/" : "",
			name ? name : "");
	holders->at[i].amount = amount;
}

/* 0, or a doubt. */
static int limit_of(int fd, enum ration_limit limit, uint64_t *ret)
{
	const struct ration_limit_info *info = ration_limit_info(limit);
	char text[NOTE_MAX];
	struct record_limit asked;
	int r = in_force_read(fd, info, ret);

	if (r != -ENOENT)
		return r;
	*ret = RATION_UNLIMITED;
	r = notes_read(fd, NOTE_LIMITS, text, sizeof(text));
	if (r >= 0 && record_find_limit(text, limit, &asked) == 0)
		*ret = asked.value;
	return facts_doubt(r) ? r : 0;
}

int budget_amount_of(int fd, enum ration_resource resource, uint64_t *ret)
{
	*ret = 1;
	switch (resource) {
	case RATION_RESOURCE_MEMORY:
		return limit_of(fd, RATION_LIMIT_MEMORY, ret);
	case RATION_RESOURCE_CPUS:
		return limit_of(fd, RATION_LIMIT_CPUS, ret);
	case RATION_RESOURCE_RUNS:
		break;
	}
	return 0;
}

static int count(struct counting *counting, int fd, const char *name)
{
	struct budget_account *account = counting->account;

	for (size_t i = 0; i < BUDGET_RESOURCES; i++) {
		uint64_t amount;
		int r;

		if (!counting->budget->part[i].set)
			continue;
		r = budget_amount_of(fd, (enum ration_resource)i, &amount);
		if (r < 0)
			return vanished(r) || !leaf_alive(fd) ? 0 : r;
		if (amount > counting->above[i])
			amount = counting->above[i];
		add_holder(&account->holders[i], counting->tenant, name, amount);
		if (amount == RATION_UNLIMITED || add_u64(account->taken[i], amount, &account->taken[i]) < 0)
			account->taken[i] = RATION_UNLIMITED;
	}
	account->groups++;
	return 0;
}

/* Nothing will ever run in it: gc will remove it. */
static bool is_dead(const struct counting *counting, int fd)
{
	return cg_populated(fd) == 0 && (!leaf_recorded(fd) ||
		owner_state(counting->node->host->proc_fd, fd, NULL) == RATION_OWNER_DEAD);
}

static int visit_group(int tenant_fd, const char *name, void *data)
{
	CLEANUP(closep) int fd = cg_open_dir(tenant_fd, name);

	if (fd < 0)
		return vanished(fd) ? 0 : fd;
	return is_dead(data, fd) ? 0 : count(data, fd, name);
}

static int visit_tenant(int namespace_fd, const char *name, void *data)
{
	CLEANUP(closep) int fd = cg_open_dir(namespace_fd, name);
	struct counting *counting = data;
	enum whose whose;

	if (fd < 0)
		return vanished(fd) || fd == -EACCES ? 0 : fd;
	counting->tenant = name;
	for (size_t i = 0; i < BUDGET_RESOURCES; i++)
		counting->above[i] = RATION_UNLIMITED;
	whose = whose_is(fd, NULL);
	/* Groups that another user has made don't count in this budget. */
	if (whose == WHOSE_OTHER)
		return 0;
	if (whose == WHOSE_DELEGATED)
		return count(counting, fd, NULL);
	for (size_t i = 0; i < BUDGET_RESOURCES; i++) {
		int r = i != RATION_RESOURCE_RUNS && counting->budget->part[i].set ?
			budget_amount_of(fd, (enum ration_resource)i, &counting->above[i]) : 0;

		if (r < 0)
			return vanished(r) ? 0 : r;
	}
	return cg_each_child(fd, visit_group, counting);
}

int budget_account(const struct budget_node *node, const struct budget *budget, struct budget_account *ret)
{
	struct counting counting = { .node = node, .budget = budget, .tenant = node->tenant, .account = ret };

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < BUDGET_RESOURCES; i++)
		counting.above[i] = RATION_UNLIMITED;
	return cg_each_child(node->fd, node->tenant ? visit_group : visit_tenant, &counting);
}

/* ------------------------------------------------------------------ capacity */

/* What groups can use here, and by whose limit. */
static void find_capacity(const struct budget_node *node, struct budget_base *ret)
{
	const struct host_snapshot *host = node->host;
	uint64_t own;

	ret->base = host->facts.memory_bytes;
	ret->where = strcmp(host->memory_source, "machine") == 0 ? "" : host->memory_source;
	ret->source = !*ret->where ? "host" : host->facts.container ? "container limit" : "limit";
	if (node->fd < 0 || limit_of(node->fd, RATION_LIMIT_MEMORY, &own) < 0 || own >= ret->base)
		return;
	ret->base = own;
	ret->source = node->tenant ? "tenant limit" : "limit";
	ret->where = node->tenant ? node->tenant : host->nspace;
}

void budget_resolve(const struct budget_node *node, enum ration_resource resource, const struct budget_part *part,
		struct budget_base *ret)
{
	*ret = (struct budget_base) { .base = part->amount, .source = "override", .where = "" };
	if (part->share && resource == RATION_RESOURCE_MEMORY) {
		find_capacity(node, ret);
		ret->base = ret->base / 10000 * part->amount + ret->base % 10000 * part->amount / 10000;
	}
	ret->limit = budget_with_overcommit(ret->base, part->overcommit_pct);
}
