/* SPDX-License-Identifier: MIT */
/*
 * json-build.c - what all JSON texts are built of
 */
#include "cli/json-build.h"

#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

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

char *build_finish(const struct builder *builder, json_t *document)
{
	size_t style = builder->line ? JSON_LINE_STYLE : JSON_STYLE;
	char *text = builder->failed ? NULL : json_dumps(document, style);
	char *line = NULL;

	json_decref(document);
	if (text && asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	free(text);
	return line;
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

void build_put_usage(struct builder *builder, json_t *object, const uint64_t *metric,
		const enum ration_source *source)
{
	json_t *usage = json_object(), *sources = json_object();

	for (int i = 0; i < RATION_METRIC_COUNT; i++) {
		const char *name = ration_metric_name((enum ration_metric)i);

		if (source[i] == RATION_SOURCE_ABSENT)
			continue;
		build_put(builder, usage, name, build_number(metric[i]));
		build_put(builder, sources, name, json_string(ration_source_name(source[i])));
	}
	build_put(builder, object, "usage", usage);
	build_put(builder, object, "sources", sources);
}
