/* SPDX-License-Identifier: MIT */
/*
 * cmd-plan.c - ration plan: what would be enforced here, and why
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/output.h"

static void print_plan(const struct ration_plan *plan, const struct ration_host_info *host, const char *policy,
		const struct ration_error *refusal)
{
	char room[RATION_TEXT_MAX];

	if (ration_plan_count(plan) > 0)
		output_limits(stdout, plan, NULL, true);
	else
		(void)printf("no limit is asked for\n");
	(void)printf("a group may have %s of memory here at most: %s%s\n",
			ration_format_size(room, host->memory_bytes),
			strcmp(host->memory_source, "machine") == 0 ? "all of the " : "the limit of ",
			host->memory_source);
	if (refusal)
		(void)printf("refused under --enforce %s: %s\n  hint: %s\n", policy, refusal->message,
				refusal->hint);
	else
		(void)printf("allowed under --enforce %s\n", policy);
}

static int print(const struct options *options, const struct ration_plan *plan,
		const struct ration_host_info *host, const struct ration_error *refusal,
		struct ration_error *reterr)
{
	const char *policy = option_word_of(options_enforce.rows[0].words, options->policy);

	if (options->json)
		return output_json(json_plan(plan, host, policy, refusal), reterr);
	print_plan(plan, host, policy, refusal);
	return 0;
}

static int plan_function(struct options *options, char **operands)
{
	struct ration_host_info info = { .size = sizeof(info) };
	struct ration_error error, refusal;
	struct ration_host *host = NULL;
	struct ration_plan *plan = NULL;
	int status = EXIT_RATION;
	int r = options_host(options, &host, &error);

	(void)operands;
	if (r >= 0)
		r = options_plan(options, host, &plan, &error);
	if (r >= 0) {
		bool allowed = ration_plan_check(plan, &refusal) >= 0;

		status = allowed ? 0 : EXIT_RATION;
		ration_host_info(host, &info);
		r = print(options, plan, &info, allowed ? NULL : &refusal, &error);
	}
	plan = ration_plan_free(plan);
	host = ration_host_free(host);
	if (r < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	return output_finish(options->command->name, status);
}

const struct command cmd_plan = {
	.name = "plan",
	.arguments = "[LIMITS] [--enforce POLICY] [--json]",
	.help = "Tell what would hold each limit here, and why nothing better, without running anything",
	.details = "Exit status: 0 if `ration run` would accept these limits here; 125 if not.",
	.limits = true,
	.sets = (const struct option_set *const[]) { &options_enforce, &options_vm, &options_json, NULL },
	.function = plan_function,
};
