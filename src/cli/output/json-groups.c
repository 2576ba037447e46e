/* SPDX-License-Identifier: MIT */
/*
 * json-groups.c - tenants and groups for programs
 */
#include <string.h>

#include "cli/output/group-words.h"
#include "cli/output/json-build.h"
#include "cli/output/json.h"

/* ------------------------------------------------------------------- limits */

/* One side of a limit, where it is known. */
static void put_value(struct builder *builder, json_t *object, const char *key,
		const struct ration_limit_info *info, bool known, uint64_t value, const char *text)
{
	if (known && limit_is_text(info))
		build_put_text(builder, object, key, text);
	else if (known)
		build_put(builder, object, key, build_limit_value(info, value));
}

static json_t *group_limit(struct builder *builder, const struct ration_group_limit *limit)
{
	const struct ration_limit_info *info = ration_limit_info(limit->limit);
	json_t *object = json_object();

	build_put(builder, object, "limit", json_string(info->name));
	put_value(builder, object, "asked", info, limit->has_asked, limit->asked, limit->asked_text);
	put_value(builder, object, "in_force", info, limit->has_here, limit->here, limit->here_text);
	build_put(builder, object, "mechanism", json_string(ration_mechanism_name(limit->mechanism)));
	build_put_text(builder, object, "file", limit->file ? limit->file : "");
	put_value(builder, object, "effective", info, limit->has_effective, limit->effective,
			limit->effective_text);
	if (limit->has_effective)
		build_put(builder, object, "level", json_string(ration_level_name(limit->level)));
	if (limit->has_effective)
		build_put_text(builder, object, "where", limit->where);
	return object;
}

static json_t *group_object(struct builder *builder, const struct ration_group *group)
{
	json_t *object = json_object();

	build_put(builder, object, "schema", json_integer(1));
	build_put(builder, object, "group", json_string(ration_group_address(group)));
	build_put(builder, object, "tenant", json_boolean(ration_group_is_tenant(group)));
	build_put_text(builder, object, "path", ration_group_path(group));
	return object;
}

char *json_show(const struct ration_host *host, const struct ration_group *group, struct ration_group_limit *const *limits,
		size_t n)
{
	struct builder builder = { .failed = false };
	json_t *object = group_object(&builder, group), *array = json_array();

	for (size_t i = 0; i < n; i++)
		build_add(&builder, array, group_limit(&builder, limits[i]));
	build_put(&builder, object, "limits", array);
	if (ration_group_is_tenant(group))
		build_put_budget(&builder, object, host, ration_group_address(group));
	return build_finish(&builder, object);
}

char *json_create(const struct ration_group *group, const struct ration_plan *plan)
{
	struct builder builder = { .failed = false };
	json_t *object = group_object(&builder, group);

	build_put(&builder, object, "limits", build_limits(&builder, plan, NULL));
	return build_finish(&builder, object);
}

/* NULL: it couldn't be read. */
static void put_here(struct builder *builder, json_t *object, const char *key, const struct ration_group_limit *limit)
{
	if (limit)
		put_value(builder, object, key, ration_limit_info(limit->limit), limit->has_here, limit->here,
				limit->here_text);
}

static json_t *changes(struct builder *builder, const struct ration_plan *plan,
		struct ration_group_limit *const *before, struct ration_group_limit *const *after)
{
	json_t *array = json_array();
	const struct ration_plan_item *item;

	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
		const struct ration_limit_info *info = ration_limit_info(item->limit);
		json_t *object;

		if (item->implied || !plan_limit_is_new(plan, i))
			continue;
		object = json_object();
		build_put(builder, object, "limit", json_string(info->name));
		put_here(builder, object, "before", before[i]);
		put_here(builder, object, "after", after[i]);
		build_add(builder, array, object);
	}
	return array;
}

char *json_set(const char *address, const struct ration_plan *plan, struct ration_group_limit *const *before,
		struct ration_group_limit *const *after, const struct ration_update_report *report,
		const struct ration_error *error)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object();

	build_put(&builder, object, "schema", json_integer(1));
	build_put(&builder, object, "group", json_string(address));
	build_put(&builder, object, "changed", json_boolean(report->changed));
	if (report->has_failed)
		build_put(&builder, object, "failed", json_string(ration_limit_info(report->failed)->name));
	if (error)
		build_put_text(&builder, object, "error", error->message);
	build_put(&builder, object, "limits", changes(&builder, plan, before, after));
	if (report->memory_before_bytes != RATION_UNKNOWN)
		build_put(&builder, object, "memory_before_bytes", build_number(report->memory_before_bytes));
	if (report->memory_after_bytes != RATION_UNKNOWN)
		build_put(&builder, object, "memory_after_bytes", build_number(report->memory_after_bytes));
	build_put(&builder, object, "oom_kills", build_number(report->oom_kills));
	build_put(&builder, object, "elapsed_usec", build_number(report->elapsed_usec));
	return build_finish(&builder, object);
}

/* ------------------------------------------------------------- life and death */

