/* SPDX-License-Identifier: MIT */
/*
 * cmd-set.c - ration set: change the limits of a live tenant or group
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/options/options-plan.h"
#include "cli/options/options.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/options/target.h"
#include "cli/output/budgets.h"
#include "cli/output/group-words.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "cli/say.h"
#include "util/cleanup.h"
#include "util/error.h"

static int set_deadline(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	uint64_t usec;
	int r = ration_parse_duration(row->flag, value, &usec, reterr);

	if (r < 0)
		return r;
	/* To the library, 0 is the default. */
	if (usec == 0) {
		(void)error_set(reterr, -ERANGE, RATION_CAUSE_INVALID, "%s 0: must be above 0, e.g. 5s", row->flag);
		return error_hint(reterr, -ERANGE, "--force sets the limit at once");
	}
	options->deadline_usec = usec;
	return 0;
}

#define FIELD(name) .offset = offsetof(struct options, name)

static const struct option_set set_set = {
	.title = "Below the current usage",
	.rows = (const struct option[]) {
		{ .flag = "--deadline", .argument = "DURATION", .set = set_deadline,
			.help = "Time limit for reclaiming memory; default: 2s" },
		{ .flag = "--force", .set = option_set_true, FIELD(force),
			.help = "Kill if memory can't be reclaimed in time" },
		{ .flag = NULL },
	},
};

static const struct option_set budget_set = {
	.title = "Budgets",
	.rows = (const struct option[]) {
		{ .flag = "--budget", .argument = "KEY=VALUE,...", .set = option_set_budget, FIELD(budget),
			.help = "What a tenant's groups can take together",
			.details = "e.g. memory=8G,cpus=4,runs=100; none: no budget" },
		{ .flag = "--namespace-budget", .argument = "KEY=VALUE,...", .set = option_set_budget, FIELD(namespace_budget),
			.help = "The same for all tenants; without an operand",
			.details = "e.g. memory=90%,runs=1000" },
		{ .flag = NULL },
	},
};

/* Reads what the plan is about, as it is now, but for what has been read. Limits with a key are there once for each. */
static int read_limits(const struct target *target, const struct ration_plan *plan,
		struct ration_group_limit **limits, struct ration_error *reterr)
{
	const struct ration_plan_item *item;
	int r = 0;

	for (size_t i = 0; r >= 0 && (item = ration_plan_item(plan, i)); i++)
		r = limits[i] ? 0 : ration_group_limit_new(target->group, item->limit, &limits[i], reterr);
	return r;
}

/* The change is made, even if the new values can't be read now: tries again, and reports it. */
static void read_changed(const struct target *target, const struct ration_plan *plan, struct ration_group_limit **limits)
{
	struct ration_error error;

	if (read_limits(target, plan, limits, &error) < 0 && read_limits(target, plan, limits, &error) < 0)
		say("ration set: the limits are changed, but %s\n", error.message);
}

static void print_limits(const char *address, const struct ration_plan *plan,
		struct ration_group_limit *const *before, struct ration_group_limit *const *after)
{
	char was[OUTPUT_VALUE_MAX], is[OUTPUT_VALUE_MAX];
	const struct ration_plan_item *item;

	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
		if (item->implied || item->mechanism == RATION_MECHANISM_NONE || !plan_limit_is_new(plan, i))
			continue;
		(void)printf("%s: %s: %s -> %s\n", address, ration_limit_info(item->limit)->name,
				group_limit_here(was, before[i]), after[i] ? group_limit_here(is, after[i]) : "not known");
	}
}

/* Prints the effort to get below the present use, if that was necessary: the use goes up and down by itself, too. */
static void print_reclaim(const char *address, const struct ration_plan *plan,
		const struct ration_update_report *report)
{
	const struct ration_plan_item *memory = plan_item(plan, RATION_LIMIT_MEMORY);
	char before[RATION_TEXT_MAX], after[RATION_TEXT_MAX], took[RATION_TEXT_MAX];
	char killed[40] = "nothing was killed";

	if (report->oom_kills > 0)
		(void)snprintf(killed, sizeof(killed), "%" PRIu64 " OOM kills", report->oom_kills);
	else if (!memory || memory->in_force >= report->memory_before_bytes ||
			report->memory_before_bytes == RATION_UNKNOWN ||
			report->memory_after_bytes >= report->memory_before_bytes)
		return;
	(void)printf("%s: memory in use: %s -> %s in %s; %s\n", address,
			ration_format_size(before, report->memory_before_bytes),
			ration_format_size(after, report->memory_after_bytes),
			ration_format_duration(took, report->elapsed_usec), killed);
}

/* All of it, with what was before and is now. */
struct change {
	struct ration_plan *plan;
	struct ration_group_limit **before, **after; /* one for each item of the plan; NULL: not read */
	struct ration_update_report report;
	bool tried;
};

static void change_done(struct change *change)
{
	for (size_t i = 0; change->after && i < ration_plan_count(change->plan); i++) {
		change->before[i] = ration_group_limit_free(change->before[i]);
		change->after[i] = ration_group_limit_free(change->after[i]);
	}
	free(change->before);
	free(change->after);
	change->plan = ration_plan_free(change->plan);
}

static int make_plan(const struct target *target, struct options *options, const char *address,
		struct change *change, struct ration_error *reterr)
{
	size_t n;
	int r = options_plan_group(options, target->host, address, &change->plan, reterr);

	if (r < 0)
		return r;
	n = ration_plan_count(change->plan);
	if (n == 0 && !options->budget) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "missing limit");
		return error_hint(reterr, -EINVAL, "e.g. ration set %s --memory 64M", options->command->operand);
	}
	change->before = calloc(n + 1, sizeof(*change->before));
	change->after = change->before ? calloc(n + 1, sizeof(*change->after)) : NULL;
	if (!change->after)
		return error_oom(reterr);
	return ration_plan_check(change->plan, reterr);
}

