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
#include "cli/json.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/host-words.h"
#include "cli/output.h"
#include "util/cleanup.h"

/* Two spaces; 12 digits are enough for CPUs, which have five decimals. */
#define JSON_STYLE (JSON_INDENT(2) | JSON_REAL_PRECISION(12))

/*
 * An object or array that is being filled in. One failure, most of all of an
 * allocation, spoils the whole text: checked once, at its end.
 */
struct builder {
	bool failed;
};

static void put(struct builder *builder, json_t *object, const char *key, json_t *value)
{
	builder->failed |= json_object_set_new(object, key, value) < 0;
}

static void add(struct builder *builder, json_t *array, json_t *value)
{
	builder->failed |= json_array_append_new(array, value) < 0;
}

/* Takes the document, returns its text. */
static char *finish(const struct builder *builder, json_t *document)
{
	char *text = builder->failed ? NULL : json_dumps(document, JSON_STYLE);
	char *line = NULL;

	json_decref(document);
	if (text && asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	free(text);
	return line;
}

/* ------------------------------------------------------------------- values */

/* Returns an escaped copy of bytes that aren't UTF-8. */
static json_t *escaped(const char *bytes)
{
	/* Four characters for each byte at most. */
	CLEANUP(freep) char *text = malloc(4 * strlen(bytes) + 1);
	char *end = text;

	if (!text)
		return NULL;
	for (const unsigned char *at = (const unsigned char *)bytes; *at; at++) {
		if (*at >= 0x80)
			end += sprintf(end, "\\x%02x", *at);
		else if (*at == '\\')
			end = stpcpy(end, "\\\\");
		else
			*end++ = (char)*at;
	}
	*end = '\0';
	return json_string(text);
}

/* `ret_escaped`, may be NULL, says whether the text isn't UTF-8. */
static json_t *string(const char *text, bool *ret_escaped)
{
	json_t *value = json_string(text);

	if (ret_escaped)
		*ret_escaped = !value;
	return value ? value : escaped(text);
}

static json_t *number(uint64_t value)
{
	if (value == RATION_UNLIMITED)
		return json_string("max");
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *limit_value(const struct ration_plan_item *item, uint64_t value)
{
	if (item->text)
		return string(item->text, NULL);
	if (ration_limit_info(item->limit)->unit == RATION_UNIT_CPUS && value != RATION_UNLIMITED)
		return json_real((double)value / 100000);
	return number(value);
}

static void put_text(struct builder *builder, json_t *object, const char *key, const char *text)
{
	if (text && *text)
		put(builder, object, key, string(text, NULL));
}

static json_t *names(struct builder *builder, const struct host_bit *table, uint32_t bits)
{
	json_t *array = json_array();

	for (; table->name; table++) {
		if (bits & table->bit)
			add(builder, array, json_string(table->name));
	}
	return array;
}

/* ------------------------------------------------------------------- limits */

static void put_outcome(struct builder *builder, json_t *object, const struct ration_plan_item *item,
		const struct ration_outcome *outcome)
{
	if (!outcome->acted)
		return;
	put(builder, object, "observed", limit_value(item, outcome->observed));
	if (item->in_force != RATION_UNLIMITED && outcome->observed >= item->in_force)
		put(builder, object, "overshoot", limit_value(item, outcome->observed - item->in_force));
}

/* One limit; `receipt`, may be NULL, tells what came of it. */
static json_t *limit(struct builder *builder, const struct ration_plan_item *item,
		const struct ration_receipt *receipt)
{
	const struct ration_limit_info *info = ration_limit_info(item->limit);
	json_t *object = json_object();

	put(builder, object, "limit", json_string(info->name));
	put(builder, object, "asked", limit_value(item, item->asked));
	if (info->has_soft && item->asked_soft != RATION_UNLIMITED)
		put(builder, object, "asked_soft", limit_value(item, item->asked_soft));
	if (item->mechanism != RATION_MECHANISM_NONE)
		put(builder, object, "in_force", limit_value(item, item->in_force));
	put(builder, object, "mechanism", json_string(ration_mechanism_name(item->mechanism)));
	if (item->mechanism != RATION_MECHANISM_NONE)
		put(builder, object, "scope", json_string(ration_scope_name(item->scope)));
	if (item->backstop != RATION_MECHANISM_NONE)
		put(builder, object, "backstop", json_pack("{s:s, s:s}",
				"mechanism", ration_mechanism_name(item->backstop),
				"scope", ration_scope_name(item->backstop_scope)));
	if (item->implied)
		put(builder, object, "implied", json_true());
	if (item->weaker)
		put(builder, object, "weaker", json_true());
	put_text(builder, object, "reason", item->reason);
	put_text(builder, object, "fix", item->fix);
	if (receipt)
		put_outcome(builder, object, item, &receipt->outcome[item->limit]);
	return object;
}

static json_t *limits(struct builder *builder, const struct ration_plan *plan,
		const struct ration_receipt *receipt)
{
	json_t *array = json_array();
	const struct ration_plan_item *item;

	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++)
		add(builder, array, limit(builder, item, receipt));
	return array;
}

/* ------------------------------------------------------------------ receipt */

static void put_command(struct builder *builder, json_t *object, char *const *argv)
{
	json_t *command = json_array(), *indexes = json_array();

	for (json_int_t i = 0; argv[i]; i++) {
		bool was_escaped;

		add(builder, command, string(argv[i], &was_escaped));
		if (was_escaped)
			add(builder, indexes, json_integer(i));
	}
	put(builder, object, "command", command);
	if (json_array_size(indexes) > 0)
		put(builder, object, "command_escaped", indexes);
	else
		json_decref(indexes);
}

static json_t *exit_object(struct builder *builder, const struct ration_receipt *receipt)
{
	json_t *object = json_object();

	put(builder, object, "code", json_integer(receipt->exit_code));
	if (receipt->child_status >= 0)
		put(builder, object, "status", json_integer(receipt->child_status));
	if (receipt->child_signal > 0)
		put(builder, object, "signal", json_integer(receipt->child_signal));
	if (receipt->child_signal > 0 || receipt->child_status >= 0)
		put(builder, object, "core", json_boolean(receipt->core));
	return object;
}

static json_t *evidence(struct builder *builder, const struct ration_receipt *receipt)
{
	json_t *array = json_array();

	for (size_t i = 0; i < receipt->n_evidence && i < RATION_EVIDENCE_MAX; i++) {
		const struct ration_evidence *at = &receipt->evidence[i];
		json_t *object = json_object();

		put(builder, object, "counter", string(at->counter, NULL));
		put(builder, object, "level", json_string(ration_level_name(at->level)));
		put_text(builder, object, "where", at->where);
		put(builder, object, "before", number(at->before));
		put(builder, object, "after", number(at->after));
		add(builder, array, object);
	}
	return array;
}

/* Each number under its name, and under the same name where it comes from. */
static void put_usage(struct builder *builder, json_t *object, const struct ration_receipt *receipt)
{
	json_t *usage = json_object(), *sources = json_object();

	for (int i = 0; i < RATION_METRIC_COUNT; i++) {
		const char *name = ration_metric_name((enum ration_metric)i);

		if (receipt->source[i] == RATION_SOURCE_ABSENT)
			continue;
		put(builder, usage, name, number(receipt->metric[i]));
		put(builder, sources, name, json_string(ration_source_name(receipt->source[i])));
	}
	put(builder, object, "usage", usage);
	put(builder, object, "sources", sources);
}

static const char *birth_name(enum ration_birth birth)
{
	switch (birth) {
	case RATION_BIRTH_CLONED:
		return "cloned";
	case RATION_BIRTH_MIGRATED:
		return "migrated";
	case RATION_BIRTH_NONE:
		break;
	}
	return NULL;
}

/* How the run was held together. A command that didn't start wasn't. */
static void put_containment(struct builder *builder, json_t *object, const struct ration_receipt *receipt)
{
	if (receipt->verdict == RATION_VERDICT_NOT_STARTED)
		return;
	put_text(builder, object, "birth", birth_name(receipt->birth));
	put(builder, object, "containment", json_string(
			receipt->containment == RATION_CONTAINMENT_CGROUP ? "cgroup" : "subreaper"));
	put(builder, object, "leftover_killed", number(receipt->leftover_killed));
}

/* "ENOENT", or the number of one without a name. */
static json_t *errno_name(int error)
{
	const char *name = strerrorname_np(error);

	return name ? json_string(name) : json_sprintf("%d", error);
}

char *json_receipt(const struct ration_receipt *receipt, const struct ration_plan *plan, char *const *argv)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object();

	put(&builder, object, "schema", json_integer(1));
	put(&builder, object, "verdict", json_string(ration_verdict_name(receipt->verdict)));
	put_text(&builder, object, "group", receipt->group);
	put_command(&builder, object, argv);
	put(&builder, object, "exit", exit_object(&builder, receipt));
	if (receipt->start_errno > 0)
		put(&builder, object, "start_errno", errno_name(receipt->start_errno));
	put(&builder, object, "evidence", evidence(&builder, receipt));
	put(&builder, object, "limits", limits(&builder, plan, receipt));
	put_usage(&builder, object, receipt);
	put_containment(&builder, object, receipt);
	if (receipt->truncated)
		put(&builder, object, "truncated", json_true());
	return finish(&builder, object);
}

