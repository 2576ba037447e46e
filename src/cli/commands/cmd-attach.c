/* SPDX-License-Identifier: MIT */
/*
 * cmd-attach.c - ration attach: put running processes into a group
 *
 * All processes are checked first: a wrong pid fails before any process is moved. A
 * process that ends, or belongs to another user, can still fail later. Then the message
 * names those already moved, and they stay in the group.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/commands/groups.h"
#include "cli/inherited.h"
#include "cli/options/options-plan.h"
#include "cli/options/rows.h"
#include "cli/output/group-limits.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "util/cleanup.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/text.h"

/* A process that is to be attached; without an fd where there is none (before 5.3, or refused). */
struct subject {
	int pid, fd;
};

struct job {
	struct options *options;
	size_t n;
	struct subject *subjects;
	struct ration_host *host;
	struct ration_plan *plan;
	struct ration_group *group;
	struct json_attach done;
	struct group_limits bounds;
};

/* ------------------------------------------------------------------ before */

static int read_pid(const char *word, int *ret_pid, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];
	uint64_t pid;

	if (parse_count(word, &pid) < 0 || pid == 0 || pid > INT_MAX)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "invalid pid %s, range 1 to %d",
				text_show(shown, sizeof(shown), word), INT_MAX);
	*ret_pid = (int)pid;
	return 0;
}

/* The fd identifies the process, even if another one gets its pid later. */
static int find_process(struct subject *at, struct ration_error *reterr)
{
	at->fd = pidfd_open(at->pid, 0);
	if (at->fd >= 0 || errno == ENOSYS || errno == EPERM)
		return 0;
	if (errno == ESRCH)
		return error_set(reterr, -ESRCH, RATION_CAUSE_NO_PROCESS, "no such process: %d", at->pid);
	if (errno == EINVAL || errno == ENOENT)
		return error_set(reterr, -EINVAL, RATION_CAUSE_NO_PROCESS,
				"%d is a thread of another process", at->pid);
	return error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't open process %d: %s", at->pid,
			error_text(-errno));
}

static int prepare(struct job *job, char **operands, struct ration_error *reterr)
{
	struct options *options = job->options;
	int r = 0;

	if (job->n == 0) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "missing argument: PID");
		return error_hint(reterr, -EINVAL, "e.g. ration attach acme/vm7 4711");
	}
	job->subjects = calloc(job->n, sizeof(*job->subjects));
	job->done.list = calloc(job->n, sizeof(*job->done.list));
	if (!job->subjects || !job->done.list)
		return error_oom(reterr);
	for (size_t i = 0; i < job->n; i++)
		job->subjects[i].fd = -EBADF;
	for (size_t i = 0; r >= 0 && i < job->n; i++)
		r = read_pid(operands[1 + i], &job->subjects[i].pid, reterr);
	if (r >= 0)
		r = options_host(options, &job->host, reterr);
	if (r >= 0)
		r = options_plan(options, job->host, &job->plan, reterr);
	if (r >= 0)
		r = ration_plan_check(job->plan, reterr);
	for (size_t i = 0; r >= 0 && i < job->n; i++)
		r = find_process(&job->subjects[i], reterr);
	if (r >= 0)
		r = groups_open_for(options, job->host, operands[0], job->plan, &job->group, reterr);
	for (size_t i = 0; r >= 0 && i < job->n; i++)
		r = ration_group_attach_check(job->group, job->subjects[i].pid, job->plan, reterr);
	return r;
}

/* ------------------------------------------------------------------- attach */

