/* SPDX-License-Identifier: MIT */
/*
 * options-run.c - the options that ration run has for itself
 */
#include "cli/commands/options-run.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cli/options/setters.h"
#include "cli/records/recording.h"
#include "util/ending.h"
#include "util/error.h"
#include "util/text.h"

static int set_signal(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	if (strcasecmp(value, "none") != 0)
		return option_set_signal(options, row, value, reterr);
	options->signal = RATION_SIGNAL_NONE;
	return 0;
}

/* The library does so as well, but not before an earlier receipt is gone. */
int options_run_check(const struct options *options, struct ration_error *reterr)
{
	uint64_t soft = RATION_UNLIMITED, hard;

	if (ration_limits_get(options->limits, RATION_LIMIT_TIMEOUT, &soft, &hard) < 0)
		return 0;
	return ending_check(soft != RATION_UNLIMITED, options->signal, options->kill_after_usec, reterr);
}

static int set_group(struct options *options, const struct option *row, const char *value,
		struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX];
	const char *slash = strchr(value, '/');

	if (!slash || slash == value || !slash[1] || strchr(slash + 1, '/')) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_BAD_NAME, "%s %s: expected TENANT/NAME",
				row->flag, text_show(shown, sizeof(shown), value));
		return error_hint(reterr, -EINVAL, "e.g. %s acme/vm7; use --tenant acme for a unique name",
				row->flag);
	}
	options->group = value;
	return 0;
}

/* TENANT/NAME is split where it stands, as the parser hands out words of argv. */
static int take_group(struct options *options, struct ration_error *reterr)
{
	char shown[TEXT_SHOWN_MAX], group[TEXT_SHOWN_MAX];
	char *slash;

	if (!options->group)
		return 0;
	if (options->tenant || options->name) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "--group %s and %s %s exclude each other",
				text_show(group, sizeof(group), options->group),
				options->tenant ? "--tenant" : "--name",
				text_show(shown, sizeof(shown), options->tenant ? options->tenant : options->name));
		return error_hint(reterr, -EINVAL, "--group is short for --tenant and --name: leave one of them out");
	}
	slash = strchr((char *)(uintptr_t)options->group, '/');
	*slash = '\0';
	options->tenant = options->group;
	options->name = slash + 1;
	return 0;
}

/*
 * FILE:INTERVAL is split, too. A name can have a colon as well: what begins with a digit is meant to be an interval,
 * but for that of fd:3.
 */
static int take_record(struct options *options, struct ration_error *reterr)
{
	char *colon = options->record ? strrchr(options->record, ':') : NULL, shown[TEXT_SHOWN_MAX];
	int r;

	options->record_interval_usec = RECORDING_INTERVAL_USEC;
	if (!colon || colon[1] < '0' || colon[1] > '9' ||
			(strncmp(options->record, "fd:", strlen("fd:")) == 0 && strchr(options->record, ':') == colon))
		return 0;
	r = ration_parse_duration("--record", colon + 1, &options->record_interval_usec, reterr);
	if (r >= 0)
		r = recording_check_interval("--record", options->record_interval_usec, reterr);
	if (r < 0)
		return error_hint(reterr, r, "e.g. --record %.60s:100ms; after a name with a colon, too",
				text_show(shown, sizeof(shown), options->record));
	*colon = '\0';
	return 0;
}

int options_run_take(struct options *options, struct ration_error *reterr)
{
	int r = take_group(options, reterr);

	return r < 0 ? r : take_record(options, reterr);
}

#define FIELD(name) .offset = offsetof(struct options, name)

const struct option_set options_run_set = {
	.title = "Running the command",
	.rows = (const struct option[]) {
		{ .flag = "--tenant", .argument = "NAME", .set = option_set_text, FIELD(tenant),
			.help = "Tenant of the run; default: default" },
		{ .flag = "--name", .argument = "NAME", .set = option_set_text, FIELD(name),
			.help = "Name of the group; default: a unique name" },
		{ .flag = "--group", .argument = "TENANT/NAME", .set = set_group,
			.help = "Short for --tenant TENANT --name NAME" },
		{ .flag = "--exec", .set = option_set_true, FIELD(exec),
			.help = "Execute the command without a supervisor" },
		{ .flag = "--foreground", .set = option_set_true, FIELD(foreground),
			.help = "Hand the terminal over to the command" },
		{ .flag = "--wait-all", .set = option_set_true, FIELD(wait_all),
			.help = "Wait for all processes instead of killing them" },
		{ .flag = NULL },
	},
};

const struct option_set options_run_end = {
	.title = "Ending the command",
	.rows = (const struct option[]) {
		{ .flag = "--signal", .letter = "-s", .argument = "SIGNAL", .set = set_signal, FIELD(signal),
			.help = "Signal sent at the time limit; default: TERM" },
		{ .flag = "--kill-after", .letter = "-k", .argument = "DURATION", .set = option_set_duration,
			FIELD(kill_after_usec),
			.help = "Delay before SIGKILL; 0: never; default: 300ms" },
		{ .flag = "--output-mode", .set = option_set_word, FIELD(output_mode),
			.help = "Action at --output-limit; default: kill",
			.words = (const struct option_word[]) {
				{ "kill", RATION_OUTPUT_KILL },
				{ "truncate", RATION_OUTPUT_TRUNCATE },
				{ NULL, 0 },
			} },
		{ .flag = "--preserve-status", .set = option_set_true, FIELD(preserve_status),
			.help = "Keep the command's exit status at timeouts" },
		{ .flag = NULL },
	},
};

const struct option_set options_run_report = {
	.title = "Output",
	.rows = (const struct option[]) {
		{ .flag = "--receipt", .argument = "FILE|fd:N", .set = option_set_text, FIELD(receipt),
			.help = "Write a receipt in JSON" },
		{ .flag = "--journal", .argument = "FILE", .set = option_set_text, FIELD(journal),
			.help = "Add the receipt to FILE as one line" },
		{ .flag = "--record", .argument = "FILE[:INTERVAL]", .set = option_set_text, FIELD(record),
			.help = "Record usage over time; default: each 100ms" },
		{ .flag = "--progress", .set = option_set_true, FIELD(progress),
			.help = "Show progress on a terminal" },
		{ .flag = "--verbose", .letter = "-v", .set = option_set_true, FIELD(verbose),
			.help = "Print the receipt to standard error" },
		{ .flag = "--quiet", .letter = "-q", .set = option_set_true, FIELD(quiet),
			.help = "Print no warnings and no verdict" },
		{ .flag = NULL },
	},
};