/* --------------------------------------------------------- plan, doctor, gc */

char *json_plan(const struct ration_plan *plan, const char *policy, const struct ration_error *refusal)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object();

	put(&builder, object, "schema", json_integer(1));
	put(&builder, object, "policy", json_string(policy));
	put(&builder, object, "allowed", json_boolean(!refusal));
	if (refusal) {
		put_text(&builder, object, "message", refusal->message);
		put_text(&builder, object, "hint", refusal->hint);
	}
	put(&builder, object, "limits", limits(&builder, plan, NULL));
	return finish(&builder, object);
}

static json_t *host_object(struct builder *builder, const struct ration_host_info *host)
{
	json_t *object = json_object();

	put_text(builder, object, "kernel", host->kernel);
	put(builder, object, "hierarchy", json_string(host_hierarchy_name(host->hierarchy)));
	put_text(builder, object, "mount", host->mount);
	put_text(builder, object, "own", host->own);
	put_text(builder, object, "base", host->base);
	put(builder, object, "base_kind", json_string(host_base_kind_name(host->base_kind)));
	put_text(builder, object, "base_reason", host->base_reason);
	put_text(builder, object, "base_fix", host->base_fix);
	put(builder, object, "controllers", names(builder, controller_words, host->controllers));
	put(builder, object, "features", names(builder, feature_words, host->features));
	put(builder, object, "memory_bytes", number(host->memory_bytes));
	put_text(builder, object, "memory_source", host->memory_source);
	put(builder, object, "swap_bytes", number(host->swap_bytes));
	put(builder, object, "cpus", json_integer(host->cpus));
	put(builder, object, "root", json_boolean(host->root));
	put(builder, object, "container", json_boolean(host->container));
	put(builder, object, "systemd", json_boolean(host->systemd));
	return object;
}

