/* SPDX-License-Identifier: MIT */
/*
 * options.c - what an option is, and the values of all
 */
#include "cli/options/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/error.h"

const char *option_argument(char *buf, size_t size, const struct option *row)
{
	size_t used = (size_t)snprintf(buf, size, "%s", row->argument ? row->argument : "");

	for (const struct option_word *at = row->words; at && at->word && used < size; at++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? "|" : "", at->word);
	return buf;
}

const char *option_word_of(const struct option_word *words, int value)
{
	while (words->word && words->value != value)
		words++;
	return words->word;
}

/* A variable that is set to nothing isn't set. */
static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

int options_init(struct options *options, int n_words, struct ration_error *reterr)
{
	*options = (struct options) {
		.base = environment("RATION_BASE"),
		.nspace = environment("RATION_NAMESPACE"),
		.journal = environment("RATION_JOURNAL"),
		.policy = RATION_ENFORCE_FALLBACK,
		.accel = RATION_ACCEL_NONE,
		.vm = { .size = sizeof(struct ration_vm) },
		.output_mode = RATION_OUTPUT_KILL,
		.n_words = n_words,
		.given = calloc((size_t)n_words + 1, sizeof(struct option_given)),
		.env = calloc((size_t)n_words + 1, sizeof(char *)),
		.avoid = calloc((size_t)n_words + 1, sizeof(char *)),
		.pass_fds = calloc((size_t)n_words + 1, sizeof(int)),
	};
	if (!options->given || !options->env || !options->avoid || !options->pass_fds)
		return error_oom(reterr);
	return ration_limits_new(&options->limits) < 0 ? error_oom(reterr) : 0;
}

void options_done(struct options *options)
{
	options->limits = ration_limits_free(options->limits);
	free(options->given);
	free(options->env);
	free(options->avoid);
	free(options->profile_file);
	free(options->profile_text);
	free(options->pass_fds);
	options->given = NULL;
	options->pass_fds = NULL;
	options->env = options->avoid = NULL;
	options->profile_file = options->profile_text = NULL;
}

const struct option_given *options_given(const struct options *options, const char *flag)
{
	for (size_t i = 0; i < options->n_given; i++) {
		if (strcmp(options->given[i].flag, flag) == 0)
			return &options->given[i];
	}
	return NULL;
}
