/* SPDX-License-Identifier: MIT */
/*
 * run-exec.c - ration run --exec: a group of one's own, and no supervisor
 *
 * ration creates the group, moves into it and executes the command. A process keeps
 * its pid and its start time through exec, so the command itself owns the group.
 * When it has ended, ration_gc() and the next run of that tenant remove the group.
 *
 * There is no supervisor to enforce a limit. A limit that the kernel can't enforce
 * for the group is set on the process if there is such a limit, and refused if not.
 */
#include "cli/commands/run-exec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/commands/wait.h"
#include "cli/inherited.h"
#include "cli/options/environment.h"
#include "cli/options/given.h"
#include "cli/options/options-plan.h"
#include "cli/options/policies.h"
#include "cli/options/rows.h"
#include "cli/options/starting.h"
#include "cli/output/output.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"

struct job {
	struct options *options;
	char **argv;
	char **envp;
	struct ration_host *host;
	struct ration_limits *own;      /* those that the process has for itself */
	struct ration_plan *group_plan, *own_plan;
	struct ration_group *group;
};

static void job_done(struct job *job)
{
	job->group = ration_group_free(job->group);
	job->own_plan = ration_plan_free(job->own_plan);
	job->group_plan = ration_plan_free(job->group_plan);
	job->own = ration_limits_free(job->own);
	job->host = ration_host_free(job->host);
	free(job->envp);
}

/* ------------------------------------------------------------ before a group */

static int refuse(const char *flag, const char *why, struct ration_error *reterr)
{
	(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "--exec and %s exclude each other: %s",
			flag, why);
	return error_hint(reterr, -EINVAL, "remove one of them");
}

/* What only a supervisor can do. */
static int check(const struct options *options, struct ration_error *reterr)
{
	const struct ration_limit_info *info;
	const struct {
		bool given;
		const char *flag;
	} of_supervisors[] = {
		{ options->receipt, "--receipt" },
		{ options->journal, given_name("--journal") },
		{ options->record, "--record" },
		{ options->progress, "--progress" },
		{ options->verbose, "--verbose" },
		{ options->wait_all, "--wait-all" },
		{ options->foreground, "--foreground" },
		{ options->signal != 0, "--signal" },
		{ options->kill_after_usec != 0, "--kill-after" },
		{ options->output_mode != RATION_OUTPUT_KILL, "--output-mode" },
		{ options->preserve_status, "--preserve-status" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(of_supervisors); i++) {
		if (of_supervisors[i].given)
			return refuse(of_supervisors[i].flag, "no supervisor stays", reterr);
	}
	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		if (info->supervised && ration_limits_has(options->limits, info->limit) &&
				!ration_limit_fits(info->limit, RATION_PURPOSE_PROCESS))
			return refuse(info->flag, "only a supervisor can enforce it, and none stays", reterr);
	}
	return 0;
}

static int move_limit(const struct ration_plan_item *item, struct ration_limits *from, struct ration_limits *to,
		struct ration_error *reterr)
{
	int r = item->text ? ration_limits_parse(to, item->limit, item->text, reterr) :
		ration_limits_set(to, item->limit, item->asked_soft, item->asked, reterr);

	if (r >= 0)
		ration_limits_unset(from, item->limit);
	return r;
}

/* Sets on the group what can be enforced there, and the rest on the process. */
static int split_limits(struct job *job, struct ration_error *reterr)
{
	struct ration_limits *limits = job->options->limits;
	const struct ration_plan_item *item;
	const struct ration_plan_options how = { .size = sizeof(how), .policy = RATION_ENFORCE_ANY,
		.purpose = RATION_PURPOSE_GROUP };
	struct ration_plan *all;
	int r = ration_plan_new(job->host, limits, &how, &all, reterr);

	if (r < 0)
		return r;
	for (size_t i = 0; r >= 0 && (item = ration_plan_item(all, i)); i++) {
		if (item->mechanism == RATION_MECHANISM_NONE && !item->implied &&
				ration_limit_fits(item->limit, RATION_PURPOSE_PROCESS))
			r = move_limit(item, limits, job->own, reterr);
	}
	all = ration_plan_free(all);
	/* As every run has it. */
	if (r >= 0 && !ration_limits_has(job->own, RATION_LIMIT_RLIMIT_CORE))
		r = ration_limits_set(job->own, RATION_LIMIT_RLIMIT_CORE, RATION_UNLIMITED, 0, reterr);
	return r;
}

