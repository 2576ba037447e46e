/* SPDX-License-Identifier: MIT */
/*
 * cmd-plan.c - ration plan: show how each limit would be enforced
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options/given.h"
#include "cli/options/options-plan.h"
#include "cli/options/options.h"
#include "cli/options/profile.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "util/error.h"

/* How much memory a group may have, and who says so: "machine", a group's path, or a tenant's name. */
struct room {
	uint64_t memory_bytes;
	const char *source;
	bool of_tenant;
};

/*
 * A tenant's own limit, or that of a node between BASE and it, is what percentages
 * are of there: so all of it is what 100% comes to.
 */
static int find_room(const struct options *options, const struct ration_host *host, struct room *ret_room,
		struct ration_error *reterr)
{
	struct ration_host_info info = { .size = sizeof(info) };
	const struct ration_plan_options how = { .size = sizeof(how), .policy = RATION_ENFORCE_ANY,
		.tenant = options_tenant(options) };
	struct ration_limits *limits = NULL;
	struct ration_plan *plan = NULL;
	uint64_t all = RATION_UNLIMITED;
	int r = ration_limits_new(&limits);

	if (r < 0)
		return error_oom(reterr);
	ration_host_info(host, &info);
	r = ration_limits_parse(limits, RATION_LIMIT_MEMORY, "100%", reterr);
	if (r >= 0)
		r = ration_plan_new(host, limits, &how, &plan, reterr);
	if (r >= 0)
		all = ration_plan_item(plan, 0)->asked;
	plan = ration_plan_free(plan);
	limits = ration_limits_free(limits);
	if (r < 0)
		return r;
	ret_room->of_tenant = all < info.memory_bytes;
	ret_room->memory_bytes = ret_room->of_tenant ? all : info.memory_bytes;
	ret_room->source = ret_room->of_tenant ? options_tenant(options) : info.memory_source;
	return 0;
}

/* A name that no run could have is refused here as it is there. */
static int check_tenant(const struct options *options, const struct ration_host *host, struct ration_error *reterr)
{
	const struct ration_list_options names = { .size = sizeof(names), .tenant = options->tenant };
	struct ration_list *list = NULL;
	int r = options->tenant ? ration_list_new_with(host, &names, &list, reterr) : 0;

	list = ration_list_free(list);
	/* One that can't be read may still be run in. */
	if (r >= 0 || reterr->cause != RATION_CAUSE_BAD_NAME)
		return 0;
	given_as(reterr, "--tenant");
	return r;
}

static const char *room_words(const struct room *room)
{
	if (room->of_tenant)
		return "tenant ";
	return strcmp(room->source, "machine") == 0 ? "the " : "limit of ";
}

static void print_plan(const struct ration_plan *plan, const struct room *room, const char *policy,
		const struct ration_error *refusal)
{
	char size[RATION_TEXT_MAX];

	if (ration_plan_count(plan) > 0)
		output_limits(stdout, plan, NULL, true);
	else
		(void)printf("no limits given\n");
	(void)printf("memory available to a group: %s (%s%s)\n",
			ration_format_size(size, room->memory_bytes), room_words(room), room->source);
	if (refusal)
		(void)printf("refused under --enforce %s: %s\n  hint: %s\n", policy, refusal->message,
				refusal->hint);
	else
		(void)printf("allowed under --enforce %s\n", policy);
}

static int print(const struct options *options, const struct ration_plan *plan,
		const struct room *room, const struct ration_error *refusal,
		struct ration_error *reterr)
{
	const char *policy = option_word_of(options_enforce.rows[0].words, options->policy);

	if (options->json)
		return output_json(json_plan(plan, room->memory_bytes, room->source, policy, refusal), reterr);
	print_plan(plan, room, options->enforce ? options->enforce : policy, refusal);
	return 0;
}

static int plan_function(struct options *options, char **operands)
{
	struct room room = { .memory_bytes = RATION_UNLIMITED };
	struct ration_error error, refusal;
	struct ration_host *host = NULL;
	struct ration_plan *plan = NULL;
	int status = EXIT_RATION;
	int r = options_host(options, &host, &error);

	(void)operands;
	if (r >= 0)
		r = check_tenant(options, host, &error);
	if (r >= 0)
		r = options_plan_run(options, host, &plan, &error);
	if (r >= 0)
		r = find_room(options, host, &room, &error);
	if (r >= 0) {
		bool allowed = ration_plan_check(plan, &refusal) >= 0;

		if (!allowed)
			given_reword(&refusal);
		status = allowed ? 0 : EXIT_RATION;
		r = print(options, plan, &room, allowed ? NULL : &refusal, &error);
	}
	plan = ration_plan_free(plan);
	host = ration_host_free(host);
	if (r < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	return output_finish(options->command->name, status);
}

static const struct option_set plan_set = {
	.title = "Options",
	.rows = (const struct option[]) {
		{ .flag = "--tenant", .argument = "NAME", .set = option_set_text,
			.offset = offsetof(struct options, tenant),
			.help = "Tenant of the run; default: default" },
		{ .flag = NULL },
	},
};

const struct command cmd_plan = {
	.name = "plan",
	.arguments = "[LIMITS] [OPTIONS]",
	.help = "Show how each limit would be enforced",
	.details = "Exit status: 0 if `ration run` would accept these limits here; 125 if not.",
	.limits = true,
	.sets = (const struct option_set *const[]) { &plan_set, &options_profile, &options_enforce,
		&options_vm, &options_json, NULL },
	.function = plan_function,
};
