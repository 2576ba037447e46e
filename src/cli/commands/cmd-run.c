/* SPDX-License-Identifier: MIT */
/*
 * cmd-run.c - ration run: one command under limits
 *
 * The options, the receipt's file and the plan are checked first, before anything is
 * created. Then the command starts, ration waits for it and for signals, and at the
 * end it writes the receipt in any case.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/commands/options-run.h"
#include "cli/commands/progress.h"
#include "cli/commands/run-exec.h"
#include "cli/commands/wait.h"
#include "cli/inherited.h"
#include "cli/options/environment.h"
#include "cli/options/given.h"
#include "cli/options/options-plan.h"
#include "cli/options/options.h"
#include "cli/options/profile.h"
#include "cli/options/rows.h"
#include "cli/options/setters.h"
#include "cli/options/starting.h"
#include "cli/output/help.h"
#include "cli/output/json.h"
#include "cli/output/output.h"
#include "cli/output/summary.h"
#include "cli/output/verdict.h"
#include "cli/patience.h"
#include "cli/records/journal.h"
#include "cli/records/receipt-file.h"
#include "cli/records/recording.h"
#include "cli/say.h"
#include "cli/signals.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"

/* How soon to look again after a poll(2) that failed. */
#define POLL_AGAIN_MSEC 10

/* ---------------------------------------------------------------------- run */

/* All that one run holds. */
struct job {
	struct options *options;
	char **argv;
	char **envp;
	int signal_fd;
	struct receipt_file file;
	struct journal journal;
	struct recording recording;
	struct progress progress;
	struct ration_host *host;
	struct ration_plan *plan;
	struct ration_run *run;
	uint64_t waited_usec; /* for room in a budget */
	char doubt[RATION_WAITING_MAX]; /* why memory pressure wasn't known meanwhile */
	bool warned; /* about each limit with a weaker mechanism */
	char waiting[RATION_WAITING_MAX]; /* what was last told to be waited for */
};

static void job_done(struct job *job)
{
	patience_begin_for(job->options->command, "its helper processes to end");
	progress_end(&job->progress);
	recording_done(&job->recording);
	job->run = ration_run_free(job->run);
	job->plan = ration_plan_free(job->plan);
	job->host = ration_host_free(job->host);
	patience_end();
	receipt_file_done(&job->file);
	journal_done(&job->journal);
	job->signal_fd = close_fd(job->signal_fd);
	free(job->envp);
}

/* Of a receipt that is a pipe. */
static const char reader[] = "somebody to read the receipt";
static const char watcher[] = "somebody to read the recording";

static int open_receipt(struct job *job, struct ration_error *reterr)
{
	const struct command *command = job->options->command;
	int r;

	if (!job->options->receipt)
		return 0;
	patience_begin_for(command, reader);
	r = receipt_file_open(&job->file, job->options->receipt, reterr);
	patience_begin_for(command, command->waits);
	return r;
}

static int open_recording(struct job *job, struct ration_error *reterr)
{
	const struct command *command = job->options->command;
	int r;

	if (!job->options->record)
		return 0;
	job->recording.interval_usec = job->options->record_interval_usec;
	patience_begin_for(command, watcher);
	r = recording_file_open(&job->recording.file, "--record", job->options->record, reterr);
	patience_begin_for(command, command->waits);
	return r;
}

/* Everything that can be refused is checked before anything is created. */
static int prepare(struct job *job, struct ration_error *reterr)
{
	struct options *options = job->options;
	int r = options_run_check(options, reterr);

	if (r >= 0)
		r = options_host_ready(options, &job->host, reterr);
	if (r >= 0)
		r = options_plan_run(options, job->host, &job->plan, reterr);
	if (r >= 0)
		r = ration_plan_check(job->plan, reterr);
	if (r >= 0)
		r = environment_make(options, &job->envp, reterr);
	if (r >= 0)
		r = open_receipt(job, reterr);
	if (r >= 0)
		r = open_recording(job, reterr);
	if (r >= 0 && options->journal)
		r = journal_open(&job->journal, options->journal, reterr);
	return r;
}

