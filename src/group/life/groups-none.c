/* SPDX-License-Identifier: MIT */
/*
 * groups-none.c - groups by hand, on a system that has none
 *
 * Calls that don't need a group work: a handle without one (without_cgroup), a command that is
 * started or executed with limits of its own, an empty list. All others return -EOPNOTSUPP, and say
 * that cgroups are missing here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "group/command.h"
#include "group/limits/apply.h"
#include "group/stats/sampler-options.h"
#include "host/host.h"
#include "host/names.h"
#include "plan/plan.h"
#include "ration.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/size.h"

struct ration_group {
	const struct host_snapshot *host;
	bool tenant;
	char address[2 * RATION_NAME_MAX + 2];
};

static int refuse(const struct host_snapshot *host, const char *address, struct ration_error *reterr)
{
	(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NO_CGROUP, "%s has no cgroup: %s", address,
			host->facts.base_reason);
	return error_hint(reterr, -EOPNOTSUPP, "ration run follows processes instead; see ration doctor");
}

static int refuse_group(const struct ration_group *group, struct ration_error *reterr)
{
	return refuse(group->host, group->address, reterr);
}

/* ----------------------------------------------------------------- handles */

int ration_group_create(const struct ration_host *host, const char *address, const struct ration_plan *plan,
		const struct ration_group_options *given, struct ration_group **ret_group,
		struct ration_error *reterr)
{
	struct ration_group_options options;
	char tenant[RATION_NAME_MAX + 1], name[RATION_NAME_MAX + 1];
	struct ration_group *group;
	int r = names_parse(address, tenant, name, reterr);

	if (r == 0)
		r = TAKE_OPTIONS(struct ration_group_options, &options, given, reterr);
	if (r == 0 && plan)
		r = plan_check_purpose(plan, RATION_PURPOSE_GROUP, reterr);
	if (r < 0)
		return r;
	if (!options.without_cgroup)
		return refuse(host_now(host), address, reterr);
	group = calloc(1, sizeof(*group));
	if (!group)
		return error_oom(reterr);
	group->host = host_now(host);
	group->tenant = name[0] == '\0';
	(void)snprintf(group->address, sizeof(group->address), "%s", address);
	*ret_group = group;
	return 0;
}

int ration_group_open(const struct ration_host *host, const char *address, struct ration_group **ret_group,
		struct ration_error *reterr)
{
	char tenant[RATION_NAME_MAX + 1], name[RATION_NAME_MAX + 1];
	int r = names_parse(address, tenant, name, reterr);

	(void)ret_group;
	return r < 0 ? r : refuse(host_now(host), address, reterr);
}

struct ration_group *ration_group_free(struct ration_group *group)
{
	free(group);
	return NULL;
}

const char *ration_group_address(const struct ration_group *group)
{
	return group->address;
}

const char *ration_group_path(const struct ration_group *group)
{
	(void)group;
	return NULL;
}

bool ration_group_is_tenant(const struct ration_group *group)
{
	return group->tenant;
}

const char *ration_group_reason(const struct ration_group *group)
{
	return group->host->facts.base_reason;
}

/* ---------------------------------------------------------------- commands */

static int prepare(const struct ration_group *group, const struct ration_spawn_options *given,
		struct command *command, struct ration_error *reterr)
{
	struct ration_spawn_options options;
	int fds[3], r = TAKE_OPTIONS(struct ration_spawn_options, &options, given, reterr);

	if (r == 0)
		r = command_check_fds(options.fds, options.pass_fds, options.n_pass_fds, fds, reterr);
	if (r == 0)
		r = command_prepare(command, &COMMAND_REQUEST(&options, fds, &group->host->mask), reterr);
	if (r == 0 && options.plan)
		r = plan_check_purpose(options.plan, RATION_PURPOSE_PROCESS, reterr);
	if (r == 0 && options.plan)
		r = apply_child(options.plan, &group->host->facts, &command->spawn, reterr);
	return r;
}

