/* SPDX-License-Identifier: MIT */
/*
 * cmd-ls.c - ration ls: list tenants and groups
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options/options-plan.h"
#include "cli/options/options.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/output/budgets.h"
#include "cli/output/group-words.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "cli/say.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* A line's width, and that of an address that has no line of its own. */
#define LINE_WIDTH 110
#define ADDRESS_MAX 24

#define COLUMNS "  %-7s  %-13s  %6s  %6s  %10s  %11s  %8s"
/* What all these take up. */
#define COLUMNS_WIDTH 79

static const char *metric(char buf[OUTPUT_VALUE_MAX], const struct ration_stats *stats, enum ration_metric which)
{
	uint64_t value;

	if (ration_stats_metric(stats, which, &value) != RATION_SOURCE_ABSENT)
		return output_metric(buf, which, value);
	(void)snprintf(buf, OUTPUT_VALUE_MAX, "-");
	return buf;
}

static const char *pressure(char buf[OUTPUT_VALUE_MAX], const struct ration_stats *stats)
{
	uint64_t pct100 = ration_stats_memory_pressure_pct100(stats);

	if (pct100 == RATION_UNKNOWN)
		(void)snprintf(buf, OUTPUT_VALUE_MAX, "-");
	else
		(void)snprintf(buf, OUTPUT_VALUE_MAX, "%.1f%%", (double)pct100 / 100);
	return buf;
}

static const char *owner(char buf[OUTPUT_VALUE_MAX], const struct ration_list_item *item)
{
	int n;

	/* What that uid has noted isn't read. */
	if (item->uid != geteuid() && !item->delegated) {
		(void)snprintf(buf, OUTPUT_VALUE_MAX, "uid %u", (unsigned)item->uid);
		return buf;
	}
	n = snprintf(buf, OUTPUT_VALUE_MAX, "%s", ration_owner_name(item->owner));
	if (item->owner_pid > 0)
		(void)snprintf(buf + n, OUTPUT_VALUE_MAX - (size_t)n, " %d", item->owner_pid);
	return buf;
}

static void print_item(const struct ration_list_item *item, int width)
{
	char who[OUTPUT_VALUE_MAX], age[OUTPUT_VALUE_MAX], tasks[OUTPUT_VALUE_MAX], memory[OUTPUT_VALUE_MAX];
	char cpu[OUTPUT_VALUE_MAX], stalled[OUTPUT_VALUE_MAX], command[LINE_WIDTH];
	size_t room = LINE_WIDTH - COLUMNS_WIDTH - (size_t)width;

	if (printf("%-*s", width, item->address) > width)
		(void)printf("\n%*s", width, "");
	(void)printf(COLUMNS, ration_state_name(ration_stats_state(item->stats)), owner(who, item), group_age(age, item->created_usec),
			metric(tasks, item->stats, RATION_METRIC_PIDS_CURRENT),
			metric(memory, item->stats, RATION_METRIC_MEMORY_CURRENT_BYTES),
			metric(cpu, item->stats, RATION_METRIC_CPU_USEC), pressure(stalled, item->stats));
	if (item->delegated)
		(void)printf("  delegated to %u", (unsigned)item->uid);
	/* Whoever started the run chose these words. */
	(void)text_escape(command, room + 1, item->command);
	(void)printf("%s%s\n", command[0] ? "  " : "", command);
}

static void print_list(const struct ration_list *list)
{
	const struct ration_list_item *item;
	int width = (int)strlen("group");

	for (size_t i = 0; (item = ration_list_item(list, i)); i++) {
		int length = (int)strlen(item->address);

		if (length > width)
			width = length < ADDRESS_MAX ? length : ADDRESS_MAX;
	}
	(void)printf("%-*s" COLUMNS "  %s\n", width, "group", "state", "owner", "age", "tasks", "memory", "cpu used",
			"pressure", "command");
	for (size_t i = 0; (item = ration_list_item(list, i)); i++)
		print_item(item, width);
}

/* An empty list is a valid answer, but say so. */
static void explain_nothing(const struct options *options, const struct ration_host *host)
{
	struct ration_host_info info = { .size = sizeof(info) };
	char base[1024];

	ration_host_info(host, &info);
	if (info.base)
		say("ration: no tenants or groups below %s%s%s/%s\n", text_show(base, sizeof(base), info.base), options->parent ? "/" : "",
				options->parent ? options->parent : "", options->nspace ? options->nspace : "ration");
	else
		say("ration: no groups here, and none can be created: %s\n",
				info.base_reason);
}