static int make_plans(struct job *job, struct ration_error *reterr)
{
	struct options *options = job->options;
	enum ration_policy policy = (enum ration_policy)options->policy;
	const struct ration_plan_options in_group = { .size = sizeof(in_group), .policy = policy,
		.purpose = RATION_PURPOSE_GROUP, .tenant = options_tenant(options) };
	const struct ration_plan_options by_process = { .size = sizeof(by_process), .policy = policy,
		.purpose = RATION_PURPOSE_PROCESS };
	struct ration_plan *run = NULL;
	/* With the limits of a VM, and refused where they contradict each other. */
	int r = options_plan_run(options, job->host, &run, reterr);

	run = ration_plan_free(run);
	if (r >= 0)
		r = ration_limits_new(&job->own) < 0 ? error_oom(reterr) :
			policies_apply(options, &options_enforce.rows[0], job->own, reterr);
	if (r >= 0)
		r = split_limits(job, reterr);
	if (r >= 0)
		r = ration_plan_new(job->host, options->limits, &in_group, &job->group_plan, reterr);
	if (r >= 0)
		r = ration_plan_new(job->host, job->own, &by_process, &job->own_plan, reterr);
	if (r >= 0)
		r = ration_plan_check(job->group_plan, reterr);
	if (r >= 0)
		r = ration_plan_check(job->own_plan, reterr);
	return r;
}

static int prepare(struct job *job, struct ration_error *reterr)
{
	struct options *options = job->options;
	int r = check(options, reterr);

	if (r >= 0)
		r = options_host_ready(options, &job->host, reterr);
	if (r >= 0)
		r = make_plans(job, reterr);
	if (r >= 0)
		r = environment_make(options, &job->envp, reterr);
	return r;
}

/* ------------------------------------------------------------------- become */

static int make_group(struct job *job, struct ration_error *reterr)
{
	const struct options *options = job->options;
	struct ration_group_options how = {
		.size = sizeof(how),
		.without_cgroup = true, /* where a limit needs one, the plan has been refused */
		.no_oom_group = options->no_oom_group,
		.command = job->argv[0],
	};
	char address[2 * RATION_NAME_MAX + 64], name[64];
	int r;

	/* Our pid and the time: nobody else has both, but for another pid namespace, whom EEXIST tells. */
	(void)snprintf(name, sizeof(name), "x%d-%llx", (int)getpid(), (unsigned long long)clock_usec(CLOCK_MONOTONIC));
	if (snprintf(address, sizeof(address), "%s/%s", options_tenant(options),
				options->name ? options->name : name) >= (int)sizeof(address))
		return error_set(reterr, -EINVAL, RATION_CAUSE_BAD_NAME,
				"--tenant and --name are limited to %d bytes each", RATION_NAME_MAX);
	r = wait_for_room(options, job->host, job->group_plan, options_tenant(options), &how.admission, reterr);
	if (r < 0)
		return r;
	r = ration_group_create(job->host, address, job->group_plan, &how, &job->group, reterr);
	how.admission = ration_admission_free(how.admission);
	return r;
}

/* Returns on failure only; then the group is gone again. */
static int become(struct job *job, struct ration_error *reterr)
{
	const struct attributes ours = inherited_own();
	struct ration_spawn_options how = {
		.size = sizeof(how),
		.argv = job->argv,
		.envp = job->envp,
		.user = job->options->user,
		.new_privileges = job->options->new_privileges,
		.plan = job->own_plan,
	};
	struct ration_error ignored;
	int r;

	STARTING_SET(&how, job->options);
	if (!job->options->quiet) {
		inherited_tell(&ours);
		output_warnings(job->group_plan);
		output_warnings(job->own_plan);
	}
	r = ration_group_exec(job->group, &how, reterr);
	if (ration_group_path(job->group) &&
			ration_group_remove(job->group, RATION_REMOVE_EMPTY, NULL, &ignored) < 0)
		output_error(job->options->command->name, &ignored);
	return r;
}

int run_exec(struct options *options, char **argv)
{
	CLEANUP(job_done) struct job job = { .options = options, .argv = argv };
	struct ration_error error;
	int r = prepare(&job, &error);

	if (r >= 0)
		r = make_group(&job, &error);
	if (r >= 0)
		(void)become(&job, &error);
	output_error(error.cause == RATION_CAUSE_COMMAND ? NULL : options->command->name, &error);
	return command_failed(&error);
}
