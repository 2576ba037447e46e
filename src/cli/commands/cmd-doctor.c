/* SPDX-License-Identifier: MIT */
/*
 * cmd-doctor.c - ration doctor: check this machine
 *
 * It shows a plan of every limit, which is what `ration run` would use. The library
 * finds problems and fixes (ration_findings_new()); this file only prints them. The
 * most important findings come first, in about ten lines; --all shows the rest.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options/options-plan.h"
#include "cli/options/options.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/output/host-words.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Where the texts begin. */
#define TEXT_COLUMN 13

/* How many findings are shown without --all: those that matter, and with notes. */
#define FINDINGS_SHOWN 4
#define NOTES_SHOWN 2

/* What has to hold for the host to be called good: it comes first. */
static const enum ration_limit essential[] = {
	RATION_LIMIT_MEMORY,
	RATION_LIMIT_CPUS,
	RATION_LIMIT_PIDS,
};

/* What the doctor has found, for the printing. */
struct report {
	struct ration_host_info info;
	const struct ration_plan *plan;
	const struct ration_findings *findings;
};

static bool is_trouble(const struct ration_finding *finding)
{
	return finding->severity == RATION_SEVERITY_WARN || finding->severity == RATION_SEVERITY_BAD;
}

/* What to do first: the fix of the worst finding that has one. */
static const char *first_fix(const struct ration_findings *findings)
{
	const struct ration_finding *finding;

	for (size_t i = 0; (finding = ration_findings_item(findings, i)); i++) {
		if (is_trouble(finding) && finding->fix[0])
			return finding->fix;
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
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if ((no_color && *no_color) || (term && strcmp(term, "dumb") == 0) || !isatty(STDOUT_FILENO))
		return "";
	return codes[wanted];
}

static void print_coloured(enum colour how, const char *label, const char *text)
{
	(void)fputs(how == COLOUR_NONE ? "" : colour(how), stdout);
	(void)printf("%-*s", TEXT_COLUMN, label);
	(void)fputs(how == COLOUR_NONE ? "" : colour(COLOUR_NONE), stdout);
	output_wrapped(stdout, TEXT_COLUMN, TEXT_COLUMN, text);
}

static void print_line(const char *label, const char *text)
{
	print_coloured(COLOUR_NONE, label, text);
}

/* Names of a table, those that `bits` has or those that it lacks. */
static const char *join_names(char *buf, size_t size, const struct host_bit *table, uint64_t bits, bool has)
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

static const char *base_words(enum ration_base_kind kind)
{
	switch (kind) {
	case RATION_BASE_NONE:
	case RATION_BASE_REFUSED:
		break;
	case RATION_BASE_GIVEN:
		return "set by --base or RATION_BASE";
	case RATION_BASE_ROOT:
		return "the root of the hierarchy";
	case RATION_BASE_NESTED:
		return "ration's own group";
	case RATION_BASE_UNIT:
		return "systemd unit for ration";
	}
	return "";
}

/* `reason`: with why there is none, or less than a whole one, where no finding has told it. */
static void print_base(const struct ration_host_info *info, bool reason)
{
	char text[1200];

	if (!info->base)
		(void)snprintf(text, sizeof(text), "none%s%s", reason ? ": " : "", reason ? info->base_reason : "");
	else
		(void)snprintf(text, sizeof(text), "%s, %s%s%s%s", info->base, base_words(info->base_kind),
				info->base_pending ? ", started by the first run" : "",
				reason && info->base_reason[0] ? "; but " : "", reason ? info->base_reason : "");
	print_line("base", text);
}

static void print_container(const struct ration_host_info *info)
{
	char text[200];

	if (!info->container)
		return;
	(void)snprintf(text, sizeof(text), "%s%s",
			info->container_kind[0] ? info->container_kind : "unknown runtime",
			!info->mount		 ? "" :
			info->cgroup_namespace	 ? ", own cgroup namespace" :
						   ", shared cgroup namespace");
	print_line("container", text);
}

static void print_v1(const struct ration_host_info *info)
{
	char names[128], text[600];

	if (info->hierarchy != RATION_HIERARCHY_V1 && info->hierarchy != RATION_HIERARCHY_HYBRID)
		return;
	join_names(names, sizeof(names), v1_words, info->controllers_v1, true);
	(void)snprintf(text, sizeof(text), "%s%s%s", names[0] ? names : "none",
			info->v1_reason[0] ? "; " : "", info->v1_reason);
	print_line("cgroup v1", text);
}

static void print_machine(const struct ration_host_info *info)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "kernel %s%s%s%s, cgroups: %s%s%s", info->kernel,
			info->kernel_kind[0] ? " (" : "", info->kernel_kind, info->kernel_kind[0] ? ")" : "",
			host_hierarchy_name(info->hierarchy), info->systemd ? ", systemd" : "",
			info->root ? ", as root" : "");
	print_line("machine", text);
}