/* As every other command says it. */
static int refuse_tenant(const struct ration_host *host, const char *tenant, struct ration_error *reterr)
{
	struct ration_group *group = NULL;
	int r = ration_group_open(host, tenant, &group, reterr);

	group = ration_group_free(group);
	return r < 0 ? r : error_set(reterr, -ENOENT, RATION_CAUSE_NO_GROUP, "tenant %s was just created", tenant);
}

/* Written in pieces of this size: there may be 10,000 lines. */
#define BUFFER_SIZE 65536

/* Reads what is shown: for programs everything. */
static int read_list(const struct ration_host *host, const char *tenant, bool all, struct ration_list **ret_list,
		struct ration_error *reterr)
{
	static const enum ration_metric shown[] = { RATION_METRIC_PIDS_CURRENT, RATION_METRIC_MEMORY_CURRENT_BYTES,
		RATION_METRIC_CPU_USEC };
	const struct ration_list_options options = { .size = sizeof(options), .tenant = tenant, .metrics = shown,
		.n_metrics = ARRAY_SIZE(shown), .pressure = true, .state = true };

	return all ? ration_list_new(host, tenant, ret_list, reterr) : ration_list_new_with(host, &options, ret_list, reterr);
}

static void print_waiter(const struct ration_waiter *waiter)
{
	char pid[OUTPUT_VALUE_MAX] = "-";

	if (waiter->pid > 0)
		(void)snprintf(pid, sizeof(pid), "%d", waiter->pid);
	(void)printf("%-24s  %5" PRIu64 "  %8s  %s\n", *waiter->tenant ? waiter->tenant : "(namespace)", waiter->place, pid,
			waiter->command);
}

/* Those of one tenant, or all. */
static int ls_waiting(const struct options *options, const struct ration_host *host, const char *tenant,
		struct ration_error *reterr)
{
	const struct ration_waiter *waiter;
	struct ration_waiters *waiters;
	int r = ration_waiters_new(host, &waiters, reterr);

	if (r < 0)
		return r;
	if (options->json) {
		r = output_json(json_waiting(waiters, tenant), reterr);
	} else {
		(void)printf("%-24s  %5s  %8s  %s\n", "tenant", "place", "pid", "command");
		for (size_t i = 0; (waiter = ration_waiters_item(waiters, i)); i++) {
			if (!tenant || strcmp(tenant, waiter->tenant) == 0)
				print_waiter(waiter);
		}
	}
	waiters = ration_waiters_free(waiters);
	return r;
}

static int ls(const struct options *options, const struct ration_host *host, const char *tenant,
		struct ration_error *reterr)
{
	static char buffer[BUFFER_SIZE];
	struct ration_list *list = NULL;
	int r = read_list(host, tenant, options->json, &list, reterr);

	if (r < 0)
		return r;
	(void)setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (tenant && ration_list_count(list) == 0)
		r = refuse_tenant(host, tenant, reterr);
	else if (options->json)
		r = output_json(json_ls(host, list), reterr);
	else if (ration_list_count(list) > 0)
		print_list(list);
	else
		explain_nothing(options, host);
	if (r >= 0 && !options->json)
		r = budgets_print_all(options, host, list, reterr);
	list = ration_list_free(list);
	return r;
}

static int ls_function(struct options *options, char **operands)
{
	struct ration_host *host = NULL;
	struct ration_error error;
	int r = options_host(options, &host, &error);

	if (r >= 0)
		r = (options->waiting ? ls_waiting : ls)(options, host, operands[0], &error);
	host = ration_host_free(host);
	if (r < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	return output_finish(options->command->name, 0);
}

static const struct option_set ls_set = {
	.title = "Options",
	.rows = (const struct option[]) {
		{ .flag = "--waiting", .set = option_set_true, .offset = offsetof(struct options, waiting),
			.help = "List who waits for room in a budget" },
		{ .flag = NULL },
	},
};

const struct command cmd_ls = {
	.name = "ls",
	.arguments = "[--waiting] [--json] [TENANT]",
	.help = "List tenants and groups",
	.details =
		"state: running, frozen, stopped (each process, by a signal), empty. "
		"owner: the supervisor of the group (alive or dead) and its pid; kept: stays until "
		"`ration rm`; uid: it belongs to another user. pressure: share of the last 10 s in which a task waited for memory. "
		"The figures of a tenant include its groups. A dash means: not available.\n"
		"\n"
		"Exit status: 0; 125 if ration failed.",
	.sets = (const struct option_set *const[]) { &ls_set, &options_json, NULL },
	.operand = "TENANT",
	.max_operands = 1,
	.function = ls_function,
};
