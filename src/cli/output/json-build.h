/* SPDX-License-Identifier: MIT */
/*
 * json-build.h - what all JSON texts are built of
 */
#ifndef RATION_CLI_OUTPUT_JSON_BUILD_H
#define RATION_CLI_OUTPUT_JSON_BUILD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/output/metrics.h"
#include "ration.h"

/*
 * An object or array that is being filled in. One failure, most of all of an
 * allocation, spoils the whole text: checked once, at its end.
 */
struct builder {
	bool failed;
	bool line; /* all of the text in one */
};

/* Take `value`, NULL included. */
void build_put(struct builder *builder, json_t *object, const char *key, json_t *value);
void build_add(struct builder *builder, json_t *array, json_t *value);

/* Puts a text where there is one: NULL and "" are left out. */
void build_put_text(struct builder *builder, json_t *object, const char *key, const char *text);

/* Puts `usage`, each number under its name, and `sources`, under the same name where it comes from. */
void build_put_usage(struct builder *builder, json_t *object, struct metrics metrics);

/* Puts what a group does now and has used. */
void build_put_stats(struct builder *builder, json_t *object, const struct ration_stats *stats);

/* A text of whatever bytes. `ret_escaped`, may be NULL, says whether it isn't UTF-8. */
json_t *build_string(const char *text, bool *ret_escaped);

/* A number, or "max". */
json_t *build_number(uint64_t value);

/* The same in the unit of a limit: CPUs as a fraction. */
json_t *build_limit_value(const struct ration_limit_info *info, uint64_t value);

/* One limit of a plan; `receipt`, may be NULL, tells what came of it. */
json_t *build_plan_item(struct builder *builder, const struct ration_plan_item *item,
		const struct ration_receipt *receipt);

/* All limits of a plan. */
json_t *build_limits(struct builder *builder, const struct ration_plan *plan,
		const struct ration_receipt *receipt);

/* Puts the budget of a tenant, or of the namespace if that is NULL, and what is taken of it; if there is one. */
void build_put_budget(struct builder *builder, json_t *object, const struct ration_host *host, const char *tenant);

/* Takes the document, returns its text, or NULL where it isn't whole. */
char *build_finish(const struct builder *builder, json_t *document);

#endif