static void print_room(const struct ration_host_info *info)
{
	char text[512], size[RATION_TEXT_MAX], swap[RATION_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%s (%s), swap %s, %u CPUs",
			ration_format_size(size, info->memory_bytes),
			info->memory_source ? info->memory_source : "machine",
			ration_format_size(swap, info->swap_bytes), info->cpus);
	print_line("room", text);
}

static void print_features(const struct ration_host_info *info)
{
	char text[512];

	for (const struct host_bit *row = feature_words; row->name; row++) {
		bool there = info->features & row->bit;

		(void)snprintf(text, sizeof(text), "%s: %s", row->name, row->help);
		print_coloured(there ? COLOUR_GOOD : COLOUR_WEAKER, there ? "available" : "missing", text);
	}
}

/* -------------------------------------------------------------------- limits */

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
	char limits[500], enforced_by[160], reason[800], text[1500];

	join_limits(limits, sizeof(limits), plan, item);
	shorten(reason, sizeof(reason), item->weaker ? item->reason : "", said);
	(void)snprintf(text, sizeof(text), "%s: %s%s%s", limits, output_enforced_by(enforced_by, sizeof(enforced_by), item),
			reason[0] ? "; " : "", reason);
	print_coloured(how, words[how], text);
}

static void print_answers(const struct ration_plan *plan, const char *said)
{
	const struct ration_plan_item *item;

	for (size_t i = 0; (item = ration_plan_item(plan, i)); i++) {
		if (plan_answer_is_new(plan, i))
			print_answer(plan, item, said);
	}
}

/* What enforces the three that matter; those with the same answer share it. */
static void join_essential(char *buf, size_t size, const struct ration_plan *plan)
{
	char enforced_by[160];
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(essential) && used < size; i++) {
		const struct ration_plan_item *item = plan_item(plan, essential[i]);
		const struct ration_plan_item *next = i + 1 < ARRAY_SIZE(essential) ? plan_item(plan, essential[i + 1]) : NULL;
		bool shared;

		(void)output_enforced_by(enforced_by, sizeof(enforced_by), item);
		shared = next && next->mechanism == item->mechanism && next->scope == item->scope;
		used += (size_t)snprintf(buf + used, size - used, "%s%s%s", ration_limit_info(item->limit)->name,
				shared ? ", " : ": ", shared ? "" : enforced_by);
		if (!shared && next && used < size)
			used += (size_t)snprintf(buf + used, size - used, "; ");
	}
}

static void print_verdict(const struct report *report)
{
	bool strict = ration_findings_strict(report->findings);
	char enforced_by[400], text[500];

	join_essential(enforced_by, sizeof(enforced_by), report->plan);
	(void)snprintf(text, sizeof(text), "%s; --enforce strict %s", enforced_by, strict ? "works" : "fails");
	print_coloured(strict ? COLOUR_GOOD : COLOUR_BAD, strict ? "good" : "not good", text);
}

/* ------------------------------------------------------------------ findings */

static enum colour severity_colour(enum ration_severity severity)
{
	switch (severity) {
	case RATION_SEVERITY_OK:
		return COLOUR_GOOD;
	case RATION_SEVERITY_NOTE:
		return COLOUR_NONE;
	case RATION_SEVERITY_WARN:
		return COLOUR_WEAKER;
	case RATION_SEVERITY_BAD:
		return COLOUR_BAD;
	}
	return COLOUR_NONE;
}

