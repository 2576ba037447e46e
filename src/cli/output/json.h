/* SPDX-License-Identifier: MIT */
/*
 * json.h - JSON: plans, receipts and groups for programs
 *
 * Each returns the text, which is the caller's, or NULL where memory ran out.
 */
#ifndef RATION_CLI_OUTPUT_JSON_H
#define RATION_CLI_OUTPUT_JSON_H

#include <stdbool.h>

#include "ration.h"

/* What the receipt itself doesn't contain. */
struct json_run {
	const struct ration_plan *plan;
	char *const *argv;      /* the command */
	const char *profile;    /* its file, or NULL */
	bool line;              /* all of it in one line */
	bool waited;            /* for room in a budget, or would have */
	uint64_t waited_usec;
	const char *doubt;      /* why memory pressure wasn't known then; "": it was */
};

/* A receipt, as docs/receipt.schema.json describes it. */
char *json_receipt(const struct ration_receipt *receipt, const struct json_run *run);

/*
 * A plan under the policy of that name; `refusal` says why it is forbidden, or is NULL. A group
 * may have `memory_bytes` at most, and `memory_source` says so.
 */
char *json_plan(const struct ration_plan *plan, uint64_t memory_bytes, const char *memory_source,
		const char *policy, const struct ration_error *refusal);

/* What doctor found, as docs/doctor.schema.json describes it. */
char *json_doctor(const struct ration_host_info *host, const struct ration_plan *plan,
		const struct ration_findings *findings, const char *fix);

/* A group that was made by `plan`. */
char *json_create(const struct ration_group *group, const struct ration_plan *plan);

/* A change: for each item of the plan, what was in force before and is after; `error`: why nothing changed, or NULL. */
char *json_set(const char *address, const struct ration_plan *plan, struct ration_group_limit *const *before,
		struct ration_group_limit *const *after, const struct ration_update_report *report,
		const struct ration_error *error);

/* `n` limits of a group. */
char *json_show(const struct ration_host *host, const struct ration_group *group, struct ration_group_limit *const *limits,
		size_t n);

/* The processes that wait for room; `tenant`: only those in its queue, or NULL. */
char *json_waiting(const struct ration_waiters *waiters, const char *tenant);

/* The budget of the namespace. */
char *json_budget(const struct ration_host *host);

/* One group that was to be removed, and what became of that. */
struct removal {
	const char *address;
	int code;                   /* negative: it wasn't, and `error` says why */
	struct ration_error error;
	struct ration_remove_report report;
};
char *json_rm(const struct removal *removals, size_t n);

char *json_ls(const struct ration_host *host, const struct ration_list *list);

/* One group that garbage collection looked at. */
struct gc_finding {
	char *address;
	enum ration_gc_action action;
};
char *json_gc(const struct ration_gc_report *report, const struct gc_finding *findings, size_t n, bool dry_run);

/* What a guard did, on one line. */
char *json_guard(const struct ration_guard_report *report);

/* What a group uses. */
struct json_stats {
	const char *address;
	struct ration_stats *stats;
};

/* `host` is where the budgets of tenants are; NULL: there are none among them. */
char *json_stat(const struct json_stats *list, size_t n, const struct ration_host *host);

/* The same of one group at a time since the epoch, as one line. */
char *json_stat_line(const struct json_stats *at, uint64_t time_usec);

/* How many were killed in a group. */
struct json_killed {
	const char *address;
	uint64_t killed;
};

char *json_kill(const struct json_killed *list, size_t n);

char *json_reclaim(const char *address, uint64_t asked_bytes, uint64_t reclaimed_bytes);

/* What became of a process that was attached. */
struct json_attached {
	int pid;
	struct ration_attach_report report;
	char *from; /* report.from, which the next call overwrites */
};

/* The result of `ration attach`, and the limits in force from then on. */
struct json_attach {
	const char *address;
	const char *reason; /* why there is no cgroup, or "" */
	size_t n, n_bounds;
	struct json_attached *list;
	struct ration_group_limit **bounds; /* by the group, or one above it */
	const struct ration_plan *plan; /* by each process itself */
};

char *json_attach(const struct json_attach *attach);

#endif
