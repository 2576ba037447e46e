/* SPDX-License-Identifier: MIT */
/*
 * fuzz-options.c - any command line: a word for each line of the input
 *
 * What is refused has a clean message; limits that are accepted come to a plan, and that to
 * valid JSON.
 */
#include "fuzz.h"

#include "cli/command.h"
#include "cli/options/environment.h"
#include "cli/options/options.h"
#include "cli/options/parse.h"
#include "cli/output/json.h"
#include "host/host.h"
#include "util/cleanup.h"

#define WORDS_MAX 64

static const char *const dirs[] = { "proc/self", "proc/sys/kernel", "cg", NULL };

static struct ration_host *machine_host(void)
{
	static struct fuzz_tree tree;
	static struct ration_host *host;

	if (!host) {
		fuzz_tree_begin(&tree, dirs);
		fuzz_tree_fill(&tree, (const uint8_t *)FUZZ_MACHINE, sizeof(FUZZ_MACHINE) - 1);
		MUST(host_open(tree.root, NULL, &host, NULL) == 0);
	}
	return host;
}

static void check_plan(const struct options *options)
{
	const struct ration_plan_options how = { .size = sizeof(how), .policy = (enum ration_policy)options->policy,
		.purpose = options->command->purpose };
	struct ration_plan *plan = NULL;
	struct ration_error error;

	if (ration_plan_new(machine_host(), options->limits, &how, &plan, &error) < 0)
		must_be_clean_error(&error);
	else
		must_be_json(json_plan(plan, 1, "machine", "strict", NULL));
	plan = ration_plan_free(plan);
}

/* What is given for a name is in it, once, and last; and nothing else of that name. */
static void check_environment(const struct options *options)
{
	char **envp = NULL;

	MUST(environment_make(options, &envp, NULL) == 0);
	for (size_t i = 0; i < options->n_env; i++) {
		const char *given = options->env[i];
		size_t length = strcspn(given, "=") + 1, n = 0;

		MUST(strchr(given, '='));
		for (char **at = envp; *at; at++)
			n += strncmp(*at, given, length) == 0;
		MUST(n == 1);
	}
	free(envp);
}

static void parse_words(struct options *options, char **words)
{
	struct ration_error error;
	int r = options_parse(options, NULL, words, &error);

	if (r >= 0 && words[r]) {
		words += r;
		r = command_find(words[0], &options->command, &error);
		if (r >= 0)
			r = options_parse(options, options->command, words + 1, &error);
		if (r >= 0)
			check_environment(options);
		if (r >= 0 && options->command->limits)
			check_plan(options);
	}
	if (r < 0)
		must_be_clean_error(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *words[WORDS_MAX + 1], *save = NULL;
	struct options options;
	int n = 0;

	for (char *word = strtok_r(text, "\n", &save); word && n < WORDS_MAX; word = strtok_r(NULL, "\n", &save))
		words[n++] = word;
	words[n] = NULL;
	MUST(options_init(&options, n, NULL) == 0);
	parse_words(&options, words);
	options_done(&options);
	free(text);
	return 0;
}