static void print_finding(const struct ration_finding *finding, bool fix)
{
	char text[1000];

	(void)snprintf(text, sizeof(text), "%s: %s", finding->id, finding->text);
	print_coloured(severity_colour(finding->severity), ration_severity_name(finding->severity), text);
	if (fix && finding->fix[0]) {
		(void)snprintf(text, sizeof(text), "fix: %s", finding->fix);
		print_line("", text);
	}
}

/* Those that matter, and if these are few some that are good to know. Returns how many it has left out. */
static size_t print_worst(const struct ration_findings *findings)
{
	const struct ration_finding *finding;
	size_t left = 0;

	for (size_t i = 0; (finding = ration_findings_item(findings, i)); i++) {
		if (i < (is_trouble(finding) ? FINDINGS_SHOWN : NOTES_SHOWN) && finding->severity != RATION_SEVERITY_OK)
			print_finding(finding, false);
		else
			left++;
	}
	return left;
}

static void print_summary(const struct report *report)
{
	const char *fix = first_fix(report->findings);
	char text[120];
	size_t left;

	print_verdict(report);
	print_machine(&report->info);
	print_container(&report->info);
	print_base(&report->info, false);
	print_room(&report->info);
	left = print_worst(report->findings);
	if (fix[0])
		print_line("fix", fix);
	(void)snprintf(text, sizeof(text), "ration doctor --all shows %zu more %s, all limits and kernel features",
			left, left == 1 ? "finding" : "findings");
	print_line("more", text);
}

static void print_all(const struct report *report)
{
	const struct ration_finding *finding;
	const char *fix = first_fix(report->findings);
	char text[512];

	print_verdict(report);
	print_machine(&report->info);
	print_container(&report->info);
	print_base(&report->info, true);
	join_names(text, sizeof(text), controller_words, report->info.controllers, true);
	print_line("controllers", text[0] ? text : "none");
	print_v1(&report->info);
	print_room(&report->info);
	(void)puts("\nLimits:");
	print_answers(report->plan, report->info.base_reason);
	(void)puts("\nFeatures:");
	print_features(&report->info);
	(void)puts("\nFindings, most severe first; ration-doctor(1) explains each:");
	for (size_t i = 0; (finding = ration_findings_item(report->findings, i)); i++)
		print_finding(finding, true);
	if (fix[0]) {
		(void)putchar('\n');
		print_line("fix", fix);
	}
}

static int print(const struct options *options, const struct report *report, struct ration_error *reterr)
{
	if (options->json)
		return output_json(json_doctor(&report->info, report->plan, report->findings,
						   first_fix(report->findings)), reterr);
	if (options->all)
		print_all(report);
	else
		print_summary(report);
	return 0;
}

static int doctor_function(struct options *options, char **operands)
{
	struct report report = { .info = { .size = sizeof(report.info) } };
	struct ration_findings *findings = NULL;
	struct ration_host *host = NULL;
	struct ration_plan *plan = NULL;
	struct ration_error error;
	int status = EXIT_RATION;
	int r = options_host(options, &host, &error);

	(void)operands;
	if (r >= 0)
		r = ration_plan_survey(host, &plan, &error);
	if (r >= 0)
		r = ration_findings_new(host, &findings, &error);
	if (r >= 0) {
		ration_host_info(host, &report.info);
		report.plan = plan;
		report.findings = findings;
		status = ration_findings_strict(findings) ? 0 : 1;
		r = print(options, &report, &error);
	}
	findings = ration_findings_free(findings);
	plan = ration_plan_free(plan);
	host = ration_host_free(host);
	if (r < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	return output_finish(options->command->name, status);
}

static const struct option_set options_doctor = {
	.title = "Output",
	.rows = (const struct option[]) {
		{ .flag = "--all", .letter = "-a", .set = option_set_true, .offset = offsetof(struct options, all),
			.help = "Show all limits, kernel features and findings" },
		{ .flag = NULL },
	},
};

const struct command cmd_doctor = {
	.name = "doctor",
	.arguments = "[--all | --json]",
	.help = "Check this machine and suggest a fix",
	.details =
		"Exit status: 0 if --enforce strict works for memory, cpus and pids; 1 if it "
		"doesn't; 125 if ration failed.",
	.sets = (const struct option_set *const[]) { &options_doctor, &options_json, NULL },
	.function = doctor_function,
};
