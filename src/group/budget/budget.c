/* SPDX-License-Identifier: MIT */
/*
 * budget.c - whether there is room for one more group
 */
#include "group/budget/budget.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "group/budget/budget-gate.h"
#include "host/notes.h"
#include "sys/cgroup/lock.h"
#include "sys/cgroup/queue.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/overflow.h"

static const enum ration_limit limits[BUDGET_RESOURCES] = {
	[RATION_RESOURCE_MEMORY] = RATION_LIMIT_MEMORY,
	[RATION_RESOURCE_CPUS] = RATION_LIMIT_CPUS,
};

void budget_ask_of(const struct ration_plan *plan, struct budget_ask *ret)
{
	for (size_t i = 0; i < BUDGET_RESOURCES; i++) {
		const struct ration_plan_item *item = i == RATION_RESOURCE_RUNS || !plan ? NULL : plan_find(plan, limits[i]);

		ret->amount[i] = i == RATION_RESOURCE_RUNS ? 1 : item ? item->asked : RATION_UNLIMITED;
		ret->had[i] = 0;
	}
}

int budget_read(int fd, struct budget *ret)
{
	char text[NOTE_MAX];
	struct budget budget = BUDGET_NONE;
	int r = notes_read(fd, NOTE_BUDGET, text, sizeof(text));

	if (r == -ENODATA || r == -EOPNOTSUPP)
		return 0;
	if (r >= 0)
		r = budget_parse("budget", text, &budget, NULL);
	if (r < 0)
		return r;
	*ret = budget;
	return 1;
}

int budget_write(int fd, const struct budget *budget)
{
	char text[BUDGET_TEXT_MAX];

	return notes_write(fd, NOTE_BUDGET, budget_format(text, budget));
}

int budget_change(int fd, const char *flag, const char *text, struct budget *before, struct ration_error *reterr)
{
	struct budget budget = BUDGET_NONE;
	int r = budget_read(fd, &budget);

	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't read the budget: %s", error_text(r));
	if (before)
		*before = budget;
	r = budget_parse(flag, text, &budget, reterr);
	if (r < 0)
		return r;
	r = budget_write(fd, &budget);
	return r < 0 ? error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't record the budget: %s", error_text(r)) : 0;
}

/* --------------------------------------------------------------- messages */

/* Room for "the budget of tenant NAME". */
#define NAME_MAX_SHOWN (RATION_NAME_MAX + 40)

static const char *name_of(char buf[NAME_MAX_SHOWN], const struct budget_node *node)
{
	(void)snprintf(buf, NAME_MAX_SHOWN, "%s %s", node->tenant ? "tenant" : "namespace",
			node->tenant ? node->tenant : node->host->nspace);
	return buf;
}

static int unread_error(const struct budget_node *node, int code, struct ration_error *reterr)
{
	char name[NAME_MAX_SHOWN];

	return error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't read the budget of %s: %s", name_of(name, node),
			error_text(code));
}

static int missing_error(const struct budget_node *node, enum ration_resource resource, struct ration_error *reterr)
{
	const struct ration_limit_info *info = ration_limit_info(limits[resource]);
	char name[NAME_MAX_SHOWN];

	(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%s has a budget of %s: %s is required", name_of(name, node),
			info->name, info->flag);
	return error_hint(reterr, -EINVAL, "e.g. %s %s", info->flag, info->example ? info->example : "");
}

static int never_error(const struct budget_node *node, enum ration_resource resource, uint64_t asked, uint64_t limit,
		struct ration_error *reterr)
{
	char name[NAME_MAX_SHOWN], a[RATION_TEXT_MAX], b[RATION_TEXT_MAX];

	(void)error_set(reterr, -ERANGE, RATION_CAUSE_INVALID, "%s %s is more than all of the budget of %s: %s",
			ration_limit_info(limits[resource])->flag, budget_amount(a, resource, asked), name_of(name, node),
			budget_amount(b, resource, limit));
	return error_hint(reterr, -ERANGE, "ask for less, or raise the budget: ration set");
}

/* ", has acme/a 256 MiB, acme/b 256 MiB, 2 more". */
static void add_holders(char *buf, size_t size, const struct budget_account *account, enum ration_resource resource)
{
	const struct budget_holders *holders = &account->holders[resource];
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < holders->n && used < size; i++) {
		char amount[RATION_TEXT_MAX];
		bool lacks = holders->at[i].amount == RATION_UNLIMITED;

		used += (size_t)snprintf(buf + used, size - used, "%s%.64s", i ? ", " : "; taken by ", holders->at[i].address);
		if (resource != RATION_RESOURCE_RUNS && used < size)
			used += (size_t)snprintf(buf + used, size - used, " %s", lacks ? "(no limit)" :
					budget_amount(amount, resource, holders->at[i].amount));
	}
	if (account->groups > holders->n && used < size)
		(void)snprintf(buf + used, size - used, ", %zu more", account->groups - holders->n);
}

