/* SPDX-License-Identifier: MIT */
/*
 * schema.c - checks a JSON value against a JSON Schema
 *
 * One function a word. A word that stands beside others for them, such as `then`, has none of its own.
 */
#include "cli/records/schema.h"

#include <errno.h>
#include <regex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

/* Ours are a few levels deep; it bounds a circle of references. */
#define DEPTH_MAX 32

struct check {
	const json_t *root;        /* of the schema, to which references are */
	const char *at[DEPTH_MAX]; /* the members down to the value */
	size_t depth;              /* how many of them */
	unsigned level;            /* how many schemas this one is within */
	char *why;                 /* NULL: nobody asks */
};

static bool holds(struct check *check, const json_t *schema, const json_t *value);

__attribute__((format(printf, 2, 3))) static bool fault(struct check *check, const char *format, ...)
{
	size_t used = 0;
	va_list args;

	if (!check->why || check->why[0])
		return false;
	for (size_t i = 0; i < check->depth && used < SCHEMA_WHY_MAX / 2; i++) {
		char name[TEXT_SHOWN_MAX];

		used += (size_t)snprintf(check->why + used, SCHEMA_WHY_MAX - used, "%s%s", used ? "/" : "",
				text_escape(name, sizeof(name), check->at[i]));
	}
	if (used)
		used += (size_t)snprintf(check->why + used, SCHEMA_WHY_MAX - used, ": ");
	va_start(args, format);
	(void)vsnprintf(check->why + used, SCHEMA_WHY_MAX - used, format, args);
	va_end(args);
	return false;
}

/* The same, and nobody hears why not. */
static bool would_hold(const struct check *check, const json_t *schema, const json_t *value)
{
	struct check silent = *check;

	silent.why = NULL;
	return holds(&silent, schema, value);
}

static bool member_holds(struct check *check, const char *name, const json_t *schema, const json_t *value)
{
	bool held;

	if (check->depth == DEPTH_MAX)
		return fault(check, "is too deep");
	check->at[check->depth++] = name;
	held = holds(check, schema, value);
	check->depth--;
	return held;
}

/* -------------------------------------------------------------- words: what it is */

static const struct {
	const char *name;
	json_type type, other; /* either */
} types[] = {
	{ "object", JSON_OBJECT, JSON_OBJECT },
	{ "array", JSON_ARRAY, JSON_ARRAY },
	{ "string", JSON_STRING, JSON_STRING },
	{ "integer", JSON_INTEGER, JSON_INTEGER },
	{ "number", JSON_INTEGER, JSON_REAL },
	{ "boolean", JSON_TRUE, JSON_FALSE },
};

static bool is_type(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	const char *name = json_string_value(word);

	(void)schema;
	for (size_t i = 0; name && i < ARRAY_SIZE(types); i++) {
		if (strcmp(types[i].name, name) == 0)
			return json_typeof(value) == types[i].type || json_typeof(value) == types[i].other ? true :
				fault(check, "isn't %s %s", strchr("aio", name[0]) ? "an" : "a", name);
	}
	return fault(check, "the schema has an unknown type");
}

static bool is_const(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	(void)schema;
	return json_equal(word, value) ? true : fault(check, "has another value than the one that is allowed");
}

static bool is_one_of(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	char shown[TEXT_SHOWN_MAX];
	const json_t *item;
	size_t i;

	(void)schema;
	json_array_foreach(word, i, item) {
		if (json_equal(item, value))
			return true;
	}
	return fault(check, "%s is none of the allowed values", json_is_string(value) ?
			text_escape(shown, sizeof(shown), json_string_value(value)) : "the value");
}

/* ------------------------------------------------------------ words: how much it is */

static bool is_at_least(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	(void)schema;
	if (!json_is_number(value) || json_number_value(value) >= json_number_value(word))
		return true;
	return fault(check, "is %g, minimum %g", json_number_value(value), json_number_value(word));
}

static bool is_at_most(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	(void)schema;
	if (!json_is_number(value) || json_number_value(value) <= json_number_value(word))
		return true;
	return fault(check, "is %g, maximum %g", json_number_value(value), json_number_value(word));
}

static bool has_length(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	json_int_t characters = 0;

	(void)schema;
	if (!json_is_string(value))
		return true;
	for (const char *at = json_string_value(value); *at; at++)
		characters += (*at & 0xc0) != 0x80;
	return characters >= json_integer_value(word) ? true : fault(check, "is too short");
}

static bool has_items(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	(void)schema;
	return !json_is_array(value) || (json_int_t)json_array_size(value) >= json_integer_value(word) ? true :
		fault(check, "has too few items");
}

static bool has_unique_items(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	const json_t *item;
	json_t *seen = json_is_true(word) ? json_object() : NULL;
	bool held = seen || !json_is_true(word);
	size_t i;

	(void)schema;
	/* By their texts: to compare each with each takes hours for a file of those that somebody else wrote. */
	json_array_foreach(seen ? value : NULL, i, item) {
		char *text = json_dumps(item, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);

		held = text && !json_object_get(seen, text) && json_object_set_new_nocheck(seen, text, json_true()) == 0;
		free(text);
		if (!held)
			break;
	}
	json_decref(seen);
	return held ? true : fault(check, "has the same item twice");
}

