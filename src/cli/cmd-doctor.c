/* SPDX-License-Identifier: MIT */
/*
 * cmd-doctor.c - ration doctor: what this machine offers
 *
 * It looks at a plan of every limit: so it says what `ration run` would do, not
 * what it ought to. The limits with the same answer share a line.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/host-words.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/output.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Where the texts begin. */
#define TEXT_COLUMN 13

/* What has to hold for the host to be called good. */
static const enum ration_limit essential[] = {
	RATION_LIMIT_MEMORY,
	RATION_LIMIT_CPUS,
	RATION_LIMIT_PIDS,
};

/* ------------------------------------------------------------------- looking */

static bool holds_strictly(const struct ration_plan *plan)
{
	for (size_t i = 0; i < ARRAY_SIZE(essential); i++) {
		const struct ration_plan_item *item = plan_item(plan, essential[i]);

		if (!item || item->weaker)
			return false;
	}
	return true;
}

/* The one thing to do first: for BASE, then for what is essential, then for anything. */
static const char *first_fix(const struct ration_host_info *info, const struct ration_plan *plan)
{
	const struct ration_plan_item *item;

	if (info->base_fix && info->base_fix[0])
		return info->base_fix;
	for (size_t i = 0; i < ARRAY_SIZE(essential); i++) {
		item = plan_item(plan, essential[i]);
		if (item && item->weaker && item->fix[0])
			return item->fix;
	}
	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
		if (item->weaker && item->fix[0])
			return item->fix;
	}
	return "";
}

/* ------------------------------------------------------------------ printing */

enum colour {
	COLOUR_NONE,
	COLOUR_GOOD,
	COLOUR_WEAKER,
	COLOUR_BAD,
};

static const char *colour(enum colour wanted)
{
	static const char *const codes[] = {
		[COLOUR_NONE] = "\033[0m",
		[COLOUR_GOOD] = "\033[32m",
		[COLOUR_WEAKER] = "\033[33m",
		[COLOUR_BAD] = "\033[31m",
	};
	const char *no_color = getenv("NO_COLOR");

	if ((no_color && *no_color) || !isatty(STDOUT_FILENO))
		return "";
	return codes[wanted];
}

static void print_line(const char *label, const char *text)
{
	(void)printf("%-*s", TEXT_COLUMN, label);
	output_wrapped(stdout, TEXT_COLUMN, TEXT_COLUMN, text);
}

/* Names of a table, those that `bits` has or those that it lacks. */
static const char *join_names(char *buf, size_t size, const struct host_bit *table, uint32_t bits, bool has)
{
	size_t used = 0;

	buf[0] = '\0';
	for (; table->name && used < size; table++) {
		if (!!(bits & table->bit) == has)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? " " : "",
					table->name);
	}
	return buf;
}

static void print_base(const struct ration_host_info *info)
{
	static const char *const how[] = {
		[RATION_BASE_NONE] = "",
		[RATION_BASE_GIVEN] = "as --base or RATION_BASE says",
		[RATION_BASE_ROOT] = "the root of the hierarchy, which no service manager owns",
		[RATION_BASE_NESTED] = "the group that ration itself was started in",
		[RATION_BASE_REFUSED] = "",
		[RATION_BASE_UNIT] = "the group of a unit that systemd keeps for ration",
	};
	char text[1200];

	if (!info->base)
		(void)snprintf(text, sizeof(text), "none: %s", info->base_reason ? info->base_reason : "");
	else
		(void)snprintf(text, sizeof(text), "%s, %s%s%s%s", info->base, how[info->base_kind],
				info->base_pending ? ", and will start at the first run" : "",
				info->base_reason && info->base_reason[0] ? "; but " : "",
				info->base_reason ? info->base_reason : "");
	print_line("base", text);
	if (info->base_outside)
		print_line("", "From where this is, systemd has to bring each ration run there first, over D-Bus. What "
			       "runs below the user's own manager needs none of that: systemd-run --user --scope bash");
	if (info->base_kind == RATION_BASE_UNIT && !info->root)
		print_line("", "Its groups belong to this user, whose programs can change their limits: they hold what "
			       "is careless, not what is hostile");
}

static void print_container(const struct ration_host_info *info)
{
	char text[200];

	if (!info->container)
		return;
	(void)snprintf(text, sizeof(text), "%s%s",
			info->container_kind[0] ? info->container_kind : "of an unknown kind",
			!info->mount		 ? "" :
			info->cgroup_namespace	 ? ", with a cgroup namespace of its own" :
						   ", with the cgroup namespace of whoever started it");
	print_line("container", text);
}

static void print_v1(const struct ration_host_info *info)
{
	char names[128], text[600];

	join_names(names, sizeof(names), v1_words, info->controllers_v1, true);
	(void)snprintf(text, sizeof(text), "%s%s%s", names[0] ? names : "none",
			info->v1_reason[0] ? "; " : "", info->v1_reason);
	print_line("cgroup v1", text);
}

static void print_host(const struct ration_host_info *info)
{
	char text[512], size[RATION_TEXT_MAX], swap[RATION_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%s%s%s", info->kernel, info->systemd ? ", systemd" : "",
			info->root ? ", as root" : "");
	print_line("kernel", text);
	print_container(info);
	(void)snprintf(text, sizeof(text), "%s%s%s", host_hierarchy_name(info->hierarchy),
			info->mount ? ", cgroup2 at " : "", info->mount ? info->mount : "");
	print_line("hierarchy", text);
	print_base(info);
	join_names(text, sizeof(text), controller_words, info->controllers, true);
	print_line("controllers", text[0] ? text : "none");
	if (info->hierarchy == RATION_HIERARCHY_V1 || info->hierarchy == RATION_HIERARCHY_HYBRID)
		print_v1(info);
	join_names(text, sizeof(text), feature_words, info->features, false);
	print_line("lacking", text[0] ? text : "nothing that ration makes use of");
	(void)snprintf(text, sizeof(text), "%s (%s), swap %s, %u CPUs",
			ration_format_size(size, info->memory_bytes),
			info->memory_source ? info->memory_source : "machine",
			ration_format_size(swap, info->swap_bytes), info->cpus);
	print_line("room", text);
}