static int apply(const struct target *target, const struct options *options, struct change *change,
		struct ration_error *reterr)
{
	const struct ration_update_options how = {
		.size = sizeof(how),
		.force = options->force,
		.reclaim_usec = options->deadline_usec,
		.budget = options->budget,
	};
	int r = read_limits(target, change->plan, change->before, reterr);

	if (r < 0)
		return r;
	change->tried = true;
	r = ration_group_update(target->group, change->plan, &how, &change->report, reterr);
	if (r >= 0) {
		read_changed(target, change->plan, change->after);
		return r;
	}
	/* For the report: a group that has gone has none. */
	(void)!read_limits(target, change->plan, change->after, &(struct ration_error) { .code = 0 });
	return r;
}

static int print(const struct options *options, const struct target *target, const struct change *change,
		struct ration_error *reterr)
{
	const char *address = ration_group_address(target->group);

	if (options->json)
		return output_json(json_set(address, change->plan, change->before, change->after,
					&change->report, NULL), reterr);
	print_limits(address, change->plan, change->before, change->after);
	print_reclaim(address, change->plan, &change->report);
	return options->budget ? budgets_print(options, target->host, address, reterr) : 0;
}

/* On stderr as always, and with --json what was found and left as it was. */
static int tell_failure(const struct options *options, const struct target *target, const struct change *change,
		const struct ration_error *error)
{
	struct ration_error ignored;

	output_error(options->command->name, error);
	if (change->report.has_failed && !change->report.changed)
		say("  %s couldn't be set; nothing was changed\n",
				ration_limit_info(change->report.failed)->flag);
	if (options->json && change->tried)
		(void)!output_json(json_set(ration_group_address(target->group), change->plan, change->before,
					change->after, &change->report, error), &ignored);
	return command_failed(error);
}

/* A command without a limit is no command; then, whatever its limits are, there must be such a group. */
static int open_group(struct target *target, struct options *options, const char *address, struct change *change,
		struct ration_error *reterr)
{
	struct ration_error error;
	int r = make_plan(target, options, address, change, reterr), opened;

	if (change->plan && ration_plan_count(change->plan) == 0 && !options->budget)
		return r;
	opened = ration_group_open(target->host, address, &target->group, &error);
	if (opened < 0)
		*reterr = error;
	return opened < 0 ? opened : r;
}

/* It has no group, and nothing else is set with it. */
static int check_operand(const struct options *options, char **operands, struct ration_error *reterr)
{
	const struct ration_limit_info *info;
	bool limits = options->budget != NULL;

	if (!options->namespace_budget && operands[0])
		return 0;
	if (!options->namespace_budget) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "missing argument: %s", options->command->operand);
		return error_hint(reterr, -EINVAL, "ration %s %s", options->command->name, options->command->arguments);
	}
	for (size_t i = 0; (info = ration_limit_at(i)); i++)
		limits = limits || ration_limits_has(options->limits, info->limit);
	if (!limits && !operands[0])
		return 0;
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "--namespace-budget takes no %s",
			operands[0] ? "tenant or group" : "other limit or budget");
	return error_hint(reterr, -EINVAL, "a tenant's own budget is --budget");
}

static int set_namespace(struct options *options, struct ration_error *reterr)
{
	struct ration_host *host = NULL;
	int r = options_host_ready(options, &host, reterr);

	if (r >= 0)
		r = ration_budget_set(host, options->namespace_budget, reterr);
	if (r >= 0 && options->json)
		r = output_json(json_budget(host), reterr);
	else if (r >= 0)
		r = budgets_print(options, host, NULL, reterr);
	host = ration_host_free(host);
	return r;
}

static int set_function(struct options *options, char **operands)
{
	CLEANUP(target_done) struct target target = TARGET_NONE;
	CLEANUP(change_done) struct change change = { .report = { .size = sizeof(change.report) } };
	struct ration_error error;
	int r = check_operand(options, operands, &error);

	if (r >= 0 && options->namespace_budget)
		r = set_namespace(options, &error);
	if (r < 0 || options->namespace_budget) {
		if (r < 0)
			output_error(options->command->name, &error);
		return output_finish(options->command->name, r < 0 ? EXIT_RATION : 0);
	}
	r = options_host(options, &target.host, &error);
	if (r >= 0)
		r = open_group(&target, options, operands[0], &change, &error);
	if (r >= 0)
		r = apply(&target, options, &change, &error);
	if (r >= 0)
		output_warnings(change.plan);
	if (r >= 0)
		r = print(options, &target, &change, &error);
	return output_finish(options->command->name,
			r < 0 ? tell_failure(options, &target, &change, &error) : 0);
}

const struct command cmd_set = {
	.name = "set",
	.arguments = "[LIMITS] [OPTIONS] TENANT[/NAME]",
	.help = "Change a live group's limits atomically",
	.waits = "@ to give memory back, or for another process that changes it",
	.details =
		"Only the given limits change; `max` removes a limit. If one limit can't be set, "
		"the others are restored. To set a memory limit below the current usage, ration "
		"first reclaims memory, for a limited time. Nothing is killed without --force.\n"
		"\n"
		"Exit status: 0; 122 if a budget has no room for more; 125 if ration failed. Then "
		"nothing was changed.",
	.limits = true,
	.purpose = RATION_PURPOSE_GROUP,
	.sets = (const struct option_set *const[]) { &options_enforce, &set_set, &budget_set, &options_vm, &options_json, NULL },
	.operand = "TENANT[/NAME]",
	.max_operands = 1,
	.function = set_function,
};
