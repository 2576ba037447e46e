/* SPDX-License-Identifier: MIT */
/*
 * json-build.c - what all JSON texts are built of
 */
#include "cli/output/json-build.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/buffer.h"
#include "util/cleanup.h"
#include "util/text.h"

/* Two spaces; 12 digits are enough for CPUs, which have five decimals. */
#define JSON_STYLE (JSON_INDENT(2) | JSON_REAL_PRECISION(12))
#define JSON_LINE_STYLE (JSON_COMPACT | JSON_REAL_PRECISION(12))

void build_put(struct builder *builder, json_t *object, const char *key, json_t *value)
{
	builder->failed |= json_object_set_new(object, key, value) < 0;
}

void build_add(struct builder *builder, json_t *array, json_t *value)
{
	builder->failed |= json_array_append_new(array, value) < 0;
}

static int add_text(const char *text, size_t n, void *data)
{
	return buffer_add(data, text, n);
}

char *build_finish(const struct builder *builder, json_t *document)
{
	size_t style = builder->line ? JSON_LINE_STYLE : JSON_STYLE;
	CLEANUP(buffer_done) struct buffer text = { .text = NULL };
	/* Not json_dumps(): jansson 2.14 doesn't see that the name of a member found no memory, and goes on. */
	bool failed = builder->failed || json_dump_callback(document, add_text, &text, style) < 0;

	json_decref(document);
	buffer_put(&text, "\n");
	return failed || text.failed ? NULL : text_json(text.text);
}

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

json_t *build_string(const char *text, bool *ret_escaped)
{
	json_t *value = json_string(text);

	if (ret_escaped)
		*ret_escaped = !value;
	return value ? value : escaped(text);
}

json_t *build_number(uint64_t value)
{
	if (value == RATION_UNLIMITED)
		return json_string("max");
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *build_limit_value(const struct ration_limit_info *info, uint64_t value)
{
	if (info->unit == RATION_UNIT_CPUS && value != RATION_UNLIMITED)
		return json_real((double)value / 100000);
	return build_number(value);
}

void build_put_text(struct builder *builder, json_t *object, const char *key, const char *text)
{
	if (text && *text)
		build_put(builder, object, key, build_string(text, NULL));
}

void build_put_usage(struct builder *builder, json_t *object, struct metrics metrics)
{
	json_t *usage = json_object(), *sources = json_object();
	enum ration_metric metric;

	for (size_t i = 0; (metric = ration_metric_at(i)) != RATION_METRIC_NONE; i++) {
		const char *name = ration_metric_name(metric);
		uint64_t value;
		enum ration_source source = metrics_get(metrics, metric, &value);

		if (source == RATION_SOURCE_ABSENT)
			continue;
		build_put(builder, usage, name, build_number(value));
		build_put(builder, sources, name, json_string(ration_source_name(source)));
	}
	build_put(builder, object, "usage", usage);
	build_put(builder, object, "sources", sources);
}

void build_put_stats(struct builder *builder, json_t *object, const struct ration_stats *stats)
{
	uint64_t processes = ration_stats_processes(stats);
	uint64_t pressure_pct100 = ration_stats_memory_pressure_pct100(stats);

	build_put(builder, object, "populated", json_boolean(ration_stats_populated(stats)));
	build_put(builder, object, "frozen", json_boolean(ration_stats_frozen(stats)));
	build_put(builder, object, "state", json_string(ration_state_name(ration_stats_state(stats))));
	if (processes != RATION_UNKNOWN)
		build_put(builder, object, "processes", build_number(processes));
	if (pressure_pct100 != RATION_UNKNOWN)
		build_put(builder, object, "memory_pressure_pct", json_real((double)pressure_pct100 / 100));
	build_put_usage(builder, object, (struct metrics) { .stats = stats });
}

/* ------------------------------------------------------------------- limits */

static json_t *limit_value(const struct ration_plan_item *item, uint64_t value)
{
	return item->text ? build_string(item->text, NULL) :
		build_limit_value(ration_limit_info(item->limit), value);
}

/* Of a limit with a key, what the kernel's file says: "8:0 10485760". */
static json_t *in_force_value(const struct ration_plan_item *item)
{
	if (!item->in_force_key)
		return limit_value(item, item->in_force);
	if (item->in_force == RATION_UNLIMITED)
		return json_sprintf("%s max", item->in_force_key);
	return json_sprintf("%s %" PRIu64, item->in_force_key, item->in_force);
}

static void put_outcome(struct builder *builder, json_t *object, const struct ration_plan_item *item,
		const struct ration_outcome *outcome)
{
	if (outcome->at_end_known)
		build_put(builder, object, "at_end", limit_value(item, outcome->at_end));
	if (outcome->changed)
		build_put(builder, object, "in_force_at_end", limit_value(item, outcome->at_end));
	if (!outcome->acted || outcome->observed == RATION_UNKNOWN)
		return;
	build_put(builder, object, "observed", limit_value(item, outcome->observed));
	if (item->in_force != RATION_UNLIMITED && outcome->observed >= item->in_force)
		build_put(builder, object, "overshoot", limit_value(item, outcome->observed - item->in_force));
}

json_t *build_plan_item(struct builder *builder, const struct ration_plan_item *item,
		const struct ration_receipt *receipt)
{
	const struct ration_limit_info *info = ration_limit_info(item->limit);
	struct ration_outcome outcome = { .size = sizeof(outcome) };
	json_t *object = json_object();

	build_put(builder, object, "limit", json_string(info->name));
	build_put(builder, object, "asked", limit_value(item, item->asked));
	if (info->has_soft && item->asked_soft != RATION_UNLIMITED)
		build_put(builder, object, "asked_soft", limit_value(item, item->asked_soft));
	if (item->mechanism != RATION_MECHANISM_NONE)
		build_put(builder, object, "in_force", in_force_value(item));
	build_put(builder, object, "mechanism", json_string(ration_mechanism_name(item->mechanism)));
	if (item->mechanism != RATION_MECHANISM_NONE)
		build_put(builder, object, "scope", json_string(ration_scope_name(item->scope)));
	if (item->backstop != RATION_MECHANISM_NONE)
		build_put(builder, object, "backstop", json_pack("{s:s, s:s}",
				"mechanism", ration_mechanism_name(item->backstop),
				"scope", ration_scope_name(item->backstop_scope)));
	if (item->implied)
		build_put(builder, object, "implied", json_true());
	if (item->of_caller)
		build_put(builder, object, "of_caller", json_true());
	if (item->weaker)
		build_put(builder, object, "weaker", json_true());
	build_put_text(builder, object, "reason", item->reason);
	build_put_text(builder, object, "fix", item->fix);
	if (receipt) {
		(void)ration_receipt_outcome(receipt, item->limit, &outcome);
		put_outcome(builder, object, item, &outcome);
	}
	return object;
}

json_t *build_limits(struct builder *builder, const struct ration_plan *plan,
		const struct ration_receipt *receipt)
{
	json_t *array = json_array();
	const struct ration_plan_item *item;

	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++)
		build_add(builder, array, build_plan_item(builder, item, receipt));
	return array;
}
