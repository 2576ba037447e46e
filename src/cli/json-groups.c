/* SPDX-License-Identifier: MIT */
/*
 * json-groups.c - tenants and groups for programs
 */
#include "cli/json-build.h"
#include "cli/json.h"

char *json_gc(const struct ration_gc_report *report)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object();

	build_put(&builder, object, "schema", json_integer(1));
	build_put(&builder, object, "examined", build_number(report->examined));
	build_put(&builder, object, "removed", build_number(report->removed));
	build_put(&builder, object, "live", build_number(report->live));
	build_put(&builder, object, "failed", build_number(report->failed));
	return build_finish(&builder, object);
}
