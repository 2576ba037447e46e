/* SPDX-License-Identifier: MIT */
/*
 * json-live.c - what groups do and what was done to them, for programs
 */
#include <stdint.h>
#include <string.h>

#include "cli/output/json-build.h"
#include "cli/output/json.h"
#include "util/cleanup.h"

/* ------------------------------------------------------------------- stats */

char *json_stat(const struct json_stats *list, size_t n, const struct ration_host *host)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object(), *array = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *group = json_object();

		build_put_text(&builder, group, "group", list[i].address);
		build_put_stats(&builder, group, list[i].stats);
		if (host && !strchr(list[i].address, '/'))
			build_put_budget(&builder, group, host, list[i].address);
		build_add(&builder, array, group);
	}
	build_put(&builder, object, "schema", json_integer(1));
	build_put(&builder, object, "groups", array);
	return build_finish(&builder, object);
}

char *json_stat_line(const struct json_stats *at, uint64_t time_usec)
{
	struct builder builder = { .line = true };
	json_t *object = json_object();

	build_put(&builder, object, "schema", json_integer(1));
	build_put_text(&builder, object, "group", at->address);
	build_put(&builder, object, "time_usec", build_number(time_usec));
	build_put_stats(&builder, object, at->stats);
	return build_finish(&builder, object);
}

/* ---------------------------------------------------------- kill, reclaim */

char *json_kill(const struct json_killed *list, size_t n)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object(), *array = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *group = json_object();

		build_put_text(&builder, group, "group", list[i].address);
		build_put(&builder, group, "killed", build_number(list[i].killed));
		build_add(&builder, array, group);
	}
	build_put(&builder, object, "schema", json_integer(1));
	build_put(&builder, object, "groups", array);
	return build_finish(&builder, object);
}

char *json_reclaim(const char *address, uint64_t asked_bytes, uint64_t reclaimed_bytes)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object();

	build_put(&builder, object, "schema", json_integer(1));
	build_put_text(&builder, object, "group", address);
	build_put(&builder, object, "asked_bytes", build_number(asked_bytes));
	build_put(&builder, object, "reclaimed_bytes", build_number(reclaimed_bytes));
	return build_finish(&builder, object);
}

/* ------------------------------------------------------------------ attach */

static json_t *attached_object(struct builder *builder, const struct json_attached *at)
{
	json_t *object = json_object();

	build_put(builder, object, "pid", json_integer(at->pid));
	build_put(builder, object, "moved", json_boolean(at->report.moved));
	build_put_text(builder, object, "from", at->from);
	if (at->report.elsewhere_bytes != RATION_UNKNOWN)
		build_put(builder, object, "elsewhere_bytes", build_number(at->report.elsewhere_bytes));
	return object;
}

/* A limit of the group, as it comes to through all levels above. */
static json_t *bound(struct builder *builder, const struct ration_group_limit *at)
{
	const struct ration_limit_info *info = ration_limit_info(at->limit);
	json_t *object = json_object();

	build_put(builder, object, "limit", json_string(info->name));
	build_put(builder, object, "in_force", at->effective_text[0] ?
			build_string(at->effective_text, NULL) : build_limit_value(info, at->effective));
	build_put(builder, object, "mechanism", json_string(ration_mechanism_name(RATION_MECHANISM_CGROUP2)));
	build_put(builder, object, "scope", json_string(ration_scope_name(RATION_SCOPE_GROUP)));
	build_put(builder, object, "level", json_string(ration_level_name(at->level)));
	build_put_text(builder, object, "where", at->where);
	return object;
}

char *json_attach(const struct json_attach *attach)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object(), *processes = json_array(), *limits = json_array();
	const struct ration_plan_item *item;

	for (size_t i = 0; i < attach->n; i++)
		build_add(&builder, processes, attached_object(&builder, &attach->list[i]));
	for (size_t i = 0; i < attach->n_bounds; i++)
		build_add(&builder, limits, bound(&builder, attach->bounds[i]));
	for (size_t i = 0; (item = ration_plan_item(attach->plan, i)); i++)
		build_add(&builder, limits, build_plan_item(&builder, item, NULL));
	build_put(&builder, object, "schema", json_integer(1));
	build_put_text(&builder, object, "group", attach->address);
	build_put_text(&builder, object, "reason", attach->reason);
	build_put(&builder, object, "processes", processes);
	build_put(&builder, object, "limits", limits);
	return build_finish(&builder, object);
}
