/* SPDX-License-Identifier: MIT */
/* ration/plan.h - which mechanism enforces each limit on a host */
#ifndef RATION_PLAN_H
#define RATION_PLAN_H

#include <ration/host.h>
#include <ration/limits.h>

/* What enforces a limit. */
enum ration_mechanism {
	RATION_MECHANISM_NONE = 0,
	RATION_MECHANISM_CGROUP2 = 100,
	RATION_MECHANISM_CGROUP1 = 101,  /* a hierarchy of cgroup v1 */
	RATION_MECHANISM_RLIMIT = 200,
	RATION_MECHANISM_AFFINITY = 201,
	RATION_MECHANISM_NICE = 202,
	RATION_MECHANISM_WATCH = 300,    /* the supervisor measures and acts */
};

/* What a mechanism counts. */
enum ration_scope {
	RATION_SCOPE_NONE = 0,
	RATION_SCOPE_GROUP = 1,   /* the sum of all processes of the group */
	RATION_SCOPE_PROCESS = 2, /* each process by itself */
	RATION_SCOPE_USER = 3,    /* all processes of one uid */
};

/* What to do where a limit can't be enforced for the whole group by the kernel. */
enum ration_policy {
	RATION_ENFORCE_FALLBACK = 0, /* take a weaker mechanism and name it; fail if there is none */
	RATION_ENFORCE_STRICT = 1,   /* fail */
	RATION_ENFORCE_ANY = 2,      /* run even where nothing enforces a limit */
};

/* What a plan is for. Zeroed fields take their defaults. Since 0.2.0. */
struct ration_plan_options {
	size_t size;                 /* sizeof(struct ration_plan_options) */
	enum ration_policy policy;   /* default: RATION_ENFORCE_FALLBACK */
	enum ration_purpose purpose; /* default: RATION_PURPOSE_RUN */
	const char *tenant;          /* of the run or group; it needn't exist. Percentages are of what this tenant
					can use now. NULL: of what BASE can use */
	bool for_tenant;             /* the plan is for a tenant itself, of RATION_PURPOSE_GROUP: cgroup v1
					enforces nothing for it. `tenant` is NULL then */
};

/*
 * One limit of a plan: what was asked for, and what enforces it. A limit with
 * a key has an item for each key.
 */
struct ration_plan_item {
	size_t size;              /* sizeof(struct ration_plan_item) */
	enum ration_limit limit;
	bool implied;             /* not asked for: it follows from another limit */
	bool weaker;              /* it doesn't meet the policy `strict` */
	uint64_t asked;           /* in the unit of the limit */
	uint64_t asked_soft;      /* as of ration_limits_set(): RATION_UNLIMITED where there is none */
	uint64_t in_force;        /* what the mechanism will enforce, if there is one */
	const char *text;         /* a list, or KEY:VALUE, as asked for; or NULL */
	const char *in_force_key; /* the key of `in_force`: a disk's number "8:0", a page size as the
				     kernel writes it, "2MB"; or NULL */
	enum ration_mechanism mechanism;
	enum ration_scope scope;
	enum ration_mechanism backstop; /* a second mechanism behind it, or NONE */
	enum ration_scope backstop_scope;
	const char *reason;       /* why it is weaker or not enforced, or which group above allows less; or "" */
	const char *fix;          /* what would make it better, or "" */
	enum ration_policy policy; /* the policy that applies to this limit: its own, or the plan's. Since 0.2.0 */
	bool of_caller;           /* `in_force` is what the group of this process allows. The run's group isn't
				     below that, but in the unit ration.service. So it becomes a limit of each
				     single run: one that nobody asked for (`implied`), or one lower than was asked
				     for. `reason` names the file. Since 0.2.0 */
};

/* A plan. Strings of its items are valid as long as it. */
struct ration_plan;

RATION_BEGIN

/*
 * Sets the policy of one limit: it applies to that limit in all plans of `limits`, instead of the
 * policy of the plan. So important limits can be strict while others may be missing. It also
 * applies if the limit is implied, such as swap by memory. Asking for a limit or removing it
 * doesn't change its policy. Since 0.2.0.
 * Errors: -EINVAL (no such limit or policy).
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_limits_set_policy(struct ration_limits *limits,
		enum ration_limit limit, enum ration_policy policy, struct ration_error *reterr);

/*
 * Decides how each limit is to be enforced on `host`. Changes nothing; looks up
 * the disks of paths. `options` can be NULL. A limit that doesn't fit the purpose is
 * planned with RATION_MECHANISM_NONE. `limits` isn't needed afterwards.
 * Errors: -ENOMEM; -EINVAL (contradicting limits, e.g. memory_high above memory; CPUs,
 * nodes or page sizes that don't exist here; `tenant` with `for_tenant`; no size), -E2BIG;
 * -ERANGE (a percentage that comes to less than the limit's minimum); -ENOTBLK (a path that
 * isn't on a disk), -ENOENT, -EACCES, ... (a path that can't be looked up).
 * A plan that the policy forbids is still a plan: see ration_plan_check().
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_plan_new(const struct ration_host *host,
		const struct ration_limits *limits, const struct ration_plan_options *options,
		struct ration_plan **ret_plan, struct ration_error *reterr);
RATION_PUBLIC struct ration_plan *ration_plan_free(struct ration_plan *plan);

/*
 * Returns 0 if the policy of the plan allows it to be carried out.
 * Errors: -EOPNOTSUPP; the message names the first limit that can't be enforced, or the
 * base that can't be used, and why; the hint says what would help.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_plan_check(const struct ration_plan *plan,
		struct ration_error *reterr);

/* Returns the number of items. */
RATION_PUBLIC size_t ration_plan_count(const struct ration_plan *plan);

/* Returns item `i`, in the order of the table of limits, or NULL. */
RATION_PUBLIC const struct ration_plan_item *ration_plan_item(const struct ration_plan *plan, size_t i);

/* "cgroup2", "rlimit", ... NULL for a value that this version doesn't have, as of all names. */
RATION_PUBLIC const char *ration_mechanism_name(enum ration_mechanism mechanism);
/* "group", "process", "user"; "none". */
RATION_PUBLIC const char *ration_scope_name(enum ration_scope scope);

RATION_END

#endif /* RATION_PLAN_H */
