/* SPDX-License-Identifier: MIT */
/*
 * json.c - plans and receipts for programs
 *
 * What isn't known is left out: a reader must be able to tell it from 0.
 *
 * JSON text is Unicode, arguments of a command are bytes. An argument that isn't
 * UTF-8 is written with every backslash as \\ and every byte from 0x80 up as
 * \xNN, and its index stands in `command_escaped`: so nothing is lost, and an
 * argument that only looks escaped can't be mistaken for one that is.
 */
#include "cli/output/json.h"

#include <string.h>

#include "cli/options/rows.h"
#include "cli/output/host-words.h"
#include "cli/output/json-build.h"
#include "cli/output/output.h"
#include "util/compat.h"
#include "util/errno-names.h"

static json_t *names(struct builder *builder, const struct host_bit *table, uint64_t bits)
{
	json_t *array = json_array();

	for (; table->name; table++) {
		if (bits & table->bit)
			build_add(builder, array, json_string(table->name));
	}
	return array;
}

/* ------------------------------------------------------------------ receipt */

static void put_command(struct builder *builder, json_t *object, char *const *argv)
{
	json_t *command = json_array(), *indexes = json_array();

	for (json_int_t i = 0; argv[i]; i++) {
		bool was_escaped;

		build_add(builder, command, build_string(argv[i], &was_escaped));
		if (was_escaped)
			build_add(builder, indexes, json_integer(i));
	}
	build_put(builder, object, "command", command);
	if (json_array_size(indexes) > 0)
		build_put(builder, object, "command_escaped", indexes);
	else
		json_decref(indexes);
}

static json_t *exit_object(struct builder *builder, const struct ration_receipt *receipt)
{
	json_t *object = json_object();

	build_put(builder, object, "code", json_integer(ration_receipt_exit_code(receipt)));
	if (ration_receipt_child_status(receipt) >= 0)
		build_put(builder, object, "status", json_integer(ration_receipt_child_status(receipt)));
	if (ration_receipt_child_signal(receipt) > 0)
		build_put(builder, object, "signal", json_integer(ration_receipt_child_signal(receipt)));
	if (ration_receipt_child_signal(receipt) > 0 || ration_receipt_child_status(receipt) >= 0)
		build_put(builder, object, "core", json_boolean(ration_receipt_core(receipt)));
	return object;
}

static json_t *evidence(struct builder *builder, const struct ration_receipt *receipt)
{
	json_t *array = json_array();
	struct ration_evidence at = { .size = sizeof(at) };

	for (size_t i = 0; ration_receipt_evidence(receipt, i, &at); i++) {
		json_t *object = json_object();

		build_put(builder, object, "counter", build_string(at.counter, NULL));
		build_put(builder, object, "level", json_string(ration_level_name(at.level)));
		build_put_text(builder, object, "where", at.where);
		build_put(builder, object, "before", build_number(at.before));
		build_put(builder, object, "after", build_number(at.after));
		build_add(builder, array, object);
	}
	return array;
}

static const char *birth_name(enum ration_birth birth)
{
	switch (birth) {
	case RATION_BIRTH_CLONED:
		return "cloned";
	case RATION_BIRTH_MIGRATED:
		return "migrated";
	case RATION_BIRTH_JOINED:
		return "joined";
	case RATION_BIRTH_NONE:
		break;
	}
	return NULL;
}

static const char *containment_name(enum ration_containment containment)
{
	switch (containment) {
	case RATION_CONTAINMENT_CGROUP:
		return "cgroup";
	case RATION_CONTAINMENT_SUBREAPER:
		break;
	case RATION_CONTAINMENT_FOLLOWED:
		return "followed";
	}
	return "subreaper";
}

/* What kept the processes of the run together; nothing if the command didn't start. */
static void put_containment(struct builder *builder, json_t *object, const struct ration_receipt *receipt)
{
	if (ration_receipt_verdict(receipt) == RATION_VERDICT_NOT_STARTED)
		return;
	build_put_text(builder, object, "birth", birth_name(ration_receipt_birth(receipt)));
	build_put(builder, object, "containment", json_string(containment_name(ration_receipt_containment(receipt))));
	build_put(builder, object, "leftover_killed", build_number(ration_receipt_leftover_killed(receipt)));
	build_put_text(builder, object, "escaped_to", ration_receipt_escaped_to(receipt));
	build_put_text(builder, object, "failure", ration_receipt_failure(receipt));
}

