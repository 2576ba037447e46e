/* SPDX-License-Identifier: MIT */
/*
 * program.c - sub-commands that are programs of their own, in packages of their own
 *
 * They take libraries that a static command is better without. They stand where the helper programs do, and
 * nowhere else: the environment isn't asked (cli/beside.c).
 */
#include "cli/commands/program.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/beside.h"
#include "cli/options/options.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/text.h"

void program_add(struct program *program, const char *flag, const char *value)
{
	size_t size = flag ? strlen(flag) + (value ? strlen(value) : 0) + 2 : 0;
	char **words, *word;

	if (!flag || program->failed)
		return;
	/* With its name before it, and NULL behind it. */
	words = reallocarray(program->words, program->n + 3, sizeof(*words));
	word = malloc(size);
	if (words)
		program->words = words;
	if (!words || !word) {
		program->failed = true;
		free(word);
		return;
	}
	(void)snprintf(word, size, "%s%s%s", flag, value ? "=" : "", value ? value : "");
	program->words[++program->n] = word;
	program->words[program->n + 1] = NULL;
}

static void program_done(struct program *program)
{
	for (size_t i = 1; i <= program->n; i++)
		free(program->words[i]);
	free(program->words);
	*program = (struct program) { .words = NULL };
}

/* The folder that has the programs; NULL: none is to be used. */
static const char *folder(const struct options *options, char *buf, size_t size)
{
	if (options->helpers)
		return strcmp(options->helpers, "none") == 0 ? NULL : options->helpers;
	return beside_us(buf, size) ? buf : RATION_HELPERS_DIR;
}

static int missing(const struct options *options, const char *name, const char *package, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];

	if (options->helpers)
		return error_set(reterr, -ENOENT, RATION_CAUSE_INVALID, "--helpers %s: %s isn't there",
				text_show(shown, sizeof(shown), options->helpers), name);
	(void)error_set(reterr, -ENOENT, RATION_CAUSE_UNKNOWN, "%s isn't installed", name);
	return error_hint(reterr, -ENOENT, "install the package %s", package);
}

int program_become(struct program *program, const struct options *options, const char *name, const char *package,
		struct ration_error *reterr)
{
	CLEANUP(program_done) struct program own = *program;
	char beside[PATH_MAX], path[PATH_MAX + NAME_MAX + 2], *word;
	const char *where = folder(options, beside, sizeof(beside));

	program_add(&own, options->base ? "--base" : NULL, options->base);
	program_add(&own, options->nspace ? "--namespace" : NULL, options->nspace);
	program_add(&own, options->parent ? "--parent" : NULL, options->parent);
	program_add(&own, options->no_create ? "--no-create" : NULL, NULL);
	*program = (struct program) { .words = NULL };
	if (!own.words)
		own.words = calloc(2, sizeof(*own.words));
	if (own.failed || !own.words)
		return error_oom(reterr);
	if (!where || (size_t)snprintf(path, sizeof(path), "%s/%s", where, name) >= sizeof(path))
		return missing(options, name, package, reterr);
	word = path + strlen(where) + 1;
	own.words[0] = word;
	(void)execv(path, own.words);
	if (errno == ENOENT || errno == ENOTDIR)
		return missing(options, name, package, reterr);
	return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't execute %s: %s", path, error_text(-errno));
}
