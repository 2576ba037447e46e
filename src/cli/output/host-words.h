/* SPDX-License-Identifier: MIT */
/*
 * host-words.h - what a host offers, in words
 */
#ifndef RATION_CLI_OUTPUT_HOST_WORDS_H
#define RATION_CLI_OUTPUT_HOST_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "ration.h"

/* A bit and its name; a table ends with a name that is NULL. */
struct host_bit {
	uint64_t bit;
	const char *name;
	const char *help; /* of a feature: what it is for, and since which kernel; or NULL */
};

extern const struct host_bit controller_words[]; /* RATION_CONTROLLER_*: "memory" */
extern const struct host_bit v1_words[];         /* the same of cgroup v1, as far as ration uses them */
extern const struct host_bit feature_words[];    /* RATION_FEATURE_*: "cgroup_kill" */

/* "v2", "hybrid", … */
const char *host_hierarchy_name(enum ration_hierarchy hierarchy);

/* "given", "root", "nested", "none". */
const char *host_base_kind_name(enum ration_base_kind kind);

#endif