static json_t *list_item(struct builder *builder, const struct ration_host *host, const struct ration_list_item *item)
{
	json_t *object = json_object();

	build_put(builder, object, "group", json_string(item->address));
	build_put(builder, object, "tenant", json_boolean(item->is_tenant));
	build_put(builder, object, "owner", json_string(ration_owner_name(item->owner)));
	if (item->owner_pid > 0)
		build_put(builder, object, "owner_pid", json_integer(item->owner_pid));
	build_put(builder, object, "uid", json_integer(item->uid));
	if (item->delegated)
		build_put(builder, object, "delegated", json_true());
	if (item->created_usec > 0)
		build_put(builder, object, "created_usec", build_number(item->created_usec));
	build_put_text(builder, object, "command", item->command);
	build_put_stats(builder, object, item->stats);
	if (item->is_tenant)
		build_put_budget(builder, object, host, item->address);
	return object;
}

char *json_ls(const struct ration_host *host, const struct ration_list *list)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object(), *array = json_array();
	const struct ration_list_item *item;

	for (size_t i = 0; (item = ration_list_item(list, i)); i++)
		build_add(&builder, array, list_item(&builder, host, item));
	build_put(&builder, object, "schema", json_integer(1));
	build_put(&builder, object, "groups", array);
	build_put_budget(&builder, object, host, NULL);
	return build_finish(&builder, object);
}

char *json_waiting(const struct ration_waiters *waiters, const char *tenant)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object(), *array = json_array();
	const struct ration_waiter *waiter;

	for (size_t i = 0; (waiter = ration_waiters_item(waiters, i)); i++) {
		json_t *item;

		if (tenant && strcmp(tenant, waiter->tenant) != 0)
			continue;
		item = json_object();
		build_put_text(&builder, item, "tenant", waiter->tenant);
		build_put(&builder, item, "place", build_number(waiter->place));
		if (waiter->pid > 0)
			build_put(&builder, item, "pid", json_integer(waiter->pid));
		build_put_text(&builder, item, "command", waiter->command);
		build_add(&builder, array, item);
	}
	build_put(&builder, object, "schema", json_integer(1));
	build_put(&builder, object, "waiting", array);
	return build_finish(&builder, object);
}

char *json_budget(const struct ration_host *host)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object();

	build_put(&builder, object, "schema", json_integer(1));
	build_put_budget(&builder, object, host, NULL);
	return build_finish(&builder, object);
}

static json_t *removal(struct builder *builder, const struct removal *at)
{
	json_t *object = json_object();

	build_put(builder, object, "group", build_string(at->address, NULL));
	build_put(builder, object, "removed", json_boolean(at->code >= 0));
	if (at->code < 0) {
		build_put_text(builder, object, "message", at->error.message);
		build_put_text(builder, object, "hint", at->error.hint);
		return object;
	}
	build_put(builder, object, "killed", build_number(at->report.killed));
	build_put(builder, object, "released", build_number(at->report.released));
	build_put(builder, object, "released_to_caller", build_number(at->report.released_to_caller));
	return object;
}

char *json_rm(const struct removal *removals, size_t n)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object(), *array = json_array();

	for (size_t i = 0; i < n; i++)
		build_add(&builder, array, removal(&builder, &removals[i]));
	build_put(&builder, object, "schema", json_integer(1));
	build_put(&builder, object, "groups", array);
	return build_finish(&builder, object);
}

/* A dry run's "removed" is what would be. */
static const char *action_name(enum ration_gc_action action)
{
	switch (action) {
	case RATION_GC_LIVE:
		return "live";
	case RATION_GC_REMOVED:
		return "removed";
	case RATION_GC_SHUT:
		return "shut";
	case RATION_GC_FAILED:
		break;
	}
	return "failed";
}

char *json_guard(const struct ration_guard_report *report)
{
	struct builder builder = { .line = true };
	json_t *object = json_object();

	build_put(&builder, object, "schema", json_integer(1));
	build_put(&builder, object, "group", json_string(report->group));
	build_put(&builder, object, "killed", json_boolean(report->killed));
	build_put(&builder, object, "emptied", json_boolean(report->emptied));
	build_put(&builder, object, "avoided", json_boolean(report->avoided));
	build_put(&builder, object, "processes", build_number(report->processes));
	build_put(&builder, object, "candidates", build_number(report->candidates));
	build_put(&builder, object, "stalled_usec", build_number(report->stalled_usec));
	build_put(&builder, object, "elapsed_usec", build_number(report->elapsed_usec));
	build_put(&builder, object, "group_stalled_usec", build_number(report->group_stalled_usec));
	build_put(&builder, object, "scanned_pages", build_number(report->scanned_pages));
	build_put(&builder, object, "memory_bytes", build_number(report->memory_bytes));
	return build_finish(&builder, object);
}

char *json_gc(const struct ration_gc_report *report, const struct gc_finding *findings, size_t n, bool dry_run)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object(), *array = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *finding = json_object();

		build_put(&builder, finding, "group", json_string(findings[i].address));
		build_put(&builder, finding, "action", json_string(action_name(findings[i].action)));
		build_add(&builder, array, finding);
	}
	build_put(&builder, object, "schema", json_integer(1));
	build_put(&builder, object, "dry_run", json_boolean(dry_run));
	build_put(&builder, object, "examined", build_number(report->examined));
	build_put(&builder, object, "removed", build_number(report->removed));
	build_put(&builder, object, "live", build_number(report->live));
	build_put(&builder, object, "failed", build_number(report->failed));
	build_put(&builder, object, "groups", array);
	return build_finish(&builder, object);
}