static bool has_pattern(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	char shown[TEXT_SHOWN_MAX];
	regex_t pattern;
	bool matches;

	(void)schema;
	if (!json_is_string(value))
		return true;
	if (regcomp(&pattern, json_string_value(word), REG_EXTENDED | REG_NOSUB) != 0)
		return fault(check, "the schema has a pattern that can't be read");
	matches = regexec(&pattern, json_string_value(value), 0, NULL, 0) == 0;
	regfree(&pattern);
	return matches ? true : fault(check, "%s isn't as it must be written",
					text_escape(shown, sizeof(shown), json_string_value(value)));
}

/* --------------------------------------------------------------- words: what is in it */

static bool has_required(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	const json_t *name;
	size_t i;

	(void)schema;
	json_array_foreach(word, i, name) {
		if (json_is_object(value) && !json_object_get(value, json_string_value(name)))
			return fault(check, "%s is missing", json_string_value(name));
	}
	return true;
}

static bool has_properties(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	const json_t *member;
	const char *name;

	(void)schema;
	json_object_foreach((json_t *)word, name, member) {
		const json_t *found = json_object_get(value, name);

		if (found && !member_holds(check, name, member, found))
			return false;
	}
	return true;
}

/* Those that `properties` doesn't name. */
static bool has_additional(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	const json_t *named = json_object_get(schema, "properties"), *member;
	const char *name;

	json_object_foreach((json_t *)value, name, member) {
		if (!json_object_get(named, name) && !member_holds(check, name, word, member))
			return false;
	}
	return true;
}

static bool each_item(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	const json_t *item;
	char number[24];
	size_t i;

	(void)schema;
	json_array_foreach(value, i, item) {
		(void)snprintf(number, sizeof(number), "%zu", i);
		if (!member_holds(check, number, word, item))
			return false;
	}
	return true;
}

/* ------------------------------------------------------------------- words: schemas */

/* "#/definitions/NAME", the only kind of ours. */
static bool refers_to(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	static const char prefix[] = "#/definitions/";
	const char *to = json_string_value(word);
	const json_t *found = NULL;

	(void)schema;
	if (to && strncmp(to, prefix, strlen(prefix)) == 0)
		found = json_object_get(json_object_get(check->root, "definitions"), to + strlen(prefix));
	return found ? holds(check, found, value) : fault(check, "the schema refers to what isn't there");
}

static size_t count(const struct check *check, const json_t *schemas, const json_t *value)
{
	const json_t *one;
	size_t n = 0, i;

	json_array_foreach(schemas, i, one)
		n += would_hold(check, one, value);
	return n;
}

static bool all_hold(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	const json_t *one;
	size_t i;

	(void)schema;
	json_array_foreach(word, i, one) {
		if (!holds(check, one, value))
			return false;
	}
	return true;
}

static bool any_holds(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	(void)schema;
	return count(check, word, value) > 0 ? true : fault(check, "is nothing of what it may be");
}

static bool one_holds(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	(void)schema;
	return count(check, word, value) == 1 ? true : fault(check, "is nothing of what it may be");
}

static bool doesnt_hold(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	(void)schema;
	return !would_hold(check, word, value) ? true : fault(check, "has what it must not have");
}

static bool if_then_else(struct check *check, const json_t *word, const json_t *schema, const json_t *value)
{
	const json_t *then = json_object_get(schema, would_hold(check, word, value) ? "then" : "else");

	return !then || holds(check, then, value);
}

/* -------------------------------------------------------------------------- words */

static const struct {
	const char *word;
	bool (*check)(struct check *check, const json_t *word, const json_t *schema, const json_t *value);
} words[] = {
	{ "type", is_type },
	{ "const", is_const },
	{ "enum", is_one_of },
	{ "minimum", is_at_least },
	{ "maximum", is_at_most },
	{ "minLength", has_length },
	{ "minItems", has_items },
	{ "uniqueItems", has_unique_items },
	{ "pattern", has_pattern },
	{ "required", has_required },
	{ "properties", has_properties },
	{ "additionalProperties", has_additional },
	{ "items", each_item },
	{ "$ref", refers_to },
	{ "allOf", all_hold },
	{ "anyOf", any_holds },
	{ "oneOf", one_holds },
	{ "not", doesnt_hold },
	{ "if", if_then_else },
	/* See if_then_else(); and what is for people. */
	{ "then", NULL },
	{ "else", NULL },
	{ "definitions", NULL },
	{ "$schema", NULL },
	{ "title", NULL },
	{ "description", NULL },
};

static bool word_holds(struct check *check, const char *name, const json_t *word, const json_t *schema,
		const json_t *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].word, name) == 0)
			return !words[i].check || words[i].check(check, word, schema, value);
	}
	return fault(check, "the schema has an unknown word");
}

static bool holds(struct check *check, const json_t *schema, const json_t *value)
{
	const json_t *word;
	const char *name;
	bool held = true;

	if (check->level == DEPTH_MAX)
		return fault(check, "the schema is too deep");
	check->level++;
	json_object_foreach((json_t *)schema, name, word) {
		held = word_holds(check, name, word, schema, value);
		if (!held)
			break;
	}
	check->level--;
	return held;
}

int schema_check(const json_t *schema, const json_t *value, char why[SCHEMA_WHY_MAX])
{
	struct check check = { .root = schema, .why = why };

	why[0] = '\0';
	return holds(&check, schema, value) ? 0 : -EINVAL;
}