static int full_error(const struct budget_node *node, enum ration_resource resource, uint64_t asked, uint64_t limit,
		const struct budget_account *account, struct ration_error *reterr)
{
	char name[NAME_MAX_SHOWN], holders[3 * 100 + 40], a[RATION_TEXT_MAX], b[RATION_TEXT_MAX], c[RATION_TEXT_MAX];
	uint64_t taken = account->taken[resource];

	add_holders(holders, sizeof(holders), account, resource);
	(void)error_set(reterr, -EDQUOT, RATION_CAUSE_BUDGET, "the budget of %s is full: %s asked %s, free %s of %s%s",
			name_of(name, node), ration_resource_name(resource), budget_amount(a, resource, asked),
			budget_amount(b, resource, taken < limit ? limit - taken : 0), budget_amount(c, resource, limit), holders);
	return error_hint(reterr, -EDQUOT, "try again, or wait for room: --wait");
}

static int queue_error(const struct budget_node *node, uint64_t waiting, struct ration_error *reterr)
{
	char name[NAME_MAX_SHOWN];

	(void)error_set(reterr, -EDQUOT, RATION_CAUSE_BUDGET, "the budget of %s is full: %s%" PRIu64 " %s before", name_of(name, node),
			waiting > RATION_AHEAD_EXACT ? "up to " : "", waiting, waiting == 1 ? "waits" : "wait");
	return error_hint(reterr, -EDQUOT, "try again, or wait for room: --wait");
}

/* ------------------------------------------------------------------- room */

static bool fits(uint64_t taken, uint64_t had, uint64_t asked, uint64_t limit)
{
	uint64_t sum;

	if (taken != RATION_UNLIMITED && had <= taken)
		taken -= had;
	return add_u64(taken, asked, &sum) == 0 && sum <= limit;
}

/* Whether it wants no more of it than it has. */
static bool has_all(const struct budget_ask *ask, size_t i)
{
	return ask->had[i] > 0 && ask->amount[i] <= ask->had[i];
}

/* What no waiting would change. */
static int check_ask(const struct budget_node *node, const struct budget *budget, const struct budget_ask *ask,
		struct ration_error *reterr)
{
	for (size_t i = 0; i < BUDGET_RESOURCES; i++) {
		enum ration_resource resource = (enum ration_resource)i;
		struct budget_base base;

		if (!budget->part[i].set || i == RATION_RESOURCE_RUNS || has_all(ask, i))
			continue;
		if (ask->amount[i] == RATION_UNLIMITED)
			return missing_error(node, resource, reterr);
		budget_resolve(node, resource, &budget->part[i], &base);
		if (ask->amount[i] > base.limit)
			return never_error(node, resource, ask->amount[i], base.limit, reterr);
	}
	return 0;
}

/* Those that came before have their turn first, even if there is room for us. */
static int check_turn(const struct budget_node *node, uint64_t number, struct ration_error *reterr)
{
	CLEANUP(closep) int fd = lock_open(node->fd);
	uint64_t waiting = 0;
	int r = fd < 0 ? fd : queue_count(fd, number ? number : UINT64_MAX, RATION_AHEAD_EXACT, &waiting);

	if (r < 0)
		return unread_error(node, r, reterr);
	return waiting > 0 ? queue_error(node, waiting, reterr) : 0;
}

static int check_account(const struct budget_node *node, const struct budget *budget, const struct budget_ask *ask,
		struct ration_error *reterr)
{
	struct budget_account account;
	int r = budget_account(node, budget, &account);

	if (r < 0)
		return unread_error(node, r, reterr);
	for (size_t i = 0; i < BUDGET_RESOURCES; i++) {
		enum ration_resource resource = (enum ration_resource)i;
		struct budget_base base;

		if (!budget->part[i].set || has_all(ask, i))
			continue;
		budget_resolve(node, resource, &budget->part[i], &base);
		if (!fits(account.taken[i], ask->had[i], ask->amount[i], base.limit))
			return full_error(node, resource, ask->amount[i], base.limit, &account, reterr);
	}
	return 0;
}

static int check_room(const struct budget_node *node, const struct budget *budget, const struct budget_ask *ask,
		struct ration_error *reterr)
{
	int r = check_account(node, budget, ask, reterr);

	/* A group that already exists doesn't wait for anything else. */
	return r < 0 || ask->had[RATION_RESOURCE_RUNS] > 0 ? r : budget_gate(node, budget, ask, reterr);
}

int budget_look(const struct budget_node *node, const struct budget_ask *ask, uint64_t ahead, struct ration_error *reterr)
{
	struct budget budget;
	int r = budget_read(node->fd, &budget);

	if (r <= 0)
		return r < 0 ? unread_error(node, r, reterr) : 1;
	r = check_ask(node, &budget, ask, reterr);
	if (r == 0 && ahead > 0)
		r = queue_error(node, ahead, reterr);
	return r < 0 ? r : check_room(node, &budget, ask, reterr);
}

