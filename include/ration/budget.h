/* SPDX-License-Identifier: MIT */
/*
 * ration/budget.h - how much all groups of a tenant, or of the namespace, can take together
 *
 * Off unless a budget is set. Then each run and each group takes its limits from it before it
 * begins, and is refused where they don't fit: -EDQUOT with RATION_CAUSE_BUDGET. Nobody keeps an
 * account: what is taken is what the limits of the groups that live add up to, so it comes back
 * with the end of a group, however that ends. All of this is since 0.2.0.
 *
 * A budget is a text, "memory=8G,cpus=4,runs=100". runs=N: so many groups at a time. memory=SIZE, or memory=N%
 * of what groups can use here: the sum of their memory limits. cpus=N: the sum of their limits of CPU rate.
 * memory=8Gx1.5 has an overcommit factor, limits of 12G for 8G; also cpus=4x2. pressure=N%: no start while
 * the tasks of the tenant or the namespace were all stalled for memory for more than this share of the last
 * 10 s; default 10%; none: whatever it is. available=SIZE: no start that would leave the machine
 * less available memory; default 0.
 *
 * "none" as a value takes that key away; the text "none" takes the budget away.
 *
 * Who has no memory limit is refused where the budget has memory, and the same with cpus. The budget is recorded
 * as whose word it is: what another user, or who is in the group, writes there isn't read. It doesn't
 * bind the user to whom a tenant is delegated: of that, the namespace's budget takes the tenant's own limits.
 */
#ifndef RATION_BUDGET_H
#define RATION_BUDGET_H

#include <ration/host.h>
#include <ration/plan.h>

/* What a budget can have. */
enum ration_resource {
	RATION_RESOURCE_RUNS = 0,   /* groups */
	RATION_RESOURCE_MEMORY = 1, /* bytes */
	RATION_RESOURCE_CPUS = 2,   /* hundred-thousandths of a CPU, as RATION_LIMIT_CPUS */
};

/* One resource of a budget. Its strings are valid as long as the budget. */
struct ration_budget_item {
	size_t size;            /* sizeof(struct ration_budget_item) */
	enum ration_resource resource;
	uint64_t limit;         /* what can be taken in all */
	uint64_t taken;         /* what the groups that live have taken; RATION_UNLIMITED: one has no such limit */
	uint64_t base;          /* the limit before overcommit */
	uint32_t overcommit_pct;/* 100: none */
	uint32_t share_pct100;  /* base as a share of what there is, in hundredths of a percent; 0: it is absolute */
	const char *source;     /* whose the base is: "override" (an amount was set), "host", "container limit",
				   "limit", "tenant limit" */
	const char *where;      /* the group whose limit that is, or "" */
};

struct ration_budget;

/* How to wait for room. Zeroed fields take their defaults. */
struct ration_admission_options {
	size_t size;            /* sizeof(struct ration_admission_options) */
	const char *tenant;     /* of what is to be started; default "default" */
	uint64_t wait_usec;     /* how long; 0 or RATION_UNLIMITED: for ever */
};

struct ration_admission;

/* Who waits, as it was when the list was made. Its strings are valid as long as the list. */
struct ration_waiter {
	size_t size;            /* sizeof(struct ration_waiter) */
	const char *tenant;     /* in whose queue; "": in that of the namespace, where who is first in its tenant waits */
	uint64_t place;         /* in that queue, from 1 */
	int pid;                /* 0: not known */
	const char *command;    /* of that process, escaped; "": not known */
};

struct ration_waiters;

RATION_BEGIN

/* Checks the text of a budget. Errors: -EINVAL, -ERANGE. */
RATION_PUBLIC RATION_MUST_CHECK int ration_budget_check(const char *text, struct ration_error *reterr);

