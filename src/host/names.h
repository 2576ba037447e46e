/* SPDX-License-Identifier: MIT */
/*
 * names.h - what namespaces, tenants and groups may be called
 */
#ifndef RATION_HOST_NAMES_H
#define RATION_HOST_NAMES_H

#include "ration.h"

/*
 * Checks a tenant's, a group's or a namespace's name: 1 to 128 bytes of
 * [A-Za-z0-9_.:@-], the first a letter or a digit, and not a kernel file's.
 * -EINVAL; the message names `what`.
 */
int names_check(const char *what, const char *name, struct ration_error *reterr);

/*
 * Takes "TENANT" or "TENANT/NAME" apart; `name` is "" for a tenant. -EINVAL.
 */
int names_parse(const char *address, char tenant[RATION_NAME_MAX + 1], char name[RATION_NAME_MAX + 1],
		struct ration_error *reterr);

/*
 * Checks both names. A tenant that is NULL is "default", a name one that nobody
 * else uses. -EINVAL.
 */
int names_choose(const char *tenant, const char *name, char ret_tenant[RATION_NAME_MAX + 1],
		char ret_name[RATION_NAME_MAX + 1], struct ration_error *reterr);

#endif