/* While it waits, signals end this process: it has nothing to clean up yet. */
static int take_turn(struct job *job, struct ration_run_options *how, struct ration_error *reterr)
{
	const struct options *options = job->options;
	uint64_t begun_usec = clock_usec(CLOCK_MONOTONIC);
	int r = wait_for_room(options, job->host, job->plan, options_tenant(options), &how->admission, reterr);

	job->waited_usec = clock_usec(CLOCK_MONOTONIC) - begun_usec;
	if (r >= 0 && how->admission)
		(void)snprintf(job->doubt, sizeof(job->doubt), "%s", ration_admission_doubt(how->admission));
	return r;
}

static int start(struct job *job, struct ration_error *reterr)
{
	const struct options *options = job->options;
	struct ration_run_options how = {
		.size = sizeof(how),
		.argv = job->argv,
		.envp = job->envp,
		.user = options->user,
		.new_privileges = options->new_privileges,
		.tenant = options->tenant,
		.name = options->name,
		.signal = options->signal,
		.kill_after_usec = options->kill_after_usec,
		.wait_all = options->wait_all,
		.foreground = options->foreground,
		.no_oom_group = options->no_oom_group,
		.preserve_status = options->preserve_status,
		.descent = true,
		.no_figures = !options->receipt && !options->journal && !options->verbose && !options->record,
		.output_mode = (enum ration_output_mode)options->output_mode,
	};
	int r;

	STARTING_SET(&how, options);
	/* Whatever the file has afterwards is this run's, or nothing: even if ration is killed while it waits. */
	r = receipt_file_begin(&job->file, reterr);
	if (r >= 0)
		r = take_turn(job, &how, reterr);
	if (r >= 0)
		r = signals_open(&job->signal_fd, reterr);
	if (r >= 0 && options->record)
		r = recording_begin(&job->recording, &(struct recording_subject) { .argv = job->argv }, reterr);
	if (r >= 0)
		r = ration_run_start(job->host, job->plan, &how, &job->run, reterr);
	how.admission = ration_admission_free(how.admission);
	if (r < 0 && reterr->cause == RATION_CAUSE_BAD_NAME && job->options->group)
		given_as(reterr, "--group");
	return r;
}

/*
 * The command runs already or has run. If it can't be recorded, a message says so, and its last metrics are
 * recorded all the same.
 */
static void begin_to_watch(struct job *job)
{
	struct ration_host_info info = { .size = sizeof(info) };
	struct ration_error error = { .message = "" };
	int r;

	if (!job->options->record)
		return;
	ration_host_info(job->host, &info);
	r = recording_watch(&job->recording, job->host, ration_run_address(job->run), &error);
	if (job->options->quiet || (r >= 0 && info.base[0]) || r == -ENOENT)
		return;
	say("ration: --record has the last figures only: %s\n", r < 0 ? error.message : "there is no cgroup");
}

/* Reports what hangs once, and again only if that changes. */
static void tell_waiting(struct job *job)
{
	char now[RATION_WAITING_MAX];

	if (!ration_run_waiting(job->run, now) || strcmp(now, job->waiting) == 0 || job->options->quiet)
		return;
	(void)strcpy(job->waiting, now);
	say("ration: killed, and still waiting for %s\n"
	    "  hint: a second signal to ration gives up, and leaves it to the keeper\n", now);
}

/* Updates the recording and the progress line. Returns how long to wait before the next time; -1: for ever. */
static int watch(struct job *job)
{
	uint64_t now_usec, due_usec;

	if (!job->recording.sampler && !job->progress.wanted)
		return -1;
	now_usec = clock_usec(CLOCK_MONOTONIC);
	if (job->recording.sampler)
		recording_look(&job->recording, now_usec);
	progress_look(&job->progress, now_usec);
	due_usec = progress_due_usec(&job->progress);
	if (due_usec > recording_due_usec(&job->recording))
		due_usec = recording_due_usec(&job->recording);
	return recording_wait_msec(due_usec, now_usec);
}

static void give_terminal(void *data)
{
	progress_pause(data);
}