/*
 * Changes the budget of the namespace: the keys that `text` has, and no other. The namespace stays
 * until its budget is taken away. That of a tenant: ration_group_options and ration_update_options.
 * A budget below what is taken ends nothing: nobody gets in until enough has ended.
 * Errors: -EINVAL, -ERANGE (the text), -EOPNOTSUPP (no cgroup), -EPERM, -EACCES (it belongs to another
 * user), -ETIMEDOUT (another process has the lock), -EIO.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_budget_set(const struct ration_host *host, const char *text,
		struct ration_error *reterr);

/*
 * Reads the budget of `tenant`, or that of the namespace if it is NULL, and what of it is taken now. Where
 * there is none, it has no items. Errors: -EINVAL (a bad name), -EIO, -ENOMEM.
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
 * Takes a place in the queue for room in the budgets of a tenant and of the namespace: first come, first served, among all
 * processes that wait. `plan` says what is asked for. It begins to wait with the first ration_admission_dispatch(). When it
 * is its turn, start a run with ration_run_options.admission, or create a group with that of
 * ration_group_options: the place is kept until then, or until it is freed. It is for one start.
 * Where there is no budget it is always its turn. `host` must outlive it. Nothing is left behind, however
 * this process ends. Meanwhile the others wait: free it if you don't start.
 * Errors: -EINVAL, -EMFILE, -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_admission_new(const struct ration_host *host, const struct ration_plan *plan,
		const struct ration_admission_options *options, struct ration_admission **ret_admission,
		struct ration_error *reterr);
RATION_PUBLIC struct ration_admission *ration_admission_free(struct ration_admission *admission);

/* Returns an fd that polls readable when ration_admission_dispatch() has something to do. It belongs to the admission. */
RATION_PUBLIC int ration_admission_fd(const struct ration_admission *admission);

/*
 * Looks, without waiting. Returns 1 when it is its turn, else 0. A start may still find that the budget was lowered
 * since: -EDQUOT; then begin anew.
 * Errors: -ETIMEDOUT with RATION_CAUSE_BUDGET (no room in time: the message says what it waited for), -EINVAL (a limit is
 * missing), -ERANGE (it asks for more than there ever is), -EIO, -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_admission_dispatch(struct ration_admission *admission, struct ration_error *reterr);

/* Waits until it is its turn. A signal with a handler interrupts it: -EINTR, and it can be called again. */
RATION_PUBLIC RATION_MUST_CHECK int ration_admission_wait(struct ration_admission *admission, struct ration_error *reterr);

/* Returns how many are before it in its queue, at the last look; 0 also once it is its turn. */
RATION_PUBLIC uint64_t ration_admission_ahead(const struct ration_admission *admission);

/* Returns how long it has waited. */
RATION_PUBLIC uint64_t ration_admission_waited_usec(const struct ration_admission *admission);

/* Returns what it waits for, a sentence; "": for nothing. Valid until the next call. */
RATION_PUBLIC const char *ration_admission_reason(const struct ration_admission *admission);

/* Returns why memory pressure isn't known and holds nobody; "" if it is known, or no budget asks. Valid until the next call. */
RATION_PUBLIC const char *ration_admission_doubt(const struct ration_admission *admission);

/* Lists who waits, by queue and place. Errors: -EIO, -ENOMEM. */
RATION_PUBLIC RATION_MUST_CHECK int ration_waiters_new(const struct ration_host *host, struct ration_waiters **ret_waiters,
		struct ration_error *reterr);
RATION_PUBLIC struct ration_waiters *ration_waiters_free(struct ration_waiters *waiters);
RATION_PUBLIC size_t ration_waiters_count(const struct ration_waiters *waiters);

/* Returns waiter `i`, or NULL. */
RATION_PUBLIC const struct ration_waiter *ration_waiters_item(const struct ration_waiters *waiters, size_t i);

/* "runs", "memory", "cpus". */
RATION_PUBLIC const char *ration_resource_name(enum ration_resource resource);

RATION_END

#endif /* RATION_BUDGET_H */