/* With the lock. */
static int decide(const struct budget_node *node, const struct budget_ask *ask, uint64_t number, struct ration_error *reterr)
{
	struct budget budget;
	int r = budget_read(node->fd, &budget);

	if (r <= 0)
		return r < 0 ? unread_error(node, r, reterr) : 0;
	r = check_ask(node, &budget, ask, reterr);
	if (r == 0 && ask->had[RATION_RESOURCE_RUNS] == 0)
		r = check_turn(node, number, reterr);
	return r < 0 ? r : check_room(node, &budget, ask, reterr);
}

/* ------------------------------------------------------------------- lock */

/*
 * Nobody holds the lock for longer than it takes to make a group. A holder that is seen this often, with
 * pauses, has been stopped.
 */
#define LOCK_LOOKS 3
#define LOCK_LOOK_MSEC 10000
#define LOCK_ROUNDS_MAX 60

static int lock_error(const struct budget_node *node, int code, pid_t holder, struct ration_error *reterr)
{
	char name[NAME_MAX_SHOWN];

	if (code != -EBUSY)
		return error_set(reterr, code, RATION_CAUSE_UNKNOWN, "can't lock %s for its budget: %s", name_of(name, node),
				error_text(code));
	if (holder == 0)
		return error_set(reterr, -ETIMEDOUT, RATION_CAUSE_TIMEOUT, "others keep having the lock of %s", name_of(name, node));
	(void)error_set(reterr, -ETIMEDOUT, RATION_CAUSE_TIMEOUT, "process %d has had the lock of %s for %d s", (int)holder,
			name_of(name, node), LOCK_LOOKS * LOCK_LOOK_MSEC / 1000);
	return error_hint(reterr, -ETIMEDOUT, "it may be stopped: kill -CONT %d lets it go on", (int)holder);
}

static int lock(const struct budget_node *node, struct ration_error *reterr)
{
	pid_t last = 0;
	int r = -EBUSY, seen = 0;

	for (int round = 0; round < LOCK_ROUNDS_MAX; round++) {
		pid_t holder;

		r = lock_take(node->fd, LOCK_LOOK_MSEC);
		if (r != -EBUSY)
			return r < 0 ? lock_error(node, r, 0, reterr) : r;
		holder = lock_holder(node->fd);
		seen = holder == last ? seen + 1 : 1;
		if (holder > 0 && seen == LOCK_LOOKS)
			return lock_error(node, r, holder, reterr);
		last = holder;
	}
	return lock_error(node, r, 0, reterr);
}

static int take(const struct budget_node *node, const struct budget_ask *ask, uint64_t number, int *ret_fd,
		struct ration_error *reterr)
{
	CLEANUP(lock_releasep) int fd = -EBADF;
	struct budget budget;
	int r = budget_read(node->fd, &budget);

	if (r < 0)
		return unread_error(node, r, reterr);
	if (r == 0 || !budget_is_set(&budget))
		return 0;
	fd = lock(node, reterr);
	if (fd < 0)
		return fd;
	/* As it is now that nobody can change it. */
	r = decide(node, ask, number, reterr);
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r < 0 ? r : 0;
}

int budget_take(const struct place *place, const struct budget_ask *ask, const struct budget_turn *turn,
		struct budget_hold *ret_hold, struct ration_error *reterr)
{
	const struct budget_node above = { place->host, NULL, place->namespace_fd };
	const struct budget_node tenant = { place->host, place->tenant, place->tenant_fd };
	struct budget_hold hold = BUDGET_HOLD_NONE;
	int r = take(&above, ask, turn ? turn->of_namespace : 0, &hold.namespace_fd, reterr);

	if (r == 0 && place->name[0])
		r = take(&tenant, ask, turn ? turn->of_tenant : 0, &hold.tenant_fd, reterr);
	if (r < 0) {
		budget_release(&hold);
		return r;
	}
	*ret_hold = hold;
	return 0;
}

int budget_take_more(const struct place *place, const struct ration_plan *plan, struct budget_hold *ret_hold,
		struct ration_error *reterr)
{
	char shown[PLACE_ADDRESS_MAX];
	struct budget_ask ask;

	budget_ask_of(plan, &ask);
	for (size_t i = 0; i < BUDGET_RESOURCES; i++) {
		bool changes = i != RATION_RESOURCE_RUNS && plan_find(plan, limits[i]);
		int r = budget_amount_of(place->fd, (enum ration_resource)i, &ask.had[i]);

		if (r < 0)
			return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't read %s of %s: %s",
					ration_resource_name((enum ration_resource)i), place_address(place, shown), error_text(r));
		if (!changes)
			ask.amount[i] = ask.had[i];
	}
	return budget_take(place, &ask, NULL, ret_hold, reterr);
}

void budget_release(struct budget_hold *hold)
{
	hold->tenant_fd = lock_release(hold->tenant_fd);
	hold->namespace_fd = lock_release(hold->namespace_fd);
}
