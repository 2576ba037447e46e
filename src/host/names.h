/* SPDX-License-Identifier: MIT */
/*
 * names.h - what namespaces, tenants and groups may be called
 */
#ifndef RATION_HOST_NAMES_H
#define RATION_HOST_NAMES_H

#include <limits.h>

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

#define NAMES_DEFAULT_TENANT "default"

/* Checks both names. A tenant of NULL becomes "default"; a name of NULL becomes a unique one. -EINVAL. */
int names_choose(const char *tenant, const char *name, char ret_tenant[RATION_NAME_MAX + 1],
		char ret_name[RATION_NAME_MAX + 1], struct ration_error *reterr);

/* Room for what names_unique() writes. */
#define NAMES_UNIQUE_MAX 40

/* Writes a name that nobody else has or had: for a group and a run. */
void names_unique(char buf[NAMES_UNIQUE_MAX]);

/* Room for what names_show() writes: each byte of two file names can take four characters. */
#define NAMES_SHOWN_MAX (2 * (4 * NAME_MAX + 1))

/*
 * Writes the address of something found in a directory, where others can choose names of any bytes. A valid
 * name is written as it is; others are escaped, so that they are harmless on a terminal, valid in JSON and
 * different from any valid name. `name` may be NULL for a tenant. Returns buf.
 */
const char *names_show(char buf[NAMES_SHOWN_MAX], const char *tenant, const char *name);

#endif