/* One object for each answer that isn't the best, with the limits that got it. */
static json_t *findings(struct builder *builder, const struct ration_plan *plan)
{
	json_t *array = json_array();
	const struct ration_plan_item *item, *other;

	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
		json_t *finding, *weakened;

		if (!item->weaker || !plan_answer_is_new(plan, i))
			continue;
		finding = json_object();
		weakened = json_array();
		for (size_t k = i; (other = ration_plan_item(plan, k)); k++) {
			if (plan_same_answer(item, other))
				add(builder, weakened, json_string(ration_limit_info(other->limit)->name));
		}
		put(builder, finding, "limits", weakened);
		put(builder, finding, "mechanism", json_string(ration_mechanism_name(item->mechanism)));
		put_text(builder, finding, "reason", item->reason);
		put_text(builder, finding, "fix", item->fix);
		add(builder, array, finding);
	}
	return array;
}

char *json_doctor(const struct ration_host_info *host, const struct ration_plan *plan, bool strict,
		const char *fix)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object();

	put(&builder, object, "schema", json_integer(1));
	put(&builder, object, "strict", json_boolean(strict));
	put(&builder, object, "host", host_object(&builder, host));
	put(&builder, object, "limits", limits(&builder, plan, NULL));
	put(&builder, object, "findings", findings(&builder, plan));
	put_text(&builder, object, "fix", fix);
	return finish(&builder, object);
}

char *json_gc(const struct ration_gc_report *report)
{
	struct builder builder = { .failed = false };
	json_t *object = json_object();

	put(&builder, object, "schema", json_integer(1));
	put(&builder, object, "examined", number(report->examined));
	put(&builder, object, "removed", number(report->removed));
	put(&builder, object, "live", number(report->live));
	put(&builder, object, "failed", number(report->failed));
	return finish(&builder, object);
}