/* More resources of setrlimit(2) than these share one word. */
#define RLIMITS_NAMED 4

static size_t count_rlimits(const struct ration_plan *plan, const struct ration_plan_item *item)
{
	const struct ration_plan_item *other;
	size_t n = 0;

	for (size_t i = 0; (other = ration_plan_item(plan, i)); i++)
		n += plan_same_answer(item, other) && limit_is_rlimit(ration_limit_info(other->limit));
	return n;
}

/* Joins the names of all limits that have the answer of `item`. */
static void join_limits(char *buf, size_t size, const struct ration_plan *plan,
		const struct ration_plan_item *item)
{
	const struct ration_plan_item *other;
	bool one_word = count_rlimits(plan, item) > RLIMITS_NAMED;
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; (other = ration_plan_item(plan, i)) && used < size; i++) {
		const struct ration_limit_info *info = ration_limit_info(other->limit);

		if (plan_same_answer(item, other) && !(one_word && limit_is_rlimit(info)))
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? " " : "",
					info->name);
	}
	if (one_word && used < size)
		(void)snprintf(buf + used, size - used, "%srlimits", used ? " " : "");
}

/* Copies a reason without what the line of BASE has said already. */
static const char *shorten(char *buf, size_t size, const char *reason, const char *said)
{
	const char *at = said && *said ? strstr(reason, said) : NULL;
	size_t before = at ? (size_t)(at - reason) : strlen(reason);
	const char *rest;

	/* "…isn't available: SAID; but…": the colon goes, too. */
	if (at && before >= 2 && strncmp(at - 2, ": ", 2) == 0)
		before -= 2;
	rest = at ? at + strlen(said) : "";
	/* "SAID; but…" */
	if (before == 0 && strncmp(rest, "; ", 2) == 0)
		rest += 2;
	(void)snprintf(buf, size, "%.*s%s", (int)before, reason, rest);
	return buf;
}

static void print_answer(const struct ration_plan *plan, const struct ration_plan_item *item,
		const char *said)
{
	static const char *const words[] = {
		[COLOUR_GOOD] = "good",
		[COLOUR_WEAKER] = "weaker",
		[COLOUR_BAD] = "missing",
	};
	enum colour how = !item->weaker ? COLOUR_GOOD :
		item->mechanism != RATION_MECHANISM_NONE ? COLOUR_WEAKER : COLOUR_BAD;
	char limits[500], held[160], reason[800], text[1500];

	join_limits(limits, sizeof(limits), plan, item);
	shorten(reason, sizeof(reason), item->weaker ? item->reason : "", said);
	(void)snprintf(text, sizeof(text), "%s: %s%s%s", limits, output_held_by(held, sizeof(held), item),
			reason[0] ? "; " : "", reason);
	(void)fputs(colour(how), stdout);
	(void)printf("%-*s", TEXT_COLUMN, words[how]);
	(void)fputs(colour(COLOUR_NONE), stdout);
	output_wrapped(stdout, TEXT_COLUMN, TEXT_COLUMN, text);
}

static void print_answers(const struct ration_plan *plan, const char *said)
{
	const struct ration_plan_item *item;

	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
		if (plan_answer_is_new(plan, i))
			print_answer(plan, item, said);
	}
}

static int print(const struct options *options, const struct ration_host_info *info,
		const struct ration_plan *plan, struct ration_error *reterr)
{
	bool strict = holds_strictly(plan);
	const char *fix = first_fix(info, plan);
	CLEANUP(freep) char *text = NULL;

	if (options->json) {
		text = json_doctor(info, plan, strict, fix);
		if (!text)
			return error_oom(reterr);
		(void)fputs(text, stdout);
		return 0;
	}
	print_host(info);
	print_answers(plan, info->base_reason);
	print_line("strict", strict ? "--enforce strict holds for memory, cpus and pids" :
			"--enforce strict doesn't hold for all of memory, cpus and pids");
	if (fix[0])
		print_line("fix", fix);
	return 0;
}

static int doctor_function(struct options *options, char **operands)
{
	struct ration_host_info info = { .size = sizeof(info) };
	struct ration_host *host = NULL;
	struct ration_plan *plan = NULL;
	struct ration_error error;
	int status = EXIT_RATION;
	int r = options_host(options, &host, &error);

	(void)operands;
	if (r >= 0)
		r = ration_plan_survey(host, &plan, &error);
	if (r >= 0) {
		ration_host_info(host, &info);
		status = holds_strictly(plan) ? 0 : 1;
		r = print(options, &info, plan, &error);
	}
	plan = ration_plan_free(plan);
	host = ration_host_free(host);
	if (r < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	return output_finish(options->command->name, status);
}

const struct command cmd_doctor = {
	.name = "doctor",
	.arguments = "[--json]",
	.help = "Tell what this machine offers, what holds each limit, and what would make it better",
	.details = "Exit status: 0 where --enforce strict holds for memory, cpus and pids; 1 where it "
		"doesn't; 125 if ration failed.",
	.sets = (const struct option_set *const[]) { &options_json, NULL },
	.function = doctor_function,
};
