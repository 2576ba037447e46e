/* SPDX-License-Identifier: MIT */
/*
 * cmd-guard.c - ration guard: kill the group that stalls its tenant
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options/options.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/options/target.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "cli/say.h"
#include "util/buffer.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/parse.h"
#include "util/text.h"

#define FIELD(name) .offset = offsetof(struct options, name)

/* 60%/2s: a share of the time, and how long. */
static int set_pressure(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	const char *sign = strstr(value, "%/");
	CLEANUP(freep) char *share = strndup(value, sign ? (size_t)(sign - value) : 0);
	char shown[TEXT_SHOWN_MAX];
	uint64_t pct;

	if (!share)
		return error_oom(reterr);
	if (!sign || parse_count(share, &pct) < 0 || pct < 1 || pct > 100) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID,
				"%s %s: expected SHARE%%/TIME with a share of 1 to 100", row->flag,
				text_show(shown, sizeof(shown), value));
		return error_hint(reterr, -EINVAL, "e.g. %s 60%%/2s", row->flag);
	}
	options->guard_share_pct = (unsigned)pct;
	return ration_parse_duration(row->flag, sign + strlen("%/"), &options->guard_duration_usec, reterr);
}

static int set_avoid(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	(void)row;
	(void)reterr;
	/* The parser hands out words of argv, which are ours to keep. */
	options->avoid[options->n_avoid++] = (char *)(uintptr_t)value;
	return 0;
}

static const struct option_set guard_set = {
	.title = "Options",
	.rows = (const struct option[]) {
		{ .flag = "--pressure-kill", .argument = "SHARE%/TIME", .set = set_pressure,
			.help = "Stall that triggers a kill, e.g. 60%/2s" },
		{ .flag = "--avoid", .argument = "GROUP", .set = set_avoid, .repeats = true,
			.help = "Kill this group last (repeatable)" },
		{ .flag = "--dry-run", .set = option_set_true, FIELD(dry_run),
			.help = "Report, kill nothing" },
		{ .flag = "--once", .set = option_set_true, FIELD(once), .help = "Exit after the first report" },
		{ .flag = NULL },
	},
};

/* Which group was ended, and why: one line for people. */
static void put_words(struct buffer *text, const struct ration_guard_report *report)
{
	char memory[RATION_TEXT_MAX], stalled[RATION_TEXT_MAX], elapsed[RATION_TEXT_MAX], own[RATION_TEXT_MAX];

	buffer_printf(text, "%s: %s %" PRIu64 " process%s: stalled for %s of %s (memory.pressure); ", report->group,
			report->killed ? "killed" : "would kill", report->processes,
			report->processes == 1 ? "" : "es", ration_format_duration(stalled, report->stalled_usec),
			ration_format_duration(elapsed, report->elapsed_usec));
	if (report->scanned_pages > 0)
		buffer_printf(text, "most pages scanned of %" PRIu64 " group%s: %" PRIu64, report->candidates,
				report->candidates == 1 ? "" : "s", report->scanned_pages);
	else
		buffer_printf(text, "largest of %" PRIu64 " group%s", report->candidates,
				report->candidates == 1 ? "" : "s");
	buffer_printf(text, "; stalled itself for %s; %s in use%s%s\n",
			ration_format_duration(own, report->group_stalled_usec),
			ration_format_size(memory, report->memory_bytes),
			report->avoided ? "; no group without --avoid was left" : "",
			report->killed && !report->emptied ? "; some of them are still alive" : "");
}

/* NULL: there is no memory. */
static char *in_words(const struct ration_guard_report *report)
{
	struct buffer text = { .text = NULL };

	put_words(&text, report);
	return buffer_take(&text);
}

static int print(const struct options *options, const struct ration_guard_report *report,
		struct ration_error *reterr)
{
	CLEANUP(freep) char *text = options->json ? json_guard(report) : in_words(report);
	uint64_t wait_usec = SAY_WAIT_USEC;
	int r;

	if (!text)
		return error_oom(reterr);
	/* Guarding is more important than printing. */
	r = say_to(STDOUT_FILENO, text, strlen(text), &wait_usec);
	if (r == -ETIMEDOUT)
		say("ration guard: nobody reads standard output: a report was dropped\n");
	else if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't write: %s", error_text(r));
	return 0;
}

/* Until the tenant is gone, or once. */
static int watch(const struct options *options, struct ration_guard *guard, struct ration_error *reterr)
{
	struct pollfd poll_fd = { .fd = ration_guard_fd(guard), .events = POLLIN };

	for (;;) {
		struct ration_guard_report report = { .size = sizeof(report) };
		int r = ration_guard_next(guard, &report, reterr);

		if (r < 0)
			return r;
		if (r == 0) {
			(void)poll(&poll_fd, 1, -1);
			continue;
		}
		if (report.gone)
			return 0;
		r = print(options, &report, reterr);
		if (r < 0 || options->once)
			return r;
	}
}

static int guard_tenant(struct options *options, const char *address, struct ration_error *reterr)
{
	const struct ration_guard_options how = {
		.size = sizeof(how),
		.share_pct = options->guard_share_pct,
		.duration_usec = options->guard_duration_usec,
		.avoid = options->avoid,
		.dry_run = options->dry_run,
	};
	CLEANUP(target_done) struct target target = TARGET_NONE;
	struct ration_guard *guard = NULL;
	int r;

	if (options->guard_share_pct == 0) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "missing option: --pressure-kill");
		return error_hint(reterr, -EINVAL, "e.g. --pressure-kill 60%%/2s");
	}
	r = target_open(&target, options, address, reterr);
	if (r >= 0)
		r = ration_guard_open(target.group, &how, &guard, reterr);
	if (r >= 0)
		r = watch(options, guard, reterr);
	guard = ration_guard_free(guard);
	return r;
}

static int guard_function(struct options *options, char **operands)
{
	struct ration_error error;

	if (guard_tenant(options, operands[0], &error) < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	return output_finish(options->command->name, 0);
}

const struct command cmd_guard = {
	.name = "guard",
	.arguments = "--pressure-kill SHARE%/TIME [OPTIONS] TENANT",
	.help = "Kill the group that stalls its tenant",
	.details =
		"ration sleeps until the kernel reports a memory stall in the tenant. If the stall "
		"lasts, ration kills the stalled group with the most page scans and prints one "
		"line. It ends when the tenant is removed, or by a signal.\n"
		"\n"
		"Exit status: 0; 125 if ration failed.",
	.sets = (const struct option_set *const[]) { &guard_set, &options_json, NULL },
	.operand = "TENANT",
	.min_operands = 1,
	.max_operands = 1,
	.function = guard_function,
};
