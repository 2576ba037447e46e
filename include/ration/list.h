/* SPDX-License-Identifier: MIT */
/* ration/list.h - the tenants and groups that exist */
#ifndef RATION_LIST_H
#define RATION_LIST_H

#include <ration/group.h>

/* Whether the process that a group belongs to is alive. */
enum ration_owner {
	RATION_OWNER_UNKNOWN = 0, /* no record, or one of another pid namespace */
	RATION_OWNER_ALIVE = 1,
	RATION_OWNER_DEAD = 2,
	RATION_OWNER_KEPT = 3,    /* it belongs to nobody and stays until it is removed */
	RATION_OWNER_IMPLIED = 4, /* nobody created this tenant explicitly: it is removed with the last of its
				     groups. Since 0.2.0 */
};

/* A tenant or a group, as it was when the list was made. */
struct ration_list_item {
	size_t size;           /* sizeof(struct ration_list_item) */
	const char *address;   /* TENANT[/NAME]. Others can create names of any bytes: these are escaped, \xNN, and
				  only for display */
	bool is_tenant;
	enum ration_owner owner;
	int owner_pid;         /* 0: not known */
	uint32_t uid;          /* the owner of its directory: notes that another uid has left there aren't read */
	uint64_t created_usec; /* since the epoch; 0: not known */
	const char *command;   /* what runs in it, or what it is for; "": not known */
	const struct ration_stats *stats; /* what it uses, also in cgroup v1 */
	bool delegated;        /* it was given to `uid`, but its limits belong to the caller. Since 0.2.0 */
};

/* What to read: with few metrics, a list of many groups is several times as fast. Since 0.2.0. */
struct ration_list_options {
	size_t size;                       /* sizeof(struct ration_list_options) */
	const char *tenant;                /* only this one and its groups; NULL: all */
	const enum ration_metric *metrics; /* the figures that `stats` has; NULL: none */
	size_t n_metrics;
	bool pressure;                     /* and ration_stats_memory_pressure_pct100() */
	bool processes;                    /* and ration_stats_processes(), _populated(), _frozen() and _state() */
	bool state;                        /* all of these but ration_stats_processes() */
};

struct ration_list;

RATION_BEGIN

/*
 * Lists the tenants and groups below BASE/NAMESPACE, sorted, each tenant before its groups; only
 * those of `tenant`, unless it is NULL. Without a BASE the list is empty. Groups that come or go
 * during the call can be missing, and those that another uid keeps unreadable. Anything else that
 * can't be read is an error.
 * Errors: -EINVAL (a bad name), -EIO, -ENOMEM.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_list_new(const struct ration_host *host, const char *tenant,
		struct ration_list **ret_list, struct ration_error *reterr);
RATION_PUBLIC struct ration_list *ration_list_free(struct ration_list *list);

/*
 * The same with only the values that `options` asks for: others are absent or RATION_UNKNOWN in
 * `stats`, and without `processes` or `state` no group counts as populated or frozen.
 * Errors: also -EINVAL (a metric that isn't known). Since 0.2.0.
 */
RATION_PUBLIC RATION_MUST_CHECK int ration_list_new_with(const struct ration_host *host,
		const struct ration_list_options *options, struct ration_list **ret_list, struct ration_error *reterr);

/* Returns the number of items. */
RATION_PUBLIC size_t ration_list_count(const struct ration_list *list);

/* Returns item `i`, or NULL. It and all that it points to are valid as long as the list. */
RATION_PUBLIC const struct ration_list_item *ration_list_item(const struct ration_list *list, size_t i);

/* "unknown", "alive", "dead", "kept", "implied". */
RATION_PUBLIC const char *ration_owner_name(enum ration_owner owner);

RATION_END

#endif /* RATION_LIST_H */
