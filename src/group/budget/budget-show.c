/* SPDX-License-Identifier: MIT */
/*
 * budget-show.c - the calls of the interface: set and read a budget
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "group/budget/budget.h"
#include "group/leaf.h"
#include "group/limits/apply.h"
#include "group/nodes.h"
#include "group/owner.h"
#include "host/host.h"
#include "host/names.h"
#include "host/notes.h"
#include "host/prepare.h"
#include "sys/cgroup/cgroup.h"
#include "sys/cgroup/lock.h"
#include "util/cleanup.h"
#include "util/error.h"

struct ration_budget {
	size_t n;
	struct ration_budget_item item[BUDGET_RESOURCES];
	char where[PATH_MAX];
	char text[BUDGET_TEXT_MAX];
};

/* How long another process can be deciding by the budget that is to be changed. */
#define LOCK_MSEC 30000

/* With a budget the namespace stays. */
static int keep(int fd)
{
	struct budget now;
	int r = budget_read(fd, &now);

	if (r < 0)
		return r;
	return r > 0 ? owner_keep(fd) : notes_write(fd, NOTE_KEEP, "");
}

/* All or nothing: a budget of the namespace must outlive its last tenant. */
static int change(const struct host_snapshot *host, int fd, const char *text, struct ration_error *reterr)
{
	CLEANUP(lock_releasep) int lock_fd = lock_take(fd, LOCK_MSEC);
	struct budget before;
	int r;

	if (lock_fd == -EBUSY)
		return error_set(reterr, -ETIMEDOUT, RATION_CAUSE_TIMEOUT, "process %d has had the lock of namespace %s for %d s",
				(int)lock_holder(fd), host->nspace, LOCK_MSEC / 1000);
	if (lock_fd < 0 && !vanished(lock_fd))
		return owner_error(fd, lock_fd, "lock", host->nspace, reterr);
	/* The last run in it may have removed it before we had the lock. */
	if (lock_fd < 0 || !leaf_alive(fd))
		return error_set(reterr, -ENOENT, RATION_CAUSE_VANISHED, "the namespace %s keeps vanishing", host->nspace);
	r = budget_change(fd, "--namespace-budget", text, &before, reterr);
	if (r < 0)
		return r;
	r = keep(fd);
	if (r == 0)
		return 0;
	(void)budget_write(fd, &before);
	return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't write notes on the namespace %s: %s", host->nspace, error_text(r));
}

int ration_budget_set(const struct ration_host *handle, const char *text, struct ration_error *reterr)
{
	struct budget budget = BUDGET_NONE;
	CLEANUP(closep) int fd = -EBADF;
	const struct host_snapshot *host;
	int r = error_check_null("host", handle, reterr);

	if (r == 0)
		r = error_check_null("text", text, reterr);
	if (r == 0)
		r = budget_parse("--namespace-budget", text, &budget, reterr);
	if (r == 0)
		r = host_need(handle, RATION_PURPOSE_GROUP, &host, reterr);
	if (r < 0)
		return r;
	if (host->base_fd < 0) {
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NO_CGROUP, "there can be no budget: %s", host->facts.base_reason);
		return error_hint(reterr, -EOPNOTSUPP, "%s%ssee ration doctor", host->facts.base_fix,
				host->facts.base_fix[0] ? "; " : "");
	}
	r = -ENOENT;
	for (int round = 0; round < NODES_ROUNDS_MAX && vanished(r); round++) {
		fd = close_fd(fd);
		r = nodes_make_namespace(host, apply_controllers(NULL, &host->facts), &fd, reterr);
		if (r < 0)
			break;
		r = change(host, fd, text, reterr);
	}
	if (fd >= 0)
		nodes_remove_above(host, fd);
	return r;
}

static void add_item(struct ration_budget *to, const struct budget_node *node, enum ration_resource resource,
		const struct budget_part *part, uint64_t taken)
{
	struct ration_budget_item *item = &to->item[to->n++];
	struct budget_base base;

	budget_resolve(node, resource, part, &base);
	*item = (struct ration_budget_item) {
		.size = sizeof(*item),
		.resource = resource,
		.limit = base.limit,
		.taken = taken,
		.base = base.base,
		.overcommit_pct = part->overcommit_pct,
		.share_pct100 = part->share ? (uint32_t)part->amount : 0,
		.source = base.source,
		.where = "",
	};
	/* There is one share at most. */
	if (*base.where) {
		(void)strncpy(to->where, base.where, sizeof(to->where) - 1);
		item->where = to->where;
	}
}

static int read_node(const struct budget_node *node, struct ration_budget *to)
{
	struct budget_account account;
	struct budget budget;
	int r = budget_read(node->fd, &budget);

	if (r <= 0)
		return r;
	r = budget_account(node, &budget, &account);
	if (r < 0)
		return r;
	(void)budget_format(to->text, &budget);
	for (size_t i = 0; i < BUDGET_RESOURCES; i++) {
		enum ration_resource resource = (enum ration_resource)i;

		if (budget.part[i].set)
			add_item(to, node, resource, &budget.part[i], i == RATION_RESOURCE_RUNS ? account.groups : account.taken[i]);
	}
	return 0;
}

static int read_budget(const struct host_snapshot *host, const char *tenant, struct ration_budget *to)
{
	CLEANUP(closep) int namespace_fd = host->base_fd >= 0 ? nodes_open(host) : -ENOENT;
	CLEANUP(closep) int tenant_fd = namespace_fd >= 0 && tenant ? cg_open_dir(namespace_fd, tenant) : -EBADF;
	struct budget_node node = { host, tenant, namespace_fd >= 0 && tenant ? tenant_fd : namespace_fd };
	int r = node.fd < 0 ? node.fd : read_node(&node, to);

	return vanished(r) ? 0 : r;
}

int ration_budget_new(const struct ration_host *handle, const char *tenant, struct ration_budget **ret_budget,
		struct ration_error *reterr)
{
	const struct host_snapshot *host;
	struct ration_budget *budget;
	int r = error_check_null("host", handle, reterr);

	if (r == 0 && tenant)
		r = names_check("tenant", tenant, reterr);
	if (r < 0)
		return r;
	budget = calloc(1, sizeof(*budget));
	if (!budget)
		return error_oom(reterr);
	host = host_now(handle);
	r = read_budget(host, tenant, budget);
	if (r < 0) {
		free(budget);
		return error_set(reterr, r == -ENOMEM ? r : -EIO, RATION_CAUSE_UNKNOWN, "can't read the budget of %s: %s",
				tenant ? tenant : host->nspace, error_text(r));
	}
	*ret_budget = budget;
	return 0;
}

struct ration_budget *ration_budget_free(struct ration_budget *budget)
{
	free(budget);
	return NULL;
}

size_t ration_budget_count(const struct ration_budget *budget)
{
	return budget->n;
}

const struct ration_budget_item *ration_budget_item(const struct ration_budget *budget, size_t i)
{
	return i < budget->n ? &budget->item[i] : NULL;
}

const char *ration_budget_text(const struct ration_budget *budget)
{
	return budget->text;
}
