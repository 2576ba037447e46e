/* SPDX-License-Identifier: MIT */
/*
 * schema.h - checks a JSON value against a JSON Schema
 *
 * Of draft 7 those words that our own schemas use; one that isn't known is a failure of the schema, never
 * ignored.
 */
#ifndef RATION_CLI_RECORDS_SCHEMA_H
#define RATION_CLI_RECORDS_SCHEMA_H

#include <jansson.h>

#define SCHEMA_WHY_MAX 256

/*
 * 0: the value is as the schema says. -EINVAL: `why` names the member and what is wrong with it, e.g.
 * "usage/wall_usec: is -1, minimum 0".
 */
int schema_check(const json_t *schema, const json_t *value, char why[SCHEMA_WHY_MAX]);

#endif