static int supervise(struct job *job, struct ration_error *reterr)
{
	struct pollfd fds[] = {
		{ .fd = ration_run_fd(job->run), .events = POLLIN },
		{ .fd = job->signal_fd, .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};
	int r;

	begin_to_watch(job);
	if (job->options->progress)
		progress_begin(&job->progress, job->host, job->plan, ration_run_address(job->run), job->options->foreground);
	signals_before_stop(give_terminal, &job->progress);
	for (;;) {
		int wait_msec = watch(job);

		/* Events of the group may not be available any longer. */
		fds[2].fd = recording_fd(&job->recording);
		/* A lack of memory for a moment only delays this. */
		if (poll(fds, ARRAY_SIZE(fds), wait_msec) < 0 && errno != EINTR)
			(void)poll(NULL, 0, POLL_AGAIN_MSEC);
		/*
		 * Signals first: Ctrl-C signals both us and the command. When the
		 * command's end can be seen, our signal is already pending: the kernel
		 * signals the whole process group before any of it may exit.
		 */
		if (signals_handle(job->signal_fd, job->run, reterr) < 0)
			output_error(job->options->command->name, reterr);
		r = ration_run_dispatch(job->run, reterr);
		if (r != 0)
			return r;
		tell_waiting(job);
	}
}

/* ------------------------------------------------------------------- report */

static char *receipt_text(const struct job *job, const struct ration_receipt *receipt, bool line)
{
	return json_receipt(receipt, &(struct json_run) { .plan = job->plan, .argv = job->argv,
		.profile = job->options->profile_file, .line = line, .waited = job->options->wait_usec > 0,
		.waited_usec = job->waited_usec, .doubt = job->doubt });
}

static int write_receipt(struct job *job, const struct ration_receipt *receipt, struct ration_error *reterr)
{
	CLEANUP(freep) char *text = NULL;
	int r;

	if (!job->options->receipt)
		return 0;
	text = receipt_text(job, receipt, false);
	if (!text)
		return error_oom(reterr);
	patience_begin_for(job->options->command, reader);
	r = receipt_file_write(&job->file, text, reterr);
	patience_end();
	return r;
}

static int add_to_journal(struct job *job, const struct ration_receipt *receipt, struct ration_error *reterr)
{
	CLEANUP(freep) char *line = NULL;

	if (!job->options->journal)
		return 0;
	line = receipt_text(job, receipt, true);
	return line ? journal_add(&job->journal, line, reterr) : error_oom(reterr);
}

/* With what was read after the end, in the receipt as here. */
static int end_recording(struct job *job, const struct ration_receipt *receipt, struct ration_error *reterr)
{
	CLEANUP(freep) char *line = NULL;
	int r;

	if (!job->options->record || job->recording.n_metrics == 0)
		return 0;
	line = receipt_text(job, receipt, true);
	if (!line)
		return error_oom(reterr);
	recording_take_receipt(&job->recording, receipt, clock_usec(CLOCK_MONOTONIC));
	patience_begin_for(job->options->command, watcher);
	r = recording_end(&job->recording, "run-ended", line, reterr);
	patience_end();
	if (r >= 0 && job->recording.file.dropped > 0 && !job->options->quiet)
		say("ration: --record %s: lines that couldn't be written: %" PRIu64 "\n", job->options->record,
				job->recording.file.dropped);
	return r;
}

/* What isn't there must not be taken for success; but a command that didn't run has no other status. */
static int without_receipt(const struct job *job, enum ration_verdict verdict, int exit_code,
		const struct ration_error *error)
{
	output_error(job->options->command->name, error);
	return verdict == RATION_VERDICT_NOT_STARTED || verdict == RATION_VERDICT_INTERNAL ? exit_code : EXIT_NO_RECEIPT;
}

struct table {
	const struct job *job;
	const struct ration_receipt *receipt;
};

static void print_table(FILE *file, const void *data)
{
	const struct table *table = data;

	summary_print(file, table->receipt, table->job->plan, table->job->options->profile_file, !table->job->warned);
}

/* In one piece: standard error isn't ours alone. */
static void print_receipt(const struct job *job, const struct ration_receipt *receipt)
{
	say_printed(print_table, &(struct table) { job, receipt });
}

/* Reports how the run ended. Returns the exit status. */
static int report(struct job *job, const struct ration_receipt *receipt)
{
	enum ration_verdict verdict = ration_receipt_verdict(receipt);
	int exit_code = ration_receipt_exit_code(receipt);
	char sentence[VERDICT_SENTENCE_MAX];
	struct ration_error error;

	if (write_receipt(job, receipt, &error) < 0)
		exit_code = without_receipt(job, verdict, exit_code, &error);
	if (add_to_journal(job, receipt, &error) < 0)
		exit_code = without_receipt(job, verdict, exit_code, &error);
	if (end_recording(job, receipt, &error) < 0)
		exit_code = without_receipt(job, verdict, exit_code, &error);
	/* A failure of ration itself isn't about the command's end, so --quiet doesn't hide it. */
	if (job->options->verbose)
		print_receipt(job, receipt);
	else if ((!job->options->quiet || verdict == RATION_VERDICT_INTERNAL) &&
			verdict_sentence(sentence, receipt, job->plan)[0])
		say("ration: %s\n", sentence);
	return exit_code;
}

/* Nothing ran, or we lost track of it: reports that, with a receipt that says no more. */
static int report_failure(struct job *job, const struct ration_error *error)
{
	struct ration_receipt *receipt = NULL;
	int exit_code = EXIT_RATION;

	output_error(NULL, error);
	if (ration_receipt_new_failed(job->run, error, &receipt) < 0)
		return exit_code;
	exit_code = report(job, receipt);
	receipt = ration_receipt_free(receipt);
	return exit_code;
}

/* A limit's warning may tell it, too; but there may be no limit. */
static void warn_of_base(const struct ration_host *host)
{
	struct ration_host_info info = { .size = sizeof(info) };

	ration_host_info(host, &info);
	if (info.base_kind == RATION_BASE_REFUSED)
		say("ration: can't create a group below %s: %s\n", given_name("--base"), info.base_reason);
}

static int run(struct job *job)
{
	const struct attributes ours = inherited_own();
	struct ration_error error = { .code = 0 };
	int r = prepare(job, &error);

	if (r >= 0)
		r = start(job, &error);
	patience_end();
	if (r < 0 && error.cause == RATION_CAUSE_COMMAND)
		return report_failure(job, &error);
	if (r < 0) {
		output_error(job->options->command->name, &error);
		return command_failed(&error);
	}
	/* Not earlier: if the run was refused, there is only the message of the refusal. */
	job->warned = !job->options->quiet;
	if (job->warned) {
		inherited_tell(&ours);
		warn_of_base(job->host);
		output_warnings(job->plan);
	}
	r = supervise(job, &error);
	progress_end(&job->progress);
	if (r < 0)
		return report_failure(job, &error);
	return report(job, ration_run_receipt(job->run));
}

static int run_function(struct options *options, char **operands)
{
	struct job job = {
		.options = options,
		.argv = operands,
		.signal_fd = -EBADF,
		.file = RECEIPT_FILE_NONE,
		.journal = JOURNAL_NONE,
		.recording = RECORDING_NONE,
		.progress = PROGRESS_NONE,
	};
	struct ration_error error = { .code = 0 };
	int status;

	if (!operands[0]) {
		help_missing(options->command, "COMMAND", "ration run --memory 64M -- make");
		return EXIT_RATION;
	}
	if (options_run_take(options, &error) < 0 || starting_check(options, &error) < 0) {
		output_error(options->command->name, &error);
		return EXIT_RATION;
	}
	if (options->exec)
		return run_exec(options, operands);
	status = run(&job);
	job_done(&job);
	return status;
}

const struct command cmd_run = {
	.name = "run",
	.arguments = "[LIMITS] [OPTIONS] [--] COMMAND [ARGUMENT...]",
	.help = "Run a command under resource limits",
	.waits = "the command to start",
	.details =
		"The command and all its descendants run in one group and share its limits. The run "
		"ends when the command exits, when a limit ends it, or when ration is terminated. "
		"All remaining processes are then killed.\n"
		"\n"
		"Exit status: the command's own; 128+N if signal N ended it (137 after an OOM "
		"kill); 122 if a budget is full now; 123 if it ran and its receipt couldn't be written; "
		"124 if its time was up; 125 if ration failed, and the command didn't run or was killed; "
		"126 if the command can't be executed; 127 if it wasn't found.",
	.limits = true,
	.sets = (const struct option_set *const[]) { &options_profile, &options_enforce, &options_run_set, &options_start,
		&options_environment, &options_user,
		&options_run_end, &options_room, &options_oom, &options_vm, &options_run_report, NULL },
	.common = (const char *const[]) { "--memory", "--cpus", "--pids", "--timeout", "--cpu-time", "--profile",
		"--enforce", "--receipt", "--verbose", "--quiet", "--tenant", "--name", "--vm", "--guest-memory", NULL },
	.operand = "COMMAND",
	.foreign = true,
	.function = run_function,
};
