/* SPDX-License-Identifier: MIT */
/*
 * cmd-record.c - ration record: record a group's figures over time
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/options/setters.h"
#include "cli/options/target.h"
#include "cli/output/output.h"
#include "cli/records/recording-dump.h"
#include "cli/records/recording.h"
#include "cli/say.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/compat.h"
#include "util/error.h"
#include "util/text.h"

#define FIELD(name) .offset = offsetof(struct options, name)

static const struct option_set record_set = {
	.title = "Options",
	.rows = (const struct option[]) {
		{ .flag = "--output", .letter = "-o", .argument = "FILE|fd:N", .set = option_set_text, FIELD(record),
			.help = "Write there; default: standard output" },
		{ .flag = "--interval", .argument = "DURATION", .set = option_set_duration, FIELD(interval_usec),
			.help = "Time between samples; default: 100ms" },
		{ .flag = "--for", .argument = "DURATION", .set = option_set_duration, FIELD(record_for_usec),
			.help = "End after this time" },
		{ .flag = "--dump", .set = option_set_word, FIELD(dump),
			.help = "Print a recording instead of making one",
			.words = (const struct option_word[]) {
				{ "csv", RECORDING_DUMP_CSV },
				{ "json", RECORDING_DUMP_JSON },
				{ NULL, 0 },
			} },
		{ .flag = NULL },
	},
};

/* ------------------------------------------------------------------- signals */

static volatile sig_atomic_t ended_by;

static void on_signal(int sig)
{
	ended_by = sig;
}

/* They are let in by ppoll(2) alone: none comes between a look and a sleep. */
static void block_signals(sigset_t *ret_open)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	const struct sigaction end = { .sa_handler = on_signal };
	sigset_t set;

	(void)sigemptyset(&set);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (signal_is_ignored(ends[i]))
			continue;
		(void)sigaddset(&set, ends[i]);
		(void)sigaction(ends[i], &end, NULL);
	}
	(void)sigprocmask(SIG_BLOCK, &set, ret_open);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		(void)sigdelset(ret_open, ends[i]);
}

/* -------------------------------------------------------------------- record */

/* Sleeps until something happens or the next sample is due. */
static void sleep_until(const struct recording *recording, uint64_t usec, const sigset_t *open)
{
	struct pollfd fd = { .fd = recording_fd(recording), .events = POLLIN };
	uint64_t due_usec = recording_due_usec(recording), now_usec = clock_usec(CLOCK_MONOTONIC), left;
	struct timespec rest;

	due_usec = due_usec < usec ? due_usec : usec;
	left = due_usec > now_usec ? due_usec - now_usec : 0;
	rest = (struct timespec) { .tv_sec = (time_t)(left / 1000000), .tv_nsec = (long)(left % 1000000) * 1000 };
	(void)ppoll(&fd, 1, &rest, open);
}

/* Returns why it ended. */
static const char *record_until(struct recording *recording, uint64_t until_usec, const sigset_t *open)
{
	for (;;) {
		uint64_t now_usec = clock_usec(CLOCK_MONOTONIC);

		recording_look(recording, now_usec);
		if (recording->gone)
			return "group-gone";
		if (ended_by || now_usec >= until_usec) {
			recording_sample(recording, now_usec);
			return ended_by ? "signal" : "time";
		}
		sleep_until(recording, until_usec, open);
	}
}

static int refuse_groupless(const struct target *target, struct ration_error *reterr)
{
	const char *reason = ration_group_reason(target->group);

	(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_NOT_ENFORCEABLE, "%s has no cgroup to be recorded%s%.150s",
			ration_group_address(target->group), reason && reason[0] ? ": " : "", reason ? reason : "");
	return error_hint(reterr, -EOPNOTSUPP, "ration doctor says what is missing here");
}

static int record(struct options *options, struct recording *recording, const char *address, struct ration_error *reterr)
{
	CLEANUP(target_done) struct target target = TARGET_NONE;
	const struct recording_subject subject = { .address = address };
	const char *file = options->record && strcmp(options->record, "-") != 0 ? options->record : "fd:1", *reason;
	uint64_t until_usec = RECORDING_NEVER;
	sigset_t open;
	int r = target_open(&target, options, address, reterr);

	if (r >= 0)
		r = recording_watch(recording, target.host, address, reterr);
	if (r >= 0 && !recording->sampler)
		r = refuse_groupless(&target, reterr);
	if (r >= 0)
		r = recording_file_open(&recording->file, "--output", file, reterr);
	block_signals(&open);
	if (r >= 0)
		r = recording_begin(recording, &subject, reterr);
	if (r >= 0) {
		if (options->record_for_usec > 0 && options->record_for_usec < RECORDING_NEVER - recording->begun_usec)
			until_usec = recording->begun_usec + options->record_for_usec;
		reason = record_until(recording, until_usec, &open);
		r = recording_end(recording, reason, NULL, reterr);
	}
	recording_done(recording);
	return r;
}

static int check(struct options *options, struct ration_error *reterr)
{
	if (options->dump != RECORDING_DUMP_NONE && (options->record || options->interval_usec || options->record_for_usec)) {
		(void)error_set(reterr, -EINVAL, RATION_CAUSE_CONTRADICTION, "--dump and %s exclude each other",
				options->record ? "--output" : options->interval_usec ? "--interval" : "--for");
		return error_hint(reterr, -EINVAL, "--dump reads a recording: ration record --dump csv FILE");
	}
	if (options->interval_usec == 0)
		options->interval_usec = RECORDING_INTERVAL_USEC;
	return recording_check_interval("--interval", options->interval_usec, reterr);
}

static int dump(struct options *options, const char *path, struct ration_error *reterr)
{
	struct receipts_report report = { .valid = 0 };
	char shown[TEXT_SHOWN_MAX];
	int r = recording_dump(path, (enum recording_dump)options->dump, &report, reterr);

	if (r < 0)
		return r;
	if (report.torn)
		say("ration record: %s: the last line is cut off, and left out\n", text_show(shown, sizeof(shown), path));
	if (report.invalid > 0)
		say("ration record: left out: %zu of %zu lines\n", report.invalid, report.invalid + report.valid);
	return report.invalid > 0;
}

static int record_function(struct options *options, char **operands)
{
	CLEANUP(recording_done) struct recording recording = RECORDING_NONE;
	struct ration_error error;
	int r = check(options, &error);

	recording.interval_usec = options->interval_usec;
	if (r >= 0 && options->dump != RECORDING_DUMP_NONE)
		r = dump(options, operands[0], &error);
	else if (r >= 0)
		r = record(options, &recording, operands[0], &error);
	if (r < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	return output_finish(options->command->name, r);
}

const struct command cmd_record = {
	.name = "record",
	.arguments = "[OPTIONS] GROUP | --dump csv|json FILE",
	.help = "Record a group's usage over time",
	.details =
		"Samples all figures of a tenant or group, and notes what happens to it: throttling, OOM "
		"kills, changed limits, processes that come and go. Each line is a JSON object. It ends when "
		"the group is removed, after --for, or by a signal. `ration run --record` records a run from "
		"its start to its last figures.\n"
		"\n"
		"Exit status: 0; 1 if --dump left out a line; 125 if ration failed.",
	.sets = (const struct option_set *const[]) { &record_set, NULL },
	.operand = "GROUP",
	.min_operands = 1,
	.max_operands = 1,
	.function = record_function,
};
