/* SPDX-License-Identifier: MIT */
/*
 * groups.c - what the commands about groups have in common
 */
#include "cli/commands/groups.h"

#include <errno.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/options/options-plan.h"
#include "cli/options/patterns.h"
#include "cli/options/setters.h"
#include "cli/output/output.h"
#include "cli/say.h"
#include "util/error.h"

#define FIELD(name) .offset = offsetof(struct options, name)

const struct option_set options_missing = {
	.title = "Options",
	.rows = (const struct option[]) {
		{ .flag = "--ignore-missing", .set = option_set_true, FIELD(ignore_missing),
			.help = "Ignore groups that don't exist" },
		{ .flag = NULL },
	},
};

/* The defaults are the library's: of ration_group_kill() and ration_group_stop(); of _freeze() and _thaw(). */
const struct option_set options_wait_end = {
	.title = "Waiting",
	.rows = (const struct option[]) {
		{ .flag = "--timeout", .argument = "DURATION", .set = option_set_duration, FIELD(timeout_usec),
			.help = "Time to wait; 0: no limit; default: 10s" },
		{ .flag = NULL },
	},
};

const struct option_set options_wait_freeze = {
	.title = "Waiting",
	.rows = (const struct option[]) {
		{ .flag = "--timeout", .argument = "DURATION", .set = option_set_duration, FIELD(timeout_usec),
			.help = "Time to wait; 0: no limit; default: 5s" },
		{ .flag = NULL },
	},
};

static int do_one(struct options *options, const struct ration_host *host, const char *address,
		group_function *function, void *data, struct ration_error *reterr)
{
	struct ration_group *group = NULL;
	int r = ration_group_open(host, address, &group, reterr);

	if (r >= 0)
		r = function(options, group, address, data, reterr);
	group = ration_group_free(group);
	return r;
}

bool groups_may_miss(const struct options *options, const char *address, const struct ration_error *error)
{
	if (error->cause != RATION_CAUSE_NO_GROUP && error->cause != RATION_CAUSE_VANISHED)
		/* Others can call a group as a file of the kernel, which no command takes. */
		return error->cause == RATION_CAUSE_BAD_NAME && patterns_matched(options, address);
	return options->ignore_missing || patterns_matched(options, address);
}

int groups_each(struct options *options, char **addresses, group_function *function, void *data)
{
	struct ration_host *host = NULL;
	struct ration_error error;
	int status = 0;

	if (options_host(options, &host, &error) < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	for (; *addresses; addresses++) {
		if (do_one(options, host, *addresses, function, data, &error) >= 0)
			continue;
		if (groups_may_miss(options, *addresses, &error))
			continue;
		output_error(options->command->name, &error);
		status = EXIT_RATION;
	}
	host = ration_host_free(host);
	return status;
}

/* Whether the process's own limits may do, where there is no group for it. */
static bool may_do_without(const struct options *options, const struct ration_plan *plan)
{
	switch ((enum ration_policy)options->policy) {
	case RATION_ENFORCE_STRICT:
		return false;
	case RATION_ENFORCE_FALLBACK:
		return ration_plan_count(plan) > 0;
	case RATION_ENFORCE_ANY:
		break;
	}
	return true;
}

int groups_open_for(const struct options *options, const struct ration_host *host, const char *address,
		const struct ration_plan *plan, struct ration_group **ret_group, struct ration_error *reterr)
{
	const struct ration_group_options without = {
		.size = sizeof(without),
		.without_cgroup = true,
	};
	int r = ration_group_open(host, address, ret_group, reterr);

	if (r != -EOPNOTSUPP || !may_do_without(options, plan))
		return r;
	r = ration_group_create(host, address, NULL, &without, ret_group, reterr);
	if (r >= 0)
		say("ration: not in a group, %s: %s\n", ration_plan_count(plan) > 0 ?
				"only process limits apply" : "no limits apply",
				ration_group_reason(*ret_group));
	return r;
}

const char *groups_processes(uint64_t n)
{
	return n == 1 ? "process" : "processes";
}
