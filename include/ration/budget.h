/* SPDX-License-Identifier: MIT */
/*
 * ration/budget.h - how much all groups of a tenant, or of the namespace, can take together
 *
 * Without a budget nothing is checked. With one, each run and each group takes its limits from it
 * before it starts. If they don't fit, the start fails with -EDQUOT and RATION_CAUSE_BUDGET. There
 * is no separate account: the limits of all existing groups are added up. So a group gives back its
 * part when it is removed, for whatever reason. All of this is since 0.2.0.
 *
 * A budget is a text such as "memory=8G,cpus=4,runs=100", with these keys:
 *
 *     runs=N              at most N groups at a time
 *     memory=SIZE         the sum of their memory limits
 *     memory=N%           the same, of the memory that groups can use here
 *     memory=SIZExFACTOR  overcommit: 8Gx1.5 accepts limits of 12G
 *     cpus=N, cpus=NxF    the sum of their limits of CPU rate
 *     pressure=N%         no start while all tasks of the tenant, or of the
 *                         namespace, waited for memory at once for more than
 *                         this share of the last 10 s; default: 10%
 *     available=SIZE      no start that would leave the machine less
 *                         available memory; default: 0
 *
 * The value "none" removes a key; the text "none" removes the budget.
 *
 * If the budget has memory, a run or group without a memory limit is refused; the same applies to
 * cpus. A budget is stored as a note of the user who set it. Notes of other users, and of processes
 * in the group, are ignored. A delegated tenant takes its own limits from the namespace's budget,
 * since a budget of its own wouldn't bind its user.
 */
#ifndef RATION_BUDGET_H
#define RATION_BUDGET_H

#include <ration/host.h>
#include <ration/plan.h>

/* The resources that a budget can have. */
enum ration_resource {
	RATION_RESOURCE_RUNS = 0,   /* groups */
	RATION_RESOURCE_MEMORY = 1, /* bytes */
	RATION_RESOURCE_CPUS = 2,   /* hundred-thousandths of a CPU, as RATION_LIMIT_CPUS */
};

/* One resource of a budget. Its strings are valid as long as the budget. */
struct ration_budget_item {
	size_t size;            /* sizeof(struct ration_budget_item) */
	enum ration_resource resource;
	uint64_t limit;         /* the highest amount that groups can take, in the unit of the resource */
	uint64_t taken;         /* by existing groups; RATION_UNLIMITED: one of them has no such limit */
	uint64_t base;          /* the limit before overcommit */
	uint32_t overcommit_pct;/* 100: none */
	uint32_t share_pct100;  /* base as a share of the whole, in hundredths of a percent; 0: base is an amount */
	const char *source;     /* where the base is from: "override" (an amount was set), "host",
				   "container limit", "limit", "tenant limit" */
	const char *where;      /* the group that has that limit, or "" */
};

struct ration_budget;

/* How to wait for room. Zeroed fields take their defaults. */
struct ration_admission_options {
	size_t size;            /* sizeof(struct ration_admission_options) */
	const char *tenant;     /* of the run or group to be started; default "default" */
	uint64_t wait_usec;     /* how long; 0 or RATION_UNLIMITED: for ever */
};

struct ration_admission;

/* A process that waits, as it was when the list was made. Its strings are valid as long as the list. */
struct ration_waiter {
	size_t size;            /* sizeof(struct ration_waiter) */
	const char *tenant;     /* whose queue it is in; "": the namespace's, for the first of each tenant */
	uint64_t place;         /* in that queue, from 1 */
	int pid;                /* 0: not known */
	const char *command;    /* of that process, escaped; "": not known */
};

struct ration_waiters;

RATION_BEGIN

/* Checks the text of a budget. Errors: -EINVAL (malformed, an unknown key), -ERANGE (a value out of range). */
RATION_PUBLIC RATION_MUST_CHECK int ration_budget_check(const char *text, struct ration_error *reterr);

/*
 * Changes the keys in `text` of the namespace's budget, and no others. With a budget, the namespace
 * isn't removed. For a tenant's budget, see ration_group_options and ration_update_options. A
 * budget below the amount taken ends nothing; but nothing starts until enough is given back.
 * Errors: -EINVAL, -ERANGE (the text), -EOPNOTSUPP (no cgroup), -EPERM, -EACCES (it belongs to
 * another user), -ETIMEDOUT (another process holds the lock), -EIO.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_budget_set(const struct ration_host *host, const char *text,
		struct ration_error *reterr);

/*
 * Reads the budget of `tenant`, or of the namespace if it is NULL, and how much of it is taken now. Without
 * a budget the result has no items. Errors: -EINVAL (a bad name), -EIO, -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_budget_new(const struct ration_host *host, const char *tenant,
		struct ration_budget **ret_budget, struct ration_error *reterr);
RATION_PUBLIC struct ration_budget *ration_budget_free(struct ration_budget *budget);

/* Returns the number of its items. */
RATION_PUBLIC size_t ration_budget_count(const struct ration_budget *budget);

