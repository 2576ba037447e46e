/* SPDX-License-Identifier: MIT */
/*
 * make.c - a run's handle, before anything is started
 */
#include "run/start/make.h"

#include <signal.h>
#include <stdio.h>

#include "host/names.h"
#include "run/end.h"
#include "run/supervise.h"
#include "util/cleanup.h"

static void take_options(struct ration_run *run, const struct ration_run_options *options)
{
	run->options = *options;
	if (run->options.signal == 0)
		run->options.signal = SIGTERM;
	run->never_kill = options->kill_after_usec == RATION_UNLIMITED;
	if (options->kill_after_usec == 0)
		run->options.kill_after_usec = RATION_KILL_AFTER_USEC;
}

struct ration_run *make_run(const struct host_snapshot *host, const struct ration_plan *plan,
		const struct ration_run_options *options)
{
	struct ration_run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->host = host;
	run->plan = plan;
	run->supervisor = &supervisor_here;
	run->peer_fd = run->subreaper_fd = run->tty_fd = -EBADF;
	run->group = PLACE_NONE;
	run->loop = LOOP_NONE;
	leader_init(&run->leader, &run->loop);
	end_init(run);
	run->end.wait.exit_code = -1;
	run->end.preserve_status = options->preserve_status;
	run->end.cpu_by_watch = true;
	take_options(run, options);
	return run;
}

void make_names(struct ration_run *run)
{
	struct ration_receipt *receipt = &run->receipt;

	(void)snprintf(receipt->group, sizeof(receipt->group), "%s/%s", run->group.tenant, run->group.name);
	if (run->options.name)
		names_unique(receipt->id);
	else
		(void)snprintf(receipt->id, sizeof(receipt->id), "%.*s", NAMES_UNIQUE_MAX - 1, run->group.name);
}
