/* SPDX-License-Identifier: MIT */
/*
 * handle.c - a run's handle: the calls of the interface
 */
#include "run/run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "group/shortage.h"
#include "host/prepare.h"
#include "run/start/admit.h"
#include "run/start/launch.h"
#include "run/start/make.h"
#include "sys/spawn/terminal.h"
#include "util/cleanup.h"
#include "util/ending.h"
#include "util/error.h"
#include "util/size.h"

/* Fds to pass on are checked first: what we open could get the number of one that is closed. */
static int read_options(const struct ration_run_options *given, struct ration_run_options *options, int ret_fds[3],
		struct ration_error *reterr)
{
	int r = TAKE_OPTIONS(struct ration_run_options, options, given, reterr);

	if (r < 0)
		return r;
	if (!options->argv || !options->argv[0])
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "missing COMMAND");
	if (options->signal < RATION_SIGNAL_NONE || options->signal >= NSIG)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%d isn't a signal", options->signal);
	r = error_check_enum("output_mode", (int)options->output_mode, RATION_OUTPUT_TRUNCATE, reterr);
	if (r < 0)
		return r;
	return command_check_fds(options->fds, options->pass_fds, options->n_pass_fds, ret_fds, reterr);
}

static int check_timeout(const struct ration_run_options *options, const struct ration_plan *plan,
		struct ration_error *reterr)
{
	const struct ration_plan_item *timeout = plan_find(plan, RATION_LIMIT_TIMEOUT);

	return timeout ? ending_check(timeout->asked_soft != RATION_UNLIMITED, options->signal, options->kill_after_usec, reterr) :
		0;
}

/* The command is looked up before anything is made: most that can't be executed fail here. */
static int start(struct ration_run *run, struct ration_error *reterr)
{
	const struct ration_run_options *options = &run->options;
	CLEANUP(command_done) struct command command = { .program = NULL };
	const struct ration_plan_item *timeout = plan_enforced(run->plan, RATION_LIMIT_TIMEOUT);
	struct command_request request = COMMAND_REQUEST(options, options->fds, &run->host->mask);
	int r;

	request.within_usec = timeout ? timeout->in_force : 0;
	r = command_prepare(&command, &request, reterr);

	/* Another user's command is looked up by a process of that user. */
	if (r == -EAGAIN)
		return shortage_fork_error(run->host, "start a command", r, reterr);
	if (r < 0)
		return r;
	r = loop_open(&run->loop);
	if (r < 0)
		return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "can't wait for events: %s", error_text(r));
	if (options->foreground)
		run->tty_fd = terminal_open();
	run->command = &command;
	r = launch_run(run, reterr);
	run->command = NULL;
	return r;
}

int ration_run_start(const struct ration_host *host, const struct ration_plan *plan,
		const struct ration_run_options *given, struct ration_run **ret_run, struct ration_error *reterr)
{
	const struct host_snapshot *snapshot;
	struct ration_run_options options;
	struct ration_run *run;
	int fds[3], r = read_options(given, &options, fds, reterr);

	if (r == 0)
		r = error_check_null("host", host, reterr);
	if (r == 0)
		r = error_check_null("plan", plan, reterr);
	if (r == 0)
		r = plan_check_purpose(plan, RATION_PURPOSE_RUN, reterr);
	if (r == 0)
		r = check_timeout(&options, plan, reterr);
	if (r == 0)
		r = host_need(host, RATION_PURPOSE_RUN, &snapshot, reterr);
	if (r < 0)
		return r;
	run = make_run(snapshot, plan, &options);
	if (!run)
		return error_oom(reterr);
	run->options.fds = fds;
	r = start(run, reterr);
	run->options.fds = NULL;
	run->options.admission = NULL;
	admit_done(options.admission);
	if (r < 0) {
		(void)ration_run_free(run);
		return r;
	}
	*ret_run = run;
	return 0;
}

/* Takes the terminal back, once no process of the run can read from it. */
static void take_terminal(struct ration_run *run)
{
	if (run->tty_fd >= 0)
		terminal_take_back(run->tty_fd, run->leader.pid);
	run->tty_fd = close_fd(run->tty_fd);
}

struct ration_run *ration_run_free(struct ration_run *run)
{
	if (run) {
		run->supervisor->release(run);
		take_terminal(run);
		free(run);
	}
	return NULL;
}

int ration_run_fd(const struct ration_run *run)
{
	return run->loop.fd;
}

int ration_run_pid(const struct ration_run *run)
{
	return (int)run->leader.pid;
}

int ration_run_pidfd(const struct ration_run *run, struct ration_error *reterr)
{
	int fd;

	if (run->leader.pid_fd < 0) {
		(void)error_set(reterr, -EOPNOTSUPP, RATION_CAUSE_KERNEL_TOO_OLD, "there is no pidfd of the command of %s",
				run->receipt.group);
		return error_hint(reterr, -EOPNOTSUPP, "watch ration_run_fd(): a subreaper supervises it, or the "
						       "kernel has no pidfds");
	}
	fd = fcntl(run->leader.pid_fd, F_DUPFD_CLOEXEC, 3);
	return fd >= 0 ? fd : error_set(reterr, -errno, RATION_CAUSE_UNKNOWN, "can't copy the pidfd of the command: %s",
			error_text(-errno));
}

bool ration_run_waiting(const struct ration_run *run, char buf[RATION_WAITING_MAX])
{
	(void)snprintf(buf, RATION_WAITING_MAX, "%s", run->over ? "" : run->waiting);
	return buf[0] != '\0';
}

const char *ration_run_address(const struct ration_run *run)
{
	return run->receipt.group;
}

int ration_run_dispatch(struct ration_run *run, struct ration_error *reterr)
{
	int r = run->supervisor->dispatch(run, reterr);

	if (r != 0)
		take_terminal(run);
	return r;
}

int ration_run_wait(struct ration_run *run, struct ration_error *reterr)
{
	for (;;) {
		int r = ration_run_dispatch(run, reterr);

		if (r != 0)
			return r < 0 ? r : 0;
		r = loop_sleep(&run->loop);
		if (r < 0)
			return error_set(reterr, r, RATION_CAUSE_UNKNOWN, "waiting was interrupted");
	}
}

static int check_signal(int sig, struct ration_error *reterr)
{
	if (sig <= 0 || sig >= NSIG)
		return error_set(reterr, -EINVAL, RATION_CAUSE_INVALID, "%d isn't a signal", sig);
	return 0;
}

int ration_run_signal(struct ration_run *run, int sig, struct ration_error *reterr)
{
	int r = check_signal(sig, reterr);

	return r < 0 ? r : run->supervisor->signal(run, sig, reterr);
}

int ration_run_interrupt(struct ration_run *run, int sig, bool delivered, struct ration_error *reterr)
{
	int r = check_signal(sig, reterr);

	return r < 0 ? r : run->supervisor->interrupt(run, sig, delivered, reterr);
}

const struct ration_receipt *ration_run_receipt(const struct ration_run *run)
{
	return run->over ? &run->receipt : NULL;
}