/* Says which were attached before one couldn't be. */
static void name_those_done(const struct job *job, struct ration_error *error)
{
	char text[160] = "";
	size_t used = 0;

	for (size_t i = 0; i < job->done.n && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %d", job->done.list[i].pid);
	if (job->n > 1)
		(void)error_hint(error, error->code, "already attached: %s%s",
				job->done.n > 0 ? text + 1 : "none", used >= sizeof(text) ? " ..." : "");
}

static int attach(struct job *job, struct ration_error *reterr)
{
	for (size_t i = 0; i < job->n; i++) {
		const struct subject *at = &job->subjects[i];
		struct json_attached *done = &job->done.list[job->done.n];
		int r;

		*done = (struct json_attached) { .pid = at->pid, .report.size = sizeof(done->report) };
		r = at->fd >= 0 ?
			ration_group_attach_pidfd(job->group, at->fd, job->plan, &done->report, reterr) :
			ration_group_attach(job->group, at->pid, job->plan, &done->report, reterr);
		if (r < 0) {
			name_those_done(job, reterr);
			return r;
		}
		job->done.n++;
		inherited_warn(at->pid);
		/* NULL means no memory: the move has succeeded all the same. */
		done->from = strdup(done->report.from);
	}
	return 0;
}

/* -------------------------------------------------------------------- tell */

/*
 * Tells whether somebody has set it: what only the machine bounds applies to everybody,
 * and every group has a weight and some protection, if only none.
 */
static bool binds(const struct ration_group_limit *at)
{
	const struct ration_limit_info *info = ration_limit_info(at->limit);

	if (!at->has_effective || at->level == RATION_LEVEL_MACHINE)
		return false;
	if (at->has_asked || at->effective_text[0])
		return true;
	return info->lifts && !info->protects && at->effective != RATION_UNLIMITED;
}

/* Looks up what is in force in the group. What can't be read isn't claimed. */
static void read_bounds(struct job *job)
{
	const struct ration_limit_info *info;

	for (size_t i = 0; (info = ration_limit_at(i)); i++) {
		struct ration_group_limit *at = NULL, **room;

		if (!ration_limit_fits(info->limit, RATION_PURPOSE_GROUP) ||
				ration_group_limit_new(job->group, info->limit, &at, NULL) < 0)
			continue;
		room = binds(at) ? group_limits_add(&job->bounds) : NULL;
		if (room)
			*room = at;
		else
			at = ration_group_limit_free(at);
	}
	job->done.bounds = job->bounds.list;
	job->done.n_bounds = job->bounds.n;
}

static void print_process(const struct json_attached *at, const char *address)
{
	char size[RATION_TEXT_MAX], from[TEXT_SHOWN_MAX];

	if (!at->report.moved) {
		(void)printf("%d: process limits only, no group\n", at->pid);
		return;
	}
	(void)printf("%d: moved into %s", at->pid, address);
	if (at->from && at->from[0])
		(void)printf(" from %s", text_escape(from, sizeof(from), at->from));
	if (at->report.elsewhere_bytes != RATION_UNKNOWN && at->report.elsewhere_bytes > 0)
		(void)printf("; its %s of memory stay charged there until freed",
				ration_format_size(size, at->report.elsewhere_bytes));
	(void)putchar('\n');
}

static void print_bounds(const struct json_attach *done)
{
	const struct ration_plan_item *item;
	char value[OUTPUT_VALUE_MAX];

	(void)printf("limits from now on:%s\n",
			done->n_bounds == 0 && ration_plan_count(done->plan) == 0 ? " no limit" : "");
	for (size_t i = 0; i < done->n_bounds; i++) {
		const struct ration_group_limit *at = done->bounds[i];
		const struct ration_limit_info *info = ration_limit_info(at->limit);

		(void)printf("  %-18s  %-16s  all of %s\n", info->name, at->effective_text[0] ?
				at->effective_text : output_limit_value(value, info, at->effective),
				at->where[0] ? at->where : done->address);
	}
	for (size_t i = 0; (item = ration_plan_item(done->plan, i)); i++) {
		char enforced_by[160];

		(void)printf("  %-18s  %-16s  %s\n", ration_limit_info(item->limit)->name,
				output_asked(value, item), output_enforced_by(enforced_by, sizeof(enforced_by), item));
	}
}

static int print(const struct job *job, struct ration_error *reterr)
{
	if (job->options->json)
		return output_json(json_attach(&job->done), reterr);
	for (size_t i = 0; i < job->done.n; i++)
		print_process(&job->done.list[i], job->done.address);
	if (job->done.n > 0)
		print_bounds(&job->done);
	return 0;
}

/* ----------------------------------------------------------------- command */

static int run(struct job *job, char **operands)
{
	struct ration_error error, failure;
	int r = prepare(job, operands, &error), told = 0;

	if (r >= 0) {
		r = attach(job, &error);
		read_bounds(job);
		job->done.reason = ration_group_reason(job->group);
		job->done.plan = job->plan;
		told = print(job, &failure);
	}
	if (r < 0)
		output_error(job->options->command->name, &error);
	if (told < 0)
		output_error(job->options->command->name, &failure);
	return r < 0 || told < 0 ? EXIT_RATION : 0;
}

static void job_done(struct job *job)
{
	for (size_t i = 0; job->subjects && i < job->n; i++)
		job->subjects[i].fd = close_fd(job->subjects[i].fd);
	job->group = ration_group_free(job->group);
	job->plan = ration_plan_free(job->plan);
	job->host = ration_host_free(job->host);
	for (size_t i = 0; i < job->done.n; i++)
		free(job->done.list[i].from);
	free(job->done.list);
	group_limits_done(&job->bounds);
	free(job->subjects);
}

static int attach_function(struct options *options, char **operands)
{
	CLEANUP(job_done) struct job job = { .options = options, .done.address = operands[0] };

	while (operands[1 + job.n])
		job.n++;
	return output_finish(options->command->name, run(&job, operands));
}

const struct command cmd_attach = {
	.name = "attach",
	.arguments = "[LIMITS] [OPTIONS] GROUP PID...",
	.help = "Move running processes into a group",
	.waits = "@ to take the processes",
	.details =
		"A process moves with all its threads; its children don't move. Memory that it "
		"already uses stays charged to its old group. LIMITS apply to each process. Without "
		"a cgroup, only they are enforced, and ration says so.\n"
		"\n"
		"ration checks all processes before it moves one.\n"
		"\n"
		"Exit status: 0 if all were moved; 125 if not. The message then names those that "
		"were moved.",
	.limits = true,
	.purpose = RATION_PURPOSE_PROCESS,
	.sets = (const struct option_set *const[]) { &options_enforce, &options_json, NULL },
	.operand = "GROUP",
	.min_operands = 1,
	.function = attach_function,
};