static void put_user(struct builder *builder, json_t *object, const struct ration_receipt *receipt)
{
	uint32_t uid, gid;
	json_t *user;

	if (!ration_receipt_user(receipt, &uid, &gid))
		return;
	user = json_object();
	build_put(builder, user, "uid", json_integer(uid));
	build_put(builder, user, "gid", json_integer(gid));
	build_put(builder, object, "user", user);
}

/* "ENOENT", or the number of one without a name. */
static json_t *errno_json(int error)
{
	const char *name = errno_name(error);

	return name ? json_string(name) : json_sprintf("%d", error);
}

static void put_started(struct builder *builder, json_t *object, const struct ration_receipt *receipt)
{
	uint64_t realtime_usec, monotonic_usec;
	char text[OUTPUT_TIME_MAX];
	json_t *started;

	if (!ration_receipt_started(receipt, &realtime_usec, &monotonic_usec))
		return;
	started = json_object();
	build_put(builder, started, "time", json_string(output_time(text, realtime_usec)));
	build_put(builder, started, "monotonic_usec", build_number(monotonic_usec));
	build_put(builder, object, "started", started);
}

/* With --wait. */
static void put_admission(struct builder *builder, json_t *object, const struct json_run *run)
{
	json_t *admission;

	if (!run->waited)
		return;
	admission = json_object();
	build_put(builder, admission, "waited_usec", build_number(run->waited_usec));
	build_put_text(builder, admission, "pressure_unknown", run->doubt);
	build_put(builder, object, "admission", admission);
}

char *json_receipt(const struct ration_receipt *receipt, const struct json_run *run)
{
	struct builder builder = { .line = run->line };
	json_t *object = json_object();

	build_put(&builder, object, "schema", json_integer(1));
	build_put(&builder, object, "verdict", json_string(ration_verdict_name(ration_receipt_verdict(receipt))));
	build_put_text(&builder, object, "group", ration_receipt_address(receipt));
	build_put_text(&builder, object, "id", ration_receipt_id(receipt));
	put_started(&builder, object, receipt);
	put_command(&builder, object, run->argv);
	build_put_text(&builder, object, "profile", run->profile);
	put_user(&builder, object, receipt);
	put_admission(&builder, object, run);
	build_put(&builder, object, "exit", exit_object(&builder, receipt));
	if (ration_receipt_start_errno(receipt) > 0)
		build_put(&builder, object, "start_errno", errno_json(ration_receipt_start_errno(receipt)));
	build_put(&builder, object, "evidence", evidence(&builder, receipt));
	build_put(&builder, object, "limits", build_limits(&builder, run->plan, receipt));
	build_put_usage(&builder, object, (struct metrics) { .receipt = receipt });
	put_containment(&builder, object, receipt);
	if (ration_receipt_truncated(receipt))
		build_put(&builder, object, "truncated", json_true());
	return build_finish(&builder, object);
}

/* ------------------------------------------------------------- plan, doctor */

/* Those of limits that have one of their own. */
static void put_policies(struct builder *builder, json_t *limits, const struct ration_plan *plan, const char *policy)
{
	const struct ration_plan_item *item;

	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
		const char *own = option_word_of(options_enforce.rows[0].words, item->policy);

		if (strcmp(own, policy) != 0)
			build_put(builder, json_array_get(limits, i), "policy", json_string(own));
	}
}