int ration_group_spawn(struct ration_group *group, const struct ration_spawn_options *options, int *ret_pid,
		int *ret_pid_fd, struct ration_error *reterr)
{
	CLEANUP(command_done) struct command command = { .program = NULL };
	enum ration_birth birth;
	int pid_fd, r;
	pid_t pid;

	if (ret_pid_fd)
		return error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_KERNEL_TOO_OLD, "this system has no pidfds");
	r = prepare(group, options, &command, reterr);
	if (r < 0)
		return r;
	r = spawn_start(&command.spawn, &pid, &pid_fd, &birth);
	if (r < 0)
		return command_spawn_error(&command.spawn, r, reterr);
	*ret_pid = (int)pid;
	return 0;
}

int ration_group_exec(struct ration_group *group, const struct ration_spawn_options *options,
		struct ration_error *reterr)
{
	CLEANUP(command_done) struct command command = { .program = NULL };
	int r = prepare(group, options, &command, reterr);

	if (r < 0)
		return r;
	r = spawn_prepare(&command.spawn);
	if (r == 0)
		r = spawn_become(&command.spawn);
	return command_spawn_error(&command.spawn, r, reterr);
}

/* -------------------------------------------------------- there is nothing to do it to */

int ration_group_attach_check(const struct ration_group *group, int pid, const struct ration_plan *plan,
		struct ration_error *reterr)
{
	(void)pid;
	(void)plan;
	return refuse_group(group, reterr);
}

int ration_group_attach(struct ration_group *group, int pid, const struct ration_plan *plan,
		struct ration_attach_report *report, struct ration_error *reterr)
{
	(void)report;
	return ration_group_attach_check(group, pid, plan, reterr);
}

int ration_group_attach_pidfd(struct ration_group *group, int pid_fd, const struct ration_plan *plan,
		struct ration_attach_report *report, struct ration_error *reterr)
{
	(void)report;
	return ration_group_attach_check(group, pid_fd, plan, reterr);
}

int ration_group_update(struct ration_group *group, const struct ration_plan *plan,
		const struct ration_update_options *options, struct ration_update_report *report,
		struct ration_error *reterr)
{
	(void)plan;
	(void)options;
	(void)report;
	return refuse_group(group, reterr);
}

int ration_stats_new(const struct ration_group *group, struct ration_stats **ret_stats,
		struct ration_error *reterr)
{
	(void)ret_stats;
	return refuse_group(group, reterr);
}

int ration_group_limit_new(const struct ration_group *group, enum ration_limit limit,
		struct ration_group_limit **ret_limit, struct ration_error *reterr)
{
	(void)limit;
	(void)ret_limit;
	return refuse_group(group, reterr);
}

struct ration_group_limit *ration_group_limit_free(struct ration_group_limit *limit)
{
	free(limit);
	return NULL;
}

int ration_group_pids(const struct ration_group *group, int *ret_pids, size_t n, struct ration_error *reterr)
{
	(void)ret_pids;
	(void)n;
	return refuse_group(group, reterr);
}

int ration_group_freeze(struct ration_group *group, uint64_t timeout_usec, struct ration_error *reterr)
{
	(void)timeout_usec;
	return refuse_group(group, reterr);
}

int ration_group_thaw(struct ration_group *group, uint64_t timeout_usec, struct ration_error *reterr)
{
	(void)timeout_usec;
	return refuse_group(group, reterr);
}

int ration_group_kill(struct ration_group *group, uint64_t timeout_usec, uint64_t *ret_killed,
		struct ration_error *reterr)
{
	(void)timeout_usec;
	(void)ret_killed;
	return refuse_group(group, reterr);
}

int ration_group_stop(struct ration_group *group, int sig, uint64_t kill_after_usec, uint64_t timeout_usec,
		uint64_t *ret_stopped, struct ration_error *reterr)
{
	(void)sig;
	(void)kill_after_usec;
	(void)timeout_usec;
	(void)ret_stopped;
	return refuse_group(group, reterr);
}