/* Returns item `i`, or NULL. It is valid as long as the budget. */
RATION_PUBLIC const struct ration_budget_item *ration_budget_item(const struct ration_budget *budget, size_t i);

/* Returns its text, as it was set; "" if there is none. Valid as long as the budget. */
RATION_PUBLIC const char *ration_budget_text(const struct ration_budget *budget);

/*
 * Makes a place in the queue for room in the budgets of a tenant and of the namespace: first come, first
 * served, among all processes that wait. `plan` has the limits that need room. The first
 * ration_admission_dispatch() takes the place. When it is its turn, start a run with
 * ration_run_options.admission, or create a group with ration_group_options.admission: the place is kept
 * until then, or until the handle is freed. It is for one start. The others wait meanwhile, so free it if
 * you don't start anything.
 * Without a budget it is always its turn. `host` must outlive it. Nothing is left behind, however this
 * process ends.
 * Errors: -EINVAL, -EMFILE, -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_admission_new(const struct ration_host *host, const struct ration_plan *plan,
		const struct ration_admission_options *options, struct ration_admission **ret_admission,
		struct ration_error *reterr);
RATION_PUBLIC struct ration_admission *ration_admission_free(struct ration_admission *admission);

/*
 * Returns an fd that polls readable when ration_admission_dispatch() has something to do. The
 * admission owns it: don't read or close it.
 */
RATION_PUBLIC int ration_admission_fd(const struct ration_admission *admission);

/*
 * Checks, without waiting, whether it is its turn. Returns 1 if so, else 0. If the budget is lowered after
 * that, the start fails with -EDQUOT; then make a new admission.
 * Errors: -ETIMEDOUT with RATION_CAUSE_BUDGET (no room in time: the message says what it waited for), -EINVAL
 * (a limit is missing), -ERANGE (it needs more than the whole budget), -EIO, -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_admission_dispatch(struct ration_admission *admission,
		struct ration_error *reterr);

/*
 * Waits until it is its turn. Errors: those of ration_admission_dispatch(); -EINTR: a signal with a handler
 * interrupted it, and it can be called again.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_admission_wait(struct ration_admission *admission,
		struct ration_error *reterr);

/* Up to so many admissions before it are counted exactly: see ration_admission_ahead(). Since 0.2.0 */
#define RATION_AHEAD_EXACT 8

/*
 * Returns how many were before it in its queue at the last check; 0 once it is its turn. Above
 * RATION_AHEAD_EXACT the number can be too high: it includes admissions that gave up, until their
 * turn would have come.
 */
RATION_PUBLIC uint64_t ration_admission_ahead(const struct ration_admission *admission);

/* Returns how long it has waited, in microseconds. */
RATION_PUBLIC uint64_t ration_admission_waited_usec(const struct ration_admission *admission);

/* Returns what it waits for, as a sentence, or "". Valid until the next call. */
RATION_PUBLIC const char *ration_admission_reason(const struct ration_admission *admission);

/*
 * Returns why memory pressure isn't known, so that it delays no start; "" if it is known or no budget has
 * `pressure`. Valid until the next call.
 */
RATION_PUBLIC const char *ration_admission_doubt(const struct ration_admission *admission);

/* Lists the processes that wait, by queue and place. Errors: -EIO, -ENOMEM. */
RATION_PUBLIC RATION_MUST_CHECK int ration_waiters_new(const struct ration_host *host,
		struct ration_waiters **ret_waiters, struct ration_error *reterr);
RATION_PUBLIC struct ration_waiters *ration_waiters_free(struct ration_waiters *waiters);

/* Returns the number of waiters. */
RATION_PUBLIC size_t ration_waiters_count(const struct ration_waiters *waiters);

/* Returns waiter `i`, or NULL. It is valid as long as the list. */
RATION_PUBLIC const struct ration_waiter *ration_waiters_item(const struct ration_waiters *waiters, size_t i);

/* "runs", "memory", "cpus". */
RATION_PUBLIC const char *ration_resource_name(enum ration_resource resource);

RATION_END

#endif /* RATION_BUDGET_H */