char *json_plan(const struct ration_plan *plan, uint64_t memory_bytes, const char *memory_source,
		const char *policy, const struct ration_error *refusal)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object(), *limits = build_limits(&builder, plan, NULL);

	build_put(&builder, object, "schema", json_integer(1));
	build_put(&builder, object, "policy", json_string(policy));
	build_put(&builder, object, "allowed", json_boolean(!refusal));
	if (refusal) {
		build_put_text(&builder, object, "message", refusal->message);
		build_put_text(&builder, object, "hint", refusal->hint);
	}
	put_policies(&builder, limits, plan, policy);
	build_put(&builder, object, "limits", limits);
	build_put(&builder, object, "memory_bytes", build_number(memory_bytes));
	build_put_text(&builder, object, "memory_source", memory_source);
	return build_finish(&builder, object);
}

static json_t *host_object(struct builder *builder, const struct ration_host_info *host)
{
	json_t *object = json_object();

	build_put_text(builder, object, "kernel", host->kernel);
	build_put(builder, object, "hierarchy", json_string(host_hierarchy_name(host->hierarchy)));
	build_put_text(builder, object, "mount", host->mount);
	build_put_text(builder, object, "own", host->own);
	build_put_text(builder, object, "base", host->base);
	build_put(builder, object, "base_kind", json_string(host_base_kind_name(host->base_kind)));
	build_put_text(builder, object, "base_reason", host->base_reason);
	build_put_text(builder, object, "base_fix", host->base_fix);
	build_put(builder, object, "controllers", names(builder, controller_words, host->controllers));
	build_put(builder, object, "controllers_v1", names(builder, v1_words, host->controllers_v1));
	build_put_text(builder, object, "v1_reason", host->v1_reason);
	build_put(builder, object, "features", names(builder, feature_words, host->features));
	build_put(builder, object, "lacking", names(builder, feature_words, ~host->features));
	build_put(builder, object, "memory_bytes", build_number(host->memory_bytes));
	build_put_text(builder, object, "memory_source", host->memory_source);
	build_put(builder, object, "swap_bytes", build_number(host->swap_bytes));
	build_put(builder, object, "cpus", json_integer(host->cpus));
	build_put(builder, object, "root", json_boolean(host->root));
	if (host->kernel_kind[0])
		build_put_text(builder, object, "kernel_kind", host->kernel_kind);
	build_put(builder, object, "container", json_boolean(host->container));
	if (host->container_kind[0])
		build_put_text(builder, object, "container_kind", host->container_kind);
	build_put(builder, object, "cgroup_namespace", json_boolean(host->cgroup_namespace));
	build_put(builder, object, "systemd", json_boolean(host->systemd));
	build_put(builder, object, "base_pending", json_boolean(host->base_pending));
	build_put(builder, object, "base_outside", json_boolean(host->base_outside));
	return object;
}

static json_t *finding_object(struct builder *builder, const struct ration_findings *findings, size_t index)
{
	const struct ration_finding *finding = ration_findings_item(findings, index);
	const struct ration_limit_info *info;
	json_t *object = json_object(), *limits = json_array();

	build_put(builder, object, "id", json_string(finding->id));
	build_put(builder, object, "severity", json_string(ration_severity_name(finding->severity)));
	build_put_text(builder, object, "text", finding->text);
	build_put_text(builder, object, "fix", finding->fix);
	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		if (ration_findings_weakens(findings, index, info->limit))
			build_add(builder, limits, json_string(info->name));
	}
	build_put(builder, object, "limits", limits);
	return object;
}

static json_t *findings_array(struct builder *builder, const struct ration_findings *findings)
{
	json_t *array = json_array();

	for (size_t i = 0; i < ration_findings_count(findings); i++)
		build_add(builder, array, finding_object(builder, findings, i));
	return array;
}

char *json_doctor(const struct ration_host_info *host, const struct ration_plan *plan,
		const struct ration_findings *findings, const char *fix)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object();

	build_put(&builder, object, "schema", json_integer(1));
	build_put(&builder, object, "strict", json_boolean(ration_findings_strict(findings)));
	build_put(&builder, object, "host", host_object(&builder, host));
	build_put(&builder, object, "limits", build_limits(&builder, plan, NULL));
	build_put(&builder, object, "findings", findings_array(&builder, findings));
	build_put_text(&builder, object, "fix", fix);
	return build_finish(&builder, object);
}