int ration_group_reclaim(struct ration_group *group, uint64_t bytes, uint64_t *ret_reclaimed_bytes,
		struct ration_error *reterr)
{
	(void)bytes;
	(void)ret_reclaimed_bytes;
	return refuse_group(group, reterr);
}

int ration_group_remove(struct ration_group *group, enum ration_remove mode, struct ration_remove_report *report,
		struct ration_error *reterr)
{
	(void)mode;
	(void)report;
	return refuse_group(group, reterr);
}

/* ------------------------------------------------------------ lists, collection */

/* A host without BASE has none: an empty list. */
struct ration_list {
	size_t n;
};

int ration_list_new_with(const struct ration_host *host, const struct ration_list_options *given, struct ration_list **ret_list,
		struct ration_error *reterr)
{
	struct ration_list_options options;
	int r = list_take_options(given, &options, reterr);
	struct ration_list *list;

	(void)host;
	if (r < 0)
		return r;
	list = calloc(1, sizeof(*list));
	if (!list)
		return error_oom(reterr);
	*ret_list = list;
	return 0;
}

int ration_list_new(const struct ration_host *host, const char *tenant, struct ration_list **ret_list,
		struct ration_error *reterr)
{
	const struct ration_list_options options = { .size = sizeof(options), .tenant = tenant };

	return ration_list_new_with(host, &options, ret_list, reterr);
}

struct ration_list *ration_list_free(struct ration_list *list)
{
	free(list);
	return NULL;
}

size_t ration_list_count(const struct ration_list *list)
{
	return list->n;
}

const struct ration_list_item *ration_list_item(const struct ration_list *list, size_t i)
{
	(void)list;
	(void)i;
	return NULL;
}

int ration_gc(const struct ration_host *host, const struct ration_gc_options *options,
		struct ration_gc_report *report, struct ration_error *reterr)
{
	const struct ration_gc_report nothing = { .examined = 0 };
	struct ration_gc_options taken;
	int r = TAKE_OPTIONS(struct ration_gc_options, &taken, options, reterr);

	(void)host;
	return r < 0 ? r : GIVE_RESULT(struct ration_gc_report, report, &nothing, reterr);
}

/* -------------------------------------------------------------- events, guard */

/* None is ever opened, so no call below has one. */

int ration_events_open(const struct ration_group *group, const struct ration_events_options *options,
		struct ration_events **ret_events, struct ration_error *reterr)
{
	(void)options;
	(void)ret_events;
	return refuse_group(group, reterr);
}

struct ration_events *ration_events_free(struct ration_events *events)
{
	(void)events;
	return NULL;
}

int ration_events_fd(const struct ration_events *events)
{
	(void)events;
	return -EBADF;
}

uint64_t ration_events_kinds(const struct ration_events *events)
{
	(void)events;
	return 0;
}

int ration_events_next(struct ration_events *events, struct ration_event *ret_event, struct ration_error *reterr)
{
	(void)events;
	(void)ret_event;
	return error_set(reterr, -EBADF, RATION_CAUSE_NO_CGROUP, "events need cgroups");
}

int ration_guard_open(const struct ration_group *tenant, const struct ration_guard_options *options,
		struct ration_guard **ret_guard, struct ration_error *reterr)
{
	(void)options;
	(void)ret_guard;
	return refuse_group(tenant, reterr);
}

struct ration_guard *ration_guard_free(struct ration_guard *guard)
{
	(void)guard;
	return NULL;
}

int ration_guard_fd(const struct ration_guard *guard)
{
	(void)guard;
	return -EBADF;
}

int ration_guard_next(struct ration_guard *guard, struct ration_guard_report *ret_report,
		struct ration_error *reterr)
{
	(void)guard;
	(void)ret_report;
	return error_set(reterr, -EBADF, RATION_CAUSE_NO_CGROUP, "guards need cgroups");
}
